/**
 * Routers before the fault must not look lossy: a table that shows them so accuses the wrong one. Every table of the report counts, before, during and after the
 * fault and those made for other nodes, as JSON has them for each trace and as the text adds them up.
 */
import type { Report, ReportHop } from "../../../src/report/report.ts";
import type { Lab } from "../lab.ts";
import { namesOf } from "./compare.ts";
import type { Expected } from "./fault.ts";

/** Lines about a hop before the fault; `limited` show a loss and say that it is the router's own limit, `lossy` show one and do not. */
export interface HopLines {
  readonly lines: number;
  readonly limited: number;
  readonly lossy: number;
}

interface Line {
  readonly address: string;
  readonly lossPct: number;
  readonly note: string;
}

const NOT_THE_PATHS = /answers limited by the router|silent/;
/** "  3.|-- 10.1.0.10    8.3%    12    11    1.0   0.9   1.2   note". */
const TEXT_LINE = /^ +\d+\.\|-- (?:.* \()?([\da-f.:]+)\)? +([\d.]+)% +[1-9]\d* .*?(?: {3}(\S.*))?$/;

export function hopLinesBefore(
  rendered: { readonly report: Report; readonly text: string },
  about: { readonly expected: Expected; readonly lab: Lab; readonly observer: string },
): HopLines {
  const { expected, lab, observer } = about;
  const last = expected.kind === "verdict" ? (expected.hop?.after ?? null) : null;
  if (last === null) return { lines: 0, limited: 0, lossy: 0 };
  const names = namesOf(lab);
  const before = new Set(pathTo(last, lab, observer));
  const lines = [...inJson(rendered.report), ...inText(rendered.text)].filter(({ address }) => before.has(names.get(address) ?? ""));
  const losing = lines.filter(({ lossPct }) => lossPct > 0);
  const limited = losing.filter(({ note }) => NOT_THE_PATHS.test(note)).length;
  return { lines: lines.length, limited, lossy: losing.length - limited };
}

function inJson({ incidents, remote_captures: remote }: Report): Line[] {
  const hops: readonly ReportHop[] = [...incidents.flatMap(({ captures }) => captures), ...remote].flatMap((capture) => capture.hops);
  return hops.flatMap(({ address, sent, loss_pct, note }) =>
    address === null || sent === 0 ? [] : [{ address, lossPct: loss_pct ?? 0, note: note ?? "" }],
  );
}

function inText(text: string): Line[] {
  return text.split("\n").flatMap((line) => {
    const match = TEXT_LINE.exec(line);
    if (match === null) return [];
    const [, address = "", lossPct = "", note = ""] = match;
    return [{ address, lossPct: Number(lossPct), note }];
  });
}

/** Machines from the first hop to this one. */
function pathTo(machine: string, lab: Lab, observer: string): string[] {
  const names = namesOf(lab);
  return lab.hopAddresses(observer, machine).map((address) => names.get(address) ?? "");
}

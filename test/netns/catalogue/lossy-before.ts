/** Routers before the fault must not look lossy: a table that shows them so accuses the wrong one. */
import type { Report } from "../../../src/report/report.ts";
import type { Lab } from "../lab.ts";
import { namesOf } from "./compare.ts";
import type { Expected } from "./fault.ts";

/** Lines of the tables made during the fault that are about a hop before it; `lossy` of them show a loss and do not say that it means nothing. */
export interface HopLines {
  readonly lines: number;
  readonly lossy: number;
}

export function hopLinesBefore(report: Report, about: { readonly expected: Expected; readonly lab: Lab; readonly observer: string }): HopLines {
  const { expected, lab, observer } = about;
  const last = expected.kind === "verdict" ? (expected.hop?.after ?? null) : null;
  if (last === null) return { lines: 0, lossy: 0 };
  const names = namesOf(lab);
  const hops = report.incidents.flatMap(({ captures }) => captures.filter(({ phase }) => phase === "during").flatMap((capture) => capture.hops));
  const before = new Set(pathTo(last, lab, observer));
  const theirs = hops.filter(({ address, sent }) => address !== null && sent > 0 && before.has(names.get(address) ?? ""));
  return { lines: theirs.length, lossy: theirs.filter(({ loss_pct, note }) => (loss_pct ?? 0) > 0 && note === null).length };
}

/** Machines from the first hop to this one. */
function pathTo(machine: string, lab: Lab, observer: string): string[] {
  const names = namesOf(lab);
  return lab.hopAddresses(observer, machine).map((address) => names.get(address) ?? "");
}

/**
 * Hop tables to the column as `mtr --report-wide -n` (0.95) prints them: the layout that every NOC reads, and scripts cut at. What a loss means stands below the
 * table, never in it. Its head is two columns to the left of its figures; so is mtr's.
 */
import type { Hop } from "../../path/hop.ts";
import { mtrFigures } from "../../path/mtr-figures.ts";
import { escapeForTerminal } from "../escape.ts";
import { padEnd, textWidth } from "../width.ts";

export interface HopRow {
  readonly ttl: number;
  readonly address: string | null;
  /** From reverse DNS; null for none, and while not known. */
  readonly name: string | null;
  /** Other addresses that answered with this TTL. */
  readonly others: readonly string[];
  readonly mpls: readonly string[];
  readonly loss_pct: number;
  readonly sent: number;
  readonly received: number;
  /** Milliseconds, 0 where nothing answered, as in mtr. Null where single round trips were not kept. */
  readonly last: number | null;
  readonly avg: number;
  readonly best: number;
  readonly worst: number;
  readonly stdev: number | null;
  readonly note: string | null;
}

const FIELD_WIDTH = 6;
const TITLES = ["Loss%", "Snt", "Last", "Avg", "Best", "Wrst", "StDev"] as const;

/** Of a name in a table; the address behind it is never cut. */
const MAX_NAME = 48;

/** A TTL that nothing was sent with has no line: mtr -f has none either. */
export function hopRows(hops: readonly Hop[], names: ReadonlyMap<string, string> = new Map()): HopRow[] {
  return hops
    .filter((hop) => hop.sent > 0)
    .map((hop) => {
      const { lossPct, sent, received, last, avg, best, worst, stdev } = mtrFigures(hop);
      const others = hop.addresses.filter((address) => address !== hop.address);
      const { ttl, address, mpls, note } = hop;
      const name = address === null ? null : (names.get(address) ?? null);
      return { ttl, address, name, others, mpls, loss_pct: lossPct, sent, received, last, avg, best, worst, stdev, note };
    });
}

/** With what routers sent made harmless for a line of text. */
export function escapedRows(rows: readonly HopRow[]): HopRow[] {
  return rows.map((row) => ({
    ...row,
    address: row.address === null ? null : escapeForTerminal(row.address),
    name: row.name === null ? null : escapeForTerminal(row.name.length > MAX_NAME ? `${row.name.slice(0, MAX_NAME - 1)}…` : row.name),
    others: row.others.map(escapeForTerminal),
    mpls: row.mpls.map(escapeForTerminal),
  }));
}

/** `host` is the machine that traced. Texts are escaped already, one line each. */
export function mtrLines(rows: readonly HopRow[], host: string): string[] {
  const names = rows.map(hostText);
  const width = Math.max(textWidth(host), ...names.map(textWidth));
  const head = `HOST: ${padEnd(host, width)}${TITLES.map((title, index) => (index === 2 ? " " : "") + title.padStart(FIELD_WIDTH)).join("")}`;
  return [
    head,
    ...rows.flatMap((row, index) => [
      `${String(row.ttl).padStart(3)}.|-- ${padEnd(names[index] ?? "", width)}${figures(row)}`,
      ...row.mpls.map((label) => `       [MPLS: ${label}]`),
      ...row.others.map((other) => `        ${other}`),
    ]),
  ];
}

/** With its name in front, as in `mtr -b`. */
function hostText({ address, name }: HopRow): string {
  if (address === null) return "???";
  return name === null ? address : `${name} (${address})`;
}

function figures({ loss_pct: loss, sent, ...row }: HopRow): string {
  const ms = (value: number | null): string => ` ${value === null ? "-" : value.toFixed(1)}`.padStart(FIELD_WIDTH);
  // "100.0%" is a character too wide for its field, and mtr lets the next one write over the end of it.
  const percent = ` ${`${loss.toFixed(1)}%`.padStart(FIELD_WIDTH - 1)}`.slice(0, FIELD_WIDTH);
  return `${percent}${String(sent).padStart(FIELD_WIDTH)} ${[row.last, row.avg, row.best, row.worst, row.stdev].map(ms).join("")}`;
}

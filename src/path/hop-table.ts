/** Several tables of one path added up: the sweeps and mtr runs of one phase. */
import type { Hop, HopRtt } from "./hop.ts";
import { lossPct } from "./loss-pct.ts";
import { sameAddress } from "./same-address.ts";

/** Addresses, labels and notes kept per line. */
const MAX_PER_HOP = 16;
/** Round trips kept per line: a hundred sweeps after a burst, and the mtr runs of a long one. Beyond, only their sums are. */
const MAX_RTTS = 4_000;

/**
 * Sums sent and received per TTL; addresses and the address shown by how often they answered; average RTT weighted by answers. A line that nothing was sent for
 * adds its note only when no table sent anything there. The destination found at two TTLs (a sweep that lost its packet at the true one) ends the table at the
 * lower.
 */
export function mergeHops(tables: readonly (readonly Hop[])[]): Hop[] {
  const byTtl = new Map<number, Hop[]>();
  for (const hop of tables.flat()) byTtl.set(hop.ttl, [...(byTtl.get(hop.ttl) ?? []), hop]);
  const merged = [...byTtl].sort(([a], [b]) => a - b).map(([ttl, lines]) => mergeLines(ttl, lines));
  return cutRepeatedEnd(merged, tables);
}

function mergeLines(ttl: number, lines: readonly Hop[]): Hop {
  const sentLines = lines.filter((line) => line.sent > 0);
  const sent = sum(sentLines, (line) => line.sent);
  const received = sum(sentLines, (line) => line.received);
  const weights = new Map<string, number>();
  for (const line of lines) {
    for (const address of line.addresses) {
      if (!weights.has(address) && weights.size >= MAX_PER_HOP) continue;
      weights.set(address, (weights.get(address) ?? 0) + (address === line.address ? line.received : 0));
    }
  }
  const addresses = [...weights].sort((a, b) => b[1] - a[1]).map(([address]) => address);
  const notes = (sent > 0 ? sentLines : lines.slice(0, 1)).flatMap((line) => line.note ?? []);
  return {
    ttl,
    address: addresses[0] ?? null,
    addresses,
    sent,
    received,
    lossPct: lossPct(sent, received),
    rttMs: mergeRtt(sentLines),
    mpls: distinct(lines.flatMap((line) => line.mpls)),
    note: notes.length === 0 ? null : distinct(notes).join("; "),
    ...mergeRtts(sentLines),
  };
}

/** A line of one answer has it in its figures. */
function mergeRtts(lines: readonly Hop[]): Pick<Hop, "rttsUs"> {
  const rtts: number[] = [];
  for (const { rttsUs, rttMs, received } of lines) {
    if (rttsUs !== undefined) rtts.push(...rttsUs);
    else if (received === 1 && rttMs !== null) rtts.push(Math.round(rttMs.avg * 1000));
    else if (received > 0) return {};
  }
  return rtts.length > MAX_RTTS ? {} : { rttsUs: rtts };
}

function mergeRtt(lines: readonly Hop[]): Hop["rttMs"] {
  const answered = lines.flatMap(({ rttMs, received }) => (rttMs === null ? [] : [{ ...rttMs, received }]));
  const received = sum(answered, (line) => line.received);
  if (received === 0) return null;
  const avg = sum(answered, (line) => line.avg * line.received) / received;
  return {
    best: Math.min(...answered.map((line) => line.best)),
    avg: Math.round(avg * 1000) / 1000,
    worst: Math.max(...answered.map((line) => line.worst)),
    ...mergeSpread(answered, avg),
  };
}

/** Only where a line of many answers brought its own; the variance of all is that within the lines and that between them. */
function mergeSpread(lines: readonly (HopRtt & { readonly received: number })[], avg: number): Pick<HopRtt, "last" | "stdev"> {
  const known = lines.map((line) => (line.received === 1 ? { ...line, last: line.avg, stdev: 0 } : line));
  const last = known.at(-1)?.last;
  if (last === undefined || !lines.some(({ stdev }) => stdev !== undefined) || known.some(({ stdev }) => stdev === undefined)) return {};
  const squares = sum(known, ({ received, stdev = 0, avg: own }) => (received - 1) * stdev ** 2 + received * (own - avg) ** 2);
  const count = sum(known, ({ received }) => received);
  return { last, stdev: count < 2 ? 0 : Math.round(Math.sqrt(squares / (count - 1)) * 1000) / 1000 };
}

/** Only tables of different length can show an end twice; within one table a repeated address is what its tool saw. */
function cutRepeatedEnd(merged: readonly Hop[], tables: readonly (readonly Hop[])[]): Hop[] {
  const ends = tables.flatMap((table) => {
    const end = table.at(-1);
    return end === undefined || end.address === null ? [] : [{ ttl: end.ttl, address: end.address }];
  });
  const last = merged.at(-1);
  if (last === undefined || last.address === null) return [...merged];
  const { address } = last;
  const endTtl = Math.min(...ends.filter((end) => sameAddress(end.address, address)).map((end) => end.ttl));
  const between = merged.filter((hop) => hop.ttl > endTtl);
  return between.every((hop) => hop.address === null || sameAddress(hop.address, address)) ? merged.filter((hop) => hop.ttl <= endTtl) : [...merged];
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].slice(0, MAX_PER_HOP);
}

/**
 * `mtr --raw -n -e` lines → hop table. The format (mtr 0.95, ui/raw.c; hops count from 0):
 *   x HOP SEQ                a probe was sent
 *   h HOP ADDRESS            the address of the next answer, printed (twice the first time) whenever it differs from the one before
 *   m HOP LABEL TC S TTL     MPLS label stack entries of the answer, after its h line
 *   p HOP MICROSECONDS SEQ   an answer
 *   d HOP NAME               never with -n; accepted
 * mtr reports a Destination Unreachable like any other answer, and may list the target at several positions past the end.
 * Anything else is garbage: counted here, kept where the lines are kept.
 */
import { addressBytes } from "../packet/address.ts";
import type { Hop, SweepHop } from "./hop.ts";
import { lossPct } from "./loss-pct.ts";
import { sameAddress } from "./same-address.ts";
import { isWithin, type Span } from "./span.ts";
import { trimPath } from "./trim-path.ts";
import { say } from "../phrases/evidence.ts";

/** Addresses and MPLS labels remembered per hop; a path that shows more is no longer one path. */
const MAX_PER_HOP = 16;
/** A probe younger than this when the lines end is in flight, not lost. Longer than any healthy round trip. */
const MTR_GRACE_MS = 1_000;

export interface StampedLine {
  readonly atMs: number;
  readonly text: string;
}

export type MtrLine =
  | { readonly kind: "sent"; readonly ttl: number; readonly seq: number }
  | { readonly kind: "host"; readonly ttl: number; readonly address: string }
  | { readonly kind: "answer"; readonly ttl: number; readonly seq: number; readonly rttUs: number }
  | { readonly kind: "label"; readonly ttl: number; readonly label: string }
  | { readonly kind: "name"; readonly ttl: number };

export interface MtrReading {
  readonly hops: Hop[];
  /** Its cycles, each as if it were a sweep: what one second brought. */
  readonly cycles: readonly (readonly SweepHop[])[];
  /** The target itself answered one of the probes read. */
  readonly reached: boolean;
  /** Lines that say nothing. */
  readonly garbage: number;
  /** When the first answer came. */
  readonly firstHopMs: number | null;
}

export interface MtrReadingOptions {
  readonly target: string;
  /** Probes sent at other times are left out, so that a table can be about bursts; answers to those sent in them count whenever they came. */
  readonly within?: readonly Span[];
  /** What `-f` said: hops below it were left to another mtr. */
  readonly firstTtl?: number;
  /** Unanswered probes sent less than this before the last line count as not sent. Default MTR_GRACE_MS; 0 when mtr has ended by itself. */
  readonly graceMs?: number;
}

interface Probe {
  readonly ttl: number;
  readonly sentMs: number;
  /** `place` counts answers in the order of the lines. */
  answer: { readonly atMs: number; readonly place: number; readonly rttUs: number; readonly address: string | null } | null;
}

/** Reads one line, null when it is garbage. Never throws. */
export function parseMtrLine(text: string): MtrLine | null {
  const match = /^([xhpmd]) (\d{1,3}) (\S.{0,255})$/.exec(text);
  if (match === null) return null;
  const [, letter, position, rest = ""] = match;
  const ttl = Number(position) + 1;
  if (ttl > 255) return null;
  if (letter === "h") return addressBytes(rest) === null ? null : { kind: "host", ttl, address: rest };
  if (letter === "d") return { kind: "name", ttl };
  if (!/^\d{1,10}( \d{1,10}){0,3}$/.test(rest)) return null;
  const [first = 0, second = 0, third, fourth] = rest.split(" ").map(Number);
  const count = rest.split(" ").length;
  if (letter === "x" && count === 1) return { kind: "sent", ttl, seq: first };
  if (letter === "p" && count === 2) return { kind: "answer", ttl, seq: second, rttUs: first };
  if (letter === "m" && count === 4) return { kind: "label", ttl, label: `Lbl ${first} TC ${second} S ${third} TTL ${fourth}` };
  return null;
}

/** The hop table of the lines of one run, in the order in which they came. */
export function readMtr(lines: readonly StampedLine[], options: MtrReadingOptions): MtrReading {
  const { probes, labels, garbage } = readLines(lines);
  const endMs = lines.at(-1)?.atMs ?? 0;
  const counted = probes.filter(
    (probe) =>
      probe.ttl >= (options.firstTtl ?? 1) &&
      (options.within === undefined || isWithin(options.within, probe.sentMs)) &&
      (probe.answer !== null || endMs - probe.sentMs >= (options.graceMs ?? MTR_GRACE_MS)),
  );
  const lastTtl = counted.reduce((most, probe) => Math.max(most, probe.ttl), 0);
  const all: Hop[] = [];
  for (let ttl = 1; ttl <= lastTtl; ttl++) {
    const mine = counted.filter((probe) => probe.ttl === ttl);
    all.push(hopOf(mine, { ttl, labels: labels.get(ttl), leftOut: ttl < (options.firstTtl ?? 1) }));
  }
  const targetTtl = ttlOfTarget(counted, options.target);
  const answers = counted.flatMap((probe) => (probe.answer === null ? [] : [probe.answer.atMs]));
  return {
    hops: targetTtl === null ? trimUnreached(all) : trimPath(all, targetTtl),
    cycles: cyclesOf(counted, options.target),
    reached: targetTtl !== null,
    garbage,
    firstHopMs: answers.length === 0 ? null : answers.reduce((a, b) => Math.min(a, b)),
  };
}

/** mtr asks TTL after TTL and begins anew; a router that answers at two of them in one cycle reports the target unreachable. */
function cyclesOf(probes: readonly Probe[], target: string): SweepHop[][] {
  const cycles: SweepHop[][] = [];
  let lastTtl = Infinity;
  for (const { ttl, answer } of probes) {
    if (ttl <= lastTtl) cycles.push([]);
    lastTtl = ttl;
    const cycle = cycles.at(-1) as SweepHop[];
    const address = answer?.address ?? null;
    const again = cycle.some((hop) => hop.answer !== null && address !== null && sameAddress(hop.answer.address, address));
    const kind = address !== null && sameAddress(address, target) ? "echo-reply" : again ? "unreachable" : "time-exceeded";
    cycle.push({ ttl, sent: true, answer: answer === null || address === null ? null : { address, kind, code: 0, rttUs: answer.rttUs }, note: null });
  }
  return cycles;
}

/**
 * A router without a route answers for every higher TTL as well, and mtr prints those answers like any other: the same address on line after line up to the
 * last responder. One of them is kept and labelled.
 */
function trimUnreached(hops: readonly Hop[]): Hop[] {
  const last = hops.findLast((hop) => hop.address !== null);
  const before = hops.findLast((hop) => hop.address !== null && hop.address !== last?.address);
  const run = hops.filter((hop) => hop.ttl > (before?.ttl ?? 0) && hop.address !== null);
  const second = run[1];
  if (second === undefined) return trimPath(hops, null);
  const note = say("sameRouter");
  return trimPath(hops, second.ttl).map((hop) => (hop === second ? { ...hop, note } : hop));
}

function readLines(lines: readonly StampedLine[]): {
  readonly probes: readonly Probe[];
  readonly labels: ReadonlyMap<number, Set<string>>;
  readonly garbage: number;
} {
  const probes: Probe[] = [];
  const bySeq = new Map<number, Probe>();
  const addresses = new Map<number, string>();
  const labels = new Map<number, Set<string>>();
  let garbage = 0;
  let place = 0;
  const sent = (ttl: number, seq: number, sentMs: number): Probe => {
    const probe: Probe = { ttl, sentMs, answer: null };
    probes.push(probe);
    bySeq.set(seq, probe);
    return probe;
  };
  for (const { atMs, text } of lines) {
    const line = parseMtrLine(text);
    if (line === null) garbage++;
    else if (line.kind === "sent") sent(line.ttl, line.seq, atMs);
    else if (line.kind === "host") addresses.set(line.ttl, line.address);
    else if (line.kind === "label") addLabel(labels, line);
    else if (line.kind === "answer") {
      // An answer proves its probe, also when the line that announced it was lost.
      const probe = bySeq.get(line.seq) ?? sent(line.ttl, line.seq, atMs - line.rttUs / 1000);
      if (probe.ttl !== line.ttl) garbage++;
      else probe.answer ??= { atMs, place: place++, rttUs: line.rttUs, address: addresses.get(line.ttl) ?? null };
    }
  }
  return { probes, labels, garbage };
}

function addLabel(labels: Map<number, Set<string>>, { ttl, label }: { readonly ttl: number; readonly label: string }): void {
  const known = labels.get(ttl) ?? new Set<string>();
  if (known.size < MAX_PER_HOP) known.add(label);
  labels.set(ttl, known);
}

/**
 * The lowest TTL whose newest answer came from the target; when the path has grown longer meanwhile, that is not where the target answered first.
 * If only older answers are the target's, the lowest of those.
 */
function ttlOfTarget(probes: readonly Probe[], target: string): number | null {
  const newest = new Map<number, string | null>();
  const ever = new Set<number>();
  for (const { ttl, answer } of probes) {
    if (answer === null) continue;
    newest.set(ttl, answer.address);
    if (answer.address !== null && sameAddress(answer.address, target)) ever.add(ttl);
  }
  const now = [...newest].flatMap(([ttl, address]) => (address !== null && sameAddress(address, target) ? [ttl] : []));
  const candidates = now.length > 0 ? now : [...ever];
  return candidates.length === 0 ? null : Math.min(...candidates);
}

function hopOf(
  probes: readonly Probe[],
  place: { readonly ttl: number; readonly labels: ReadonlySet<string> | undefined; readonly leftOut: boolean },
): Hop {
  const answers = probes.flatMap((probe) => (probe.answer === null ? [] : [probe.answer])).sort((a, b) => a.place - b.place);
  const counts = new Map<string, number>();
  for (const { address } of answers) {
    if (address !== null && (counts.has(address) || counts.size < MAX_PER_HOP)) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  const addresses = [...counts].sort((a, b) => b[1] - a[1]).map(([address]) => address);
  const rtts = answers.map((answer) => answer.rttUs);
  const sumUs = rtts.reduce((a, b) => a + b, 0);
  return {
    ttl: place.ttl,
    address: addresses[0] ?? null,
    addresses,
    sent: probes.length,
    received: answers.length,
    lossPct: lossPct(probes.length, answers.length),
    rttMs:
      rtts.length === 0 ? null : { best: Math.min(...rtts) / 1000, avg: Math.round(sumUs / rtts.length) / 1000, worst: Math.max(...rtts) / 1000 },
    mpls: [...(place.labels ?? [])],
    note: place.leftOut ? say("leftToMtr") : null,
    rttsUs: rtts,
  };
}

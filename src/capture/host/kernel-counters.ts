/** What the kernel counts for the whole machine (processors, packets received) and for raw sockets; one small file each. Missing or strange is null. */
import { counter, hexCounter, sum } from "./counter.ts";

export interface Softnet {
  /** Packets that a processor's receive backlog had no room for. */
  readonly dropped: number;
  /** Times a processor had to stop receiving with packets left. */
  readonly squeezed: number;
}

/** /proc/net/softnet_stat: a line per processor that is on; processed, dropped, time_squeeze…, hexadecimal. Counts all network namespaces. */
export function parseSoftnet(text: string | null): Softnet | null {
  const processors = lines(text).map((line) => line.split(/\s+/));
  if (processors.length === 0) return null;
  const dropped = sum(processors.map((columns) => hexCounter(columns[1])));
  const squeezed = sum(processors.map((columns) => hexCounter(columns[2])));
  return dropped === null || squeezed === null ? null : { dropped, squeezed };
}

/** /proc/net/raw or raw6: packets that the sockets there had no room for, all sockets together; the last column. */
export function parseRawDrops(text: string | null): number | null {
  const [header, ...sockets] = lines(text);
  if (header?.endsWith("drops") !== true) return null;
  return sum(sockets.map((socket) => counter(socket.split(/\s+/).at(-1))));
}

/** A file with one figure, such as nf_conntrack_count. */
export function parseFigure(text: string | null): number | null {
  return counter(text?.trim());
}

/** /proc/pressure/cpu: µs since boot in which some task waited for a processor (Documentation/accounting/psi.rst). */
export function parsePressure(text: string | null): number | null {
  return counter(/^some .*\btotal=(\d+)$/m.exec(text ?? "")?.[1]);
}

export interface ProcessorTicks {
  readonly total: number;
  readonly steal: number;
}

const STEAL_COLUMN = 7;
/** user, nice, system, idle, iowait, irq, softirq, steal; guest and guest_nice after them are within user and nice. */
const TICK_COLUMNS = 8;

/** /proc/stat: ticks of all processors since boot (proc_stat(5)). */
export function parseProcessorTicks(text: string | null): ProcessorTicks | null {
  const line = lines(text).find((candidate) => candidate.startsWith("cpu "));
  const ticks = (line?.split(/\s+/).slice(1, 1 + TICK_COLUMNS) ?? []).map((tick) => counter(tick));
  const [total, steal] = [sum(ticks), ticks[STEAL_COLUMN]];
  return total === null || steal == null ? null : { total, steal };
}

/** /proc/self/schedstat: ns that we were ready to run and did not run; the second figure. */
export function parseRunDelay(text: string | null): number | null {
  return counter(text?.trim().split(" ")[1]);
}

function lines(text: string | null): string[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * Names of hops and peers for the people who read reports, from reverse DNS. They are asked for ahead, while all is well, so that no evidence waits for a name and
 * no name needs the network that has just failed: one question at a time, a few a second, none while a burst is open. Where no server answers it is said once,
 * and asked ever less often.
 *
 * A name that changes is a new row, and the old one stays as long as anybody may ask for its time: an incident shows the names of its day.
 */
import type { FactLog } from "../fact-log.ts";
import { addressBytes, isLinkLocal, isLoopback } from "../packet/address.ts";
import type { HopNameRow } from "../store/rows.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { cleanHostName, type ReverseLookup } from "./reverse-lookup.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** From one answer to the next question: a new mesh has its names within minutes, and no server notices. */
const PAUSE_MS = 400;
/** From one look at whether all is well again to the next. */
const BURST_PAUSE_MS = 1_000;
const REFRESH_MS = DAY_MS;
/** An address that no trace has met for so long is asked for no more. What it was called stays as long as the evidence. */
const FORGET_MS = 30 * DAY_MS;
/** A question that failed is asked again after this at the earliest: some zones have servers that never answer. */
const RETRY_MS = HOUR_MS;
/** So many in a row, and it is the resolver. */
const FAILURES = 3;
const BACK_OFF_MS = { first: 60_000, most: HOUR_MS } as const;
/** Addresses known at once, some 200 bytes each; further ones go without a name until some are forgotten. */
const MAX_ADDRESSES = 20_000;

interface Entry {
  row: HopNameRow;
  /** When to ask next, wall ms. */
  dueMs: number;
}

export interface HopNamesPorts {
  readonly lookup: ReverseLookup;
  readonly writer: Pick<EvidenceWriter, "soon">;
  readonly log: Pick<FactLog, "info">;
  readonly wallMs: () => number;
  /** No burst is open. */
  readonly isCalm: () => boolean;
  /** How long evidence is kept. */
  readonly evidenceMs: number;
  /** What the agent before us knew. */
  readonly stored: readonly HopNameRow[];
}

export class HopNames {
  readonly #ports: HopNamesPorts;
  readonly #known = new Map<string, Entry>();
  /** To be asked for, oldest first. */
  readonly #queue = new Set<string>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #asking = false;
  #failures = 0;
  #isFull = false;
  #forgotMs = 0;

  constructor(ports: HopNamesPorts) {
    this.#ports = ports;
    const sinceMs = ports.wallMs() - FORGET_MS;
    for (const row of ports.stored.filter(({ usedMs }) => usedMs >= sinceMs).toSorted((left, right) => left.sinceMs - right.sinceMs))
      this.#known.set(row.address, { row, dueMs: row.askedMs + REFRESH_MS });
  }

  /** A trace has met these addresses. */
  met(addresses: readonly (string | null)[]): void {
    const nowMs = this.#ports.wallMs();
    for (const address of addresses) {
      if (address === null) continue;
      const entry = this.#entryOf(address, nowMs);
      if (entry === null) continue;
      if (nowMs - entry.row.usedMs >= DAY_MS) this.#put(entry, { ...entry.row, usedMs: nowMs });
      // Also when the clock was set back.
      if (nowMs >= entry.dueMs || entry.dueMs - nowMs > REFRESH_MS) this.#queue.add(address);
    }
    this.#next(PAUSE_MS);
  }

  /** Once a minute: forgets what has not been met for a month, and in the store what no evidence is about any more. */
  upkeep(): void {
    const nowMs = this.#ports.wallMs();
    if (Math.abs(nowMs - this.#forgotMs) < HOUR_MS) return;
    this.#forgotMs = nowMs;
    const beforeMs = nowMs - FORGET_MS;
    for (const [address, { row }] of this.#known) if (row.usedMs < beforeMs) this.#known.delete(address);
    // To the day, as it is kept.
    const storedMs = nowMs - Math.max(FORGET_MS, this.#ports.evidenceMs) - DAY_MS;
    this.#ports.writer.soon((store) => store.forgetHopNames(storedMs));
  }

  close(): void {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #entryOf(address: string, nowMs: number): Entry | null {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    if (!mayBeAsked(address)) return null;
    if (this.#known.size >= MAX_ADDRESSES) {
      if (!this.#isFull) this.#ports.log.info({ addresses: MAX_ADDRESSES }, "traces met too many addresses: further ones get no names");
      this.#isFull = true;
      return null;
    }
    const entry: Entry = { row: { address, sinceMs: nowMs, name: null, askedMs: 0, usedMs: nowMs }, dueMs: nowMs };
    this.#known.set(address, entry);
    return entry;
  }

  #next(delayMs: number): void {
    if (this.#timer !== null || this.#asking || this.#queue.size === 0 || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#ports.isCalm()) void this.#ask();
      else this.#next(BURST_PAUSE_MS);
    }, delayMs);
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    const [address] = this.#queue;
    const entry = address === undefined ? undefined : this.#known.get(address);
    if (address === undefined) return;
    this.#queue.delete(address);
    this.#asking = true;
    const delayMs = entry === undefined ? 0 : await this.#lookUp(address, entry);
    this.#asking = false;
    this.#next(delayMs);
  }

  /** Returns how long to wait with the next. */
  async #lookUp(address: string, entry: Entry): Promise<number> {
    try {
      const names = await this.#ports.lookup(address, this.#closing.signal);
      // Servers give the names of one address in another order each time.
      this.#answered(entry, names.flatMap((name) => cleanHostName(name) ?? []).sort()[0] ?? null);
      return PAUSE_MS;
    } catch (error) {
      entry.dueMs = this.#ports.wallMs() + RETRY_MS;
      return this.#failed(error);
    }
  }

  #answered(entry: Entry, name: string | null): void {
    const nowMs = this.#ports.wallMs();
    this.#failures = 0;
    entry.dueMs = nowMs + REFRESH_MS;
    const isSame = entry.row.askedMs > 0 && entry.row.name === name;
    this.#put(entry, { ...entry.row, name, askedMs: nowMs, sinceMs: isSame ? entry.row.sinceMs : nowMs });
  }

  #failed(error: unknown): number {
    // What fails in a burst tells of the burst.
    if (this.#closing.signal.aborted || !this.#ports.isCalm()) return PAUSE_MS;
    this.#failures++;
    if (this.#failures < FAILURES) return PAUSE_MS;
    if (this.#failures === FAILURES)
      this.#ports.log.info({ error: String(error) }, "names of hops cannot be looked up; traces have addresses only until a resolver answers");
    return Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** (this.#failures - FAILURES));
  }

  /** What was never answered is kept in memory alone. */
  #put(entry: Entry, row: HopNameRow): void {
    entry.row = row;
    if (row.askedMs > 0 && !this.#closing.signal.aborted) this.#ports.writer.soon((store) => store.putHopName(row));
  }
}

/** Nobody out there knows what is on this host or on its link alone. */
function mayBeAsked(address: string): boolean {
  return addressBytes(address) !== null && !address.includes("%") && !isLoopback(address) && !isLinkLocal(address);
}

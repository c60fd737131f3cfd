/**
 * How the delivery fares, for the status, the metrics and the log. A problem is logged when it is new, and its end once; the same words again are not. Heads and the
 * rest have each their own, because one can work while the other does not.
 */
import type { FactLog } from "../fact-log.ts";
import type { SyncClock } from "./clock.ts";
import type { Lane, RejectCode } from "./wire.ts";

export type Way = "urgent" | "bulk";

/** Different words that one trouble is told in; beyond it nothing new is said until something works. */
const MAX_SAID = 20;

export class SyncState {
  readonly #clock: SyncClock;
  readonly #log: FactLog;
  readonly #said: Readonly<Record<Way, Set<string>>> = { urgent: new Set(), bulk: new Set() };
  /** Null while it works, or nothing was tried. */
  readonly #problems: Record<Way, { readonly text: string; readonly atMs: number } | null> = { urgent: null, bulk: null };
  #lastSuccessMs: number | null = null;
  #lastError: { readonly text: string; readonly atMs: number } | null = null;
  /** Of the last attempt that ended; null before the first. */
  #isReachable: boolean | null = null;

  constructor(clock: SyncClock, log: FactLog) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Wall ms. */
  get lastSuccessMs(): number | null {
    return this.#lastSuccessMs;
  }

  get isReachable(): boolean | null {
    return this.#isReachable;
  }

  /** What keeps something from being delivered now, else what last did; wall ms. */
  get lastError(): { readonly text: string; readonly atMs: number; readonly isOver: boolean } | null {
    const now = this.#problems.urgent ?? this.#problems.bulk;
    return now === null ? this.#lastError && { ...this.#lastError, isOver: true } : { ...now, isOver: false };
  }

  succeeded(way: Way, url: string): void {
    this.#isReachable = true;
    if (this.#lastSuccessMs === null) this.#log.info({ collector: url }, "the collector answers");
    else if (this.#problems[way] !== null) this.#log.info({ collector: url }, "deliveries to the collector work again");
    this.#lastSuccessMs = this.#clock.wallMs();
    this.#problems[way] = null;
    this.#said[way].clear();
  }

  /** `answered`: something there did answer, with what is wrong. */
  failed(way: Way, { url, text, answered }: { readonly url: string; readonly text: string; readonly answered: boolean }): void {
    this.#isReachable = answered;
    const problem = { text: `${url}: ${text}`, atMs: this.#clock.wallMs() };
    this.#problems[way] = problem;
    this.#lastError = problem;
    this.#sayOnce(way, problem.text);
  }

  /** Nothing was tried: this says nothing of the collector. */
  stuck(way: Way, text: string): void {
    const problem = { text, atMs: this.#clock.wallMs() };
    this.#problems[way] = problem;
    this.#lastError = problem;
    this.#sayOnce(way, text);
  }

  /** The collector does not take these records; they are kept, and the others go on. */
  setAside(facts: { readonly lane: Lane; readonly records: number; readonly first: number; readonly code: RejectCode }): void {
    this.#log.warn(facts, "the collector refuses a record: it is kept here and named in the status, and the others go on");
  }

  #sayOnce(way: Way, text: string): void {
    const said = this.#said[way];
    if (said.has(text) || said.size >= MAX_SAID) return;
    // The other way has said so a moment ago.
    const isKnown = Object.values(this.#said).some((other) => other.has(text));
    said.add(text);
    if (!isKnown) this.#log.warn({}, `cannot deliver to the collector: ${text}`);
  }
}

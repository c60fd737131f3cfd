/** Who was heard and what was refused of late, in the words of a status line. Held per minute, so its memory does not grow with what comes. */

const MINUTE_MS = 60_000;
/** Nodes send a rollup a minute: whoever is missing for so long is away. */
const WINDOW_MINUTES = 10;

export class Recent {
  readonly #nowMs: () => number;
  /** Only names with a token of their own, so it is as small as the list of tokens. */
  readonly #heard = new Map<string, number>();
  readonly #refused = new Map<number, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  heard(node: string): void {
    this.#heard.set(node, this.#minute());
  }

  refused(): void {
    const minute = this.#minute();
    this.#refused.set(minute, (this.#refused.get(minute) ?? 0) + 1);
    this.#forget(minute);
  }

  /** Like "12 nodes heard, 3 refused in the last 10 min". Refused are connections and requests. */
  text(): string {
    this.#forget(this.#minute());
    const nodes = this.#heard.size;
    const refused = [...this.#refused.values()].reduce((sum, count) => sum + count, 0);
    return `${nodes} ${nodes === 1 ? "node" : "nodes"} heard${refused === 0 ? "" : `, ${refused} refused`} in the last ${WINDOW_MINUTES} min`;
  }

  #minute(): number {
    return Math.floor(this.#nowMs() / MINUTE_MS);
  }

  /** Also what a clock that was set back left in the future. */
  #forget(now: number): void {
    const isOld = (minute: number): boolean => minute <= now - WINDOW_MINUTES || minute > now;
    for (const [node, minute] of this.#heard) if (isOld(minute)) this.#heard.delete(node);
    for (const minute of this.#refused.keys()) if (isOld(minute)) this.#refused.delete(minute);
  }
}

/**
 * Which peers had a probe turn overdue: told at once, and then no more than once a second, so that deliveries to the collector can give way. It costs nothing while
 * none does, and a second in which all do costs one message of some names.
 */
import type { WireMessage } from "../messages.ts";
import type { Peer } from "../peer.ts";

const EVERY_US = 1_000_000;
/** Of more than these it is no question any more who is to blame. */
const MAX_NAMES = 50;

export class Overdue {
  readonly #post: (message: WireMessage) => void;
  readonly #names = new Set<string>();
  #nextUs = Number.NEGATIVE_INFINITY;

  constructor(post: (message: WireMessage) => void) {
    this.#post = post;
  }

  note({ name, canary, retired, everReplied }: Peer): void {
    if (!canary && !retired && everReplied && this.#names.size < MAX_NAMES) this.#names.add(name);
  }

  /** Called every tick. */
  tick(nowUs: number): void {
    if (this.#names.size === 0 || nowUs < this.#nextUs) return;
    this.#post({ kind: "overdue", peers: [...this.#names] });
    this.#names.clear();
    this.#nextUs = nowUs + EVERY_US;
  }
}

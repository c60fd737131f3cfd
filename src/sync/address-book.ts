/**
 * Names of collectors, looked up without ever waiting for a dead resolver twice: while one question is out, and when it fails, the last good answer serves. A link that
 * is down takes the resolver with it, and the system's own lookup then keeps one of four threads busy for ten seconds and more, also after the link is back.
 */
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { SyncClock } from "./clock.ts";

/** An answer that is older is asked for again, behind the back of whoever uses it. */
const FRESH_MS = 30_000;

export type AskResolver = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

interface Entry {
  addresses: readonly LookupAddress[];
  atMs: number;
  isAsked: boolean;
  waiting: ((error: Error | null) => void)[];
}

export class AddressBook {
  readonly #clock: SyncClock;
  readonly #ask: AskResolver;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: SyncClock, ask: AskResolver = (host, done) => systemLookup(host, { all: true }, done)) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** For `net.connect`. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const entry = this.#entries.get(host) ?? { addresses: [], atMs: Number.NEGATIVE_INFINITY, isAsked: false, waiting: [] };
    this.#entries.set(host, entry);
    const answer = (error: Error | null): void => {
      const fitting = entry.addresses.filter(({ family }) => options.family === undefined || options.family === 0 || options.family === family);
      const [first] = fitting;
      if (first === undefined) callback(error ?? Object.assign(new Error(`no address of ${host}`), { code: "ENOTFOUND" }), []);
      else if (options.all === true) callback(null, [...fitting]);
      else callback(null, first.address, first.family);
    };
    if (entry.addresses.length > 0) setImmediate(answer, null);
    else entry.waiting.push(answer);
    if (!entry.isAsked && this.#clock.nowMs() - entry.atMs > FRESH_MS) this.#refresh(host, entry);
  };

  #refresh(host: string, entry: Entry): void {
    entry.isAsked = true;
    this.#ask(host, (error, addresses) => {
      entry.isAsked = false;
      if (error === null && addresses.length > 0) {
        entry.addresses = addresses;
        entry.atMs = this.#clock.nowMs();
      }
      for (const answer of entry.waiting.splice(0)) answer(error);
    });
  }
}

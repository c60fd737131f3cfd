/**
 * How long this process has been ready to run and was not running, because others had the processor: the second figure of /proc/self/schedstat, ns
 * (Documentation/scheduler/sched-stats.rst). It tells our own waiting from the network's: a reply that was read late because we were not let in is not slow.
 */
import { openSync, readSync } from "node:fs";

const MAX_BYTES = 128;
const SPACE = 0x20;
const ZERO = 0x30;

export class RunDelay {
  readonly #file: number | null;
  readonly #text = Buffer.alloc(MAX_BYTES);

  constructor(file: string = "/proc/self/schedstat") {
    this.#file = openFile(file);
  }

  /** µs waited since the process began; always 0 where the kernel does not tell. */
  totalUs(): number {
    if (this.#file === null) return 0;
    const length = readSync(this.#file, this.#text, 0, MAX_BYTES, 0);
    // By bytes: it is asked at every tick, and a string that is split costs as much as the file.
    let waitedNs = 0;
    for (let at = this.#text.indexOf(SPACE) + 1; at > 0 && at < length && this.#text[at] !== SPACE; at++)
      waitedNs = waitedNs * 10 + (this.#text[at] as number) - ZERO;
    return waitedNs / 1000;
  }
}

function openFile(file: string): number | null {
  try {
    return openSync(file, "r");
  } catch {
    return null;
  }
}

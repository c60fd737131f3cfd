/**
 * Back-off between starts that end badly. systemd's own (RestartSteps=, since 254) never forgets: an agent that crashes once a month would end up waiting the
 * longest time after each crash (systemd/systemd#43813), and older systems do not have it. So each start leaves its time in the runtime directory, a good end
 * takes the file away, and who finds too many waits. The clock is that of the boot, which nobody sets.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Starts that are longer ago say nothing about this one. */
const MEMORY_S = 300;
/** Wait by the number of bad starts within that time. The first three cost nothing: one crash must be a short blind interval. */
const DELAYS_MS: readonly number[] = [0, 0, 0, 0, 1_000, 2_000, 5_000, 10_000, 30_000];
const MAX_STARTS = 20;

export function startDelayMs(startsS: readonly number[], nowS: number): number {
  const recent = startsS.filter((start) => start <= nowS && nowS - start < MEMORY_S).length;
  return DELAYS_MS[Math.min(recent, DELAYS_MS.length - 1)] as number;
}

export class StartRecord {
  readonly #file: string;

  /** `directory` is kept between restarts and lost at a reboot: systemd's RuntimeDirectory. */
  constructor(directory: string) {
    this.#file = join(directory, "starts");
  }

  /** Writes this start down. Returns how long to wait before it. A directory that cannot be used delays nothing. */
  begin(nowS: number): number {
    const before = this.#read();
    try {
      writeFileSync(this.#file, [...before, nowS].slice(-MAX_STARTS).join("\n"), { mode: 0o600 });
    } catch {
      return 0;
    }
    return startDelayMs(before, nowS);
  }

  /** This run ended as it should. */
  endedWell(): void {
    rmSync(this.#file, { force: true });
  }

  #read(): number[] {
    try {
      return readFileSync(this.#file, "utf8")
        .split("\n")
        .map(Number)
        .filter((start) => start > 0);
    } catch {
      return [];
    }
  }
}

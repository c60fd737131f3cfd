/** mtr runs that begin when asked and end when the test says so. */
import { NO_LINES } from "../../../src/capture/mtr-lines.ts";
import type { MtrOptions, MtrOutcome, MtrRun } from "../../../src/capture/mtr.ts";

export interface FakeRun {
  readonly options: MtrOptions;
  readonly pid: number;
  print(...lines: readonly string[]): void;
  end(outcome?: Partial<MtrOutcome>): Promise<void>;
}

export class FakeMtr {
  readonly runs: FakeRun[] = [];
  /** What the next ones do at once instead of running. */
  obstacle: MtrOutcome | Error | null = null;

  onStart: () => void = () => {};

  readonly start = (options: MtrOptions): MtrRun => {
    this.onStart();
    if (this.obstacle instanceof Error) throw this.obstacle;
    if (this.obstacle !== null) return { pid: undefined, done: Promise.resolve(this.obstacle) };
    const { promise, resolve } = Promise.withResolvers<MtrOutcome>();
    const pid = 1_000 + this.runs.length;
    let counts = NO_LINES;
    const end = async (outcome: Partial<MtrOutcome> = {}): Promise<void> => {
      resolve({ kind: "complete", ...outcome, counts } as MtrOutcome);
      await settled();
    };
    options.signal.addEventListener("abort", () => void end({ kind: "stopped" }), { once: true });
    const print = (...lines: readonly string[]): void => {
      counts = { ...counts, lines: counts.lines + lines.length, answers: counts.answers + 1 };
      options.onLines(lines.map((text) => ({ atMs: options.nowMs(), text })));
    };
    this.runs.push({ options, pid, print, end });
    return { pid, done: promise };
  };

  get running(): string[] {
    return this.runs.filter((run) => !run.options.signal.aborted).map((run) => run.options.address);
  }
}

/** All promises that were ready have been followed. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

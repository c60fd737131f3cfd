/**
 * The samples of a row: those that earlier, interrupted runs kept, and those of this one. A row plans all its work each time, for the chance in it must not depend
 * on what is done already; what has a sample is left out afterwards.
 */
import type { RowContext } from "./row.ts";

export class Samples<Sample extends object> {
  readonly all: Sample[];
  readonly #keep: RowContext["keep"];

  constructor(context: Pick<RowContext, "kept" | "keep">) {
    // What this row wrote, and only it, is in its journal.
    this.all = [...context.kept()] as unknown as Sample[];
    this.#keep = context.keep;
  }

  /** Jobs that have no sample yet; both are known by the same key. */
  left<Job>(jobs: readonly Job[], keyOf: (one: Job | Sample) => string | number): Job[] {
    const done = new Set(this.all.map(keyOf));
    return jobs.filter((job) => !done.has(keyOf(job)));
  }

  add(sample: Sample): void {
    this.all.push(sample);
    this.#keep({ ...sample } as Readonly<Record<string, unknown>>);
  }
}

export function byNumber(one: { readonly number: number }): number {
  return one.number;
}

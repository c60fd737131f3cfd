/**
 * What a row of the acceptance table is: a measurement with a bar. Rows live in rows/, one file each, and are listed in registry.ts.
 *
 * A row asks its context what was measured already (`kept`), measures what is missing and hands over each sample the moment it is complete (`keep`). That is
 * all it needs to do to go on where an interrupted run stopped. Ctrl-C simply ends the process; whatever must not be left behind is registered with
 * `onProcessEnd`, as the laboratory and the row's directory are. Samples are plain JSON. The order of samples means nothing: a row that works in several
 * laboratories at once keeps them as they come, and names in the sample what it belongs to.
 */
import type { Interval } from "./statistics.ts";

export interface Row {
  /** Lower case with dashes, as given to `--row`. */
  readonly name: string;
  /** What holds when it passes, as in the table. */
  readonly title: string;
  run(context: RowContext): Promise<RowResult>;
}

export interface RowContext {
  /** All chance in the row comes from here. */
  readonly seed: number;
  /** A tenth or less of the samples: shows that the row works, proves little. */
  readonly quick: boolean;
  /** The frozen build to test, for `startAgent`: a run that takes hours does not change under its feet. */
  readonly cli: string;
  /** An empty directory of this row's own, removed afterwards. */
  readonly directory: string;
  /** Laboratories that may run side by side. */
  readonly labs: number;
  /** Samples kept by earlier, interrupted runs with the same seed, size and build. */
  readonly kept: () => readonly Sample[];
  /** Appends one sample to the file, at once. */
  readonly keep: (sample: Sample) => void;
  /** One line for whoever watches. */
  readonly progress: (line: string) => void;
}

export type Sample = Readonly<Record<string, unknown>>;

export interface RowResult {
  /** How many measurements stand behind the figures. */
  readonly samples: number;
  readonly figures: Readonly<Record<string, unknown>>;
  /** The bar in words, with its units. */
  readonly bar: string;
  readonly passed: boolean;
  /** Of the rate that is judged, or of each by name. */
  readonly interval95?: Interval | Readonly<Record<string, Interval>>;
}

/** What failed, in which direction, behind which hop, and how sure: the words of the report's contract. */
export type Scope = "agent" | "local" | "gateway" | "uplink" | "shared" | "path" | "peer" | "uncertain";
export type Direction = "out" | "in" | "both" | "unknown";
/** `certain` only when an error code or a counter of our own proves it. */
export type Certainty = "certain" | "likely" | "possible";

export interface Verdict {
  readonly scope: Scope;
  readonly direction: Direction;
  /** The fault lies between these two; null where nothing is known. */
  readonly hop: { readonly after: string | null; readonly before: string | null } | null;
  readonly certainty: Certainty;
  /** Which rule matched, for tests and machines; e.g. "gateway-neighbour-failed". */
  readonly rule: string;
  /** The figures it rests on, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Beside the verdict: a changed path, one flow of four, TCP that retransmitted too. Whole sentences without the final stop, English as judged. */
  readonly findings: readonly string[];
}

/** How the delivery stands, as `status` tells it. */
import type { RefusedRecord } from "./outbox.ts";
import type { LaneBacklog } from "./wire.ts";

export interface CollectorStatus {
  /** The one that is asked now. */
  readonly url: string;
  /** Whether it answered the last time, be it with a refusal; null before the first attempt has ended. */
  readonly reachable: boolean | null;
  readonly last_success_at: string | null;
  /** What keeps something from being delivered; `over`: what last did. */
  readonly last_error: { readonly at: string; readonly text: string; readonly over: boolean } | null;
  readonly lanes: readonly LaneBacklog[];
  /** Set aside, because the collector does not take them: kept here, in no queue. The newest are named. */
  readonly refused: { readonly count: number; readonly records: readonly (Omit<RefusedRecord, "atMs"> & { readonly at: string })[] };
  /** Our wall clock plus this is the collector's. */
  readonly clock: { readonly offset_ms: number; readonly error_ms: number } | null;
  /** Why something waits, null when nothing does. */
  readonly paused: string | null;
}

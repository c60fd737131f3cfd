/**
 * Snapshots around an event, and what changed since the host was last well. No timers: the caller says when, a healthy one once a minute while no event is
 * open, then one at suspicion, at the burst, every five seconds, and at the end.
 * Files are read at the call itself; tc and ip, which take some milliseconds and up to a second, are asked in between only where a moment is worth it.
 */
import type { HostReader } from "./host-reader.ts";
import { hostDelta, type HostDelta } from "./host-delta.ts";
import type { HostSnapshot } from "./host-snapshot.ts";
import { overEvent } from "./over-event.ts";

export type HostTrigger = "healthy" | "suspect" | "burst" | "during" | "end";

export interface HostReading {
  readonly trigger: HostTrigger;
  readonly snapshot: HostSnapshot;
  /** Null in the first one after a start. */
  readonly sinceHealthy: HostDelta | null;
  readonly sincePrevious: HostDelta | null;
  /** For the verdict; null in a healthy one. Without a healthy one before, it counts from the first of the event. */
  readonly overEvent: HostDelta | null;
}

export interface HostWatchOptions {
  /** Ends the children. */
  readonly signal: AbortSignal;
  /** Address whose route chooses the interface; by default the default route. */
  readonly target?: string | null;
}

export class HostWatch {
  readonly #reader: Pick<HostReader, "read" | "readChildren">;
  #healthy: HostSnapshot | null = null;
  #previous: HostSnapshot | null = null;
  /** First snapshot of the open event. */
  #first: HostSnapshot | null = null;
  #event: HostDelta | null = null;
  /** Between burst and end. A suspicion before it may have come to nothing, and is then not where the event began. */
  #isOpen = false;

  constructor(reader: Pick<HostReader, "read" | "readChildren">) {
    this.#reader = reader;
  }

  /** All is well and no event is open: what comes next is compared with this. */
  async healthy(options: HostWatchOptions): Promise<HostReading> {
    this.#beginAnew();
    const before = this.#healthy;
    const files = this.#reader.read();
    this.#healthy = files;
    this.#previous = files;
    const snapshot = { ...files, children: await this.#reader.readChildren(options.signal) };
    this.#replace(files, snapshot);
    const delta = before === null ? null : hostDelta(before, snapshot, options.target);
    return { trigger: "healthy", snapshot, sinceHealthy: delta, sincePrevious: delta, overEvent: null };
  }

  /** Never rejects; with children it resolves within the second that they have. */
  async at(trigger: Exclude<HostTrigger, "healthy">, options: HostWatchOptions): Promise<HostReading> {
    if (trigger === "suspect" && !this.#isOpen) this.#beginAnew();
    if (trigger === "burst") this.#isOpen = true;
    const files = this.#reader.read();
    const previous = this.#previous;
    this.#previous = files;
    this.#first ??= files;
    const first = this.#first;
    const snapshot = trigger === "during" ? files : { ...files, children: await this.#reader.readChildren(options.signal) };
    this.#replace(files, snapshot);
    const reading = this.#reading(trigger, snapshot, { previous, first: first === files ? null : first, target: options.target ?? null });
    if (trigger === "end") this.#beginAnew();
    return reading;
  }

  #reading(
    trigger: HostTrigger,
    snapshot: HostSnapshot,
    { previous, first, target }: { readonly previous: HostSnapshot | null; readonly first: HostSnapshot | null; readonly target: string | null },
  ): HostReading {
    const since = (before: HostSnapshot | null): HostDelta | null => (before === null ? null : hostDelta(before, snapshot, target));
    const [sinceHealthy, sincePrevious, sinceFirst] = [since(this.#healthy), since(previous), since(first)];
    const base = sinceHealthy ?? sinceFirst;
    if (base !== null && sincePrevious !== null) this.#event = overEvent({ earlier: this.#event, sinceHealthy: base, sincePrevious, sinceFirst });
    return { trigger, snapshot, sinceHealthy, sincePrevious, overEvent: this.#event };
  }

  #beginAnew(): void {
    this.#first = null;
    this.#event = null;
    this.#isOpen = false;
  }

  /** The same moment, now with what the children said; unless a later one has taken its place. */
  #replace(files: HostSnapshot, snapshot: HostSnapshot): void {
    if (this.#healthy === files) this.#healthy = snapshot;
    if (this.#previous === files) this.#previous = snapshot;
    if (this.#first === files) this.#first = snapshot;
  }
}

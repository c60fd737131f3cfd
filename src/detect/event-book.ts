/**
 * Events: incidents of several peers that began within two seconds are one outage and one ticket. An incident joins the event whose first incident began
 * closest to it; thin loss is detected later than it began, so events are remembered for a while.
 */
const EVENT_WINDOW_MS = 2_000;
const REMEMBERED_EVENTS = 64;

interface Event {
  readonly id: string;
  readonly startedMs: number;
}

export class EventBook {
  #events: Event[] = [];

  /** The event of an incident that began at `startedMs` (wall ms); `newId` names a new one. */
  join(startedMs: number, newId: string): string {
    const near = this.#events
      .filter((event) => Math.abs(event.startedMs - startedMs) <= EVENT_WINDOW_MS)
      .sort((a, b) => Math.abs(a.startedMs - startedMs) - Math.abs(b.startedMs - startedMs))[0];
    if (near !== undefined) return near.id;
    this.#events = [...this.#events, { id: newId, startedMs }].slice(-REMEMBERED_EVENTS);
    return newId;
  }
}

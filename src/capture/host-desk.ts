/**
 * Takes the host snapshots: a healthy one a minute while no event is open, one at a suspicion and at the burst, one every five seconds while a burst lasts, one
 * at the end. They belong to the first incident of the event, and what they show over the event goes to its verdict.
 */
import type { Incident } from "../detect/incident.ts";
import type { HostDelta } from "./host/host-delta.ts";
import type { HostReading, HostWatch } from "./host/host-watch.ts";
import { snapshotRow } from "./host/snapshot-row.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { newId } from "./ids.ts";

const EVERY_MS = 5_000;
/** A suspicion that led to nothing is not looked into again sooner. */
const SUSPECT_PAUSE_MS = 10_000;
/** A suspicion belongs to a burst that opens within this. */
const SUSPICION_MS = 15_000;

export interface HostDeskPorts {
  readonly watch: Pick<HostWatch, "healthy" | "at">;
  readonly writer: EvidenceWriter;
  readonly wallMs: () => number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly sourceOf: (address: string) => string | null;
  /** Ends tc and ip. */
  readonly signal: AbortSignal;
}

export class HostDesk {
  readonly #ports: HostDeskPorts;
  /** First incident of the events that are open. */
  #incident: Incident | null = null;
  #nextAt = Number.POSITIVE_INFINITY;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #suspicion: HostReading | null = null;
  #overEvent: HostDelta | null = null;

  constructor(ports: HostDeskPorts) {
    this.#ports = ports;
  }

  /** What has changed on this host since it was last well; null while not known. */
  get overEvent(): HostDelta | null {
    return this.#overEvent;
  }

  /** Once a minute. */
  async upkeep(): Promise<void> {
    if (this.#incident === null) await this.#ports.watch.healthy({ signal: this.#ports.signal });
  }

  /** A peer has lost two probes in a row. */
  suspect(): void {
    const nowMs = this.#ports.nowMs();
    if (this.#incident !== null || nowMs - this.#suspectedAt < SUSPECT_PAUSE_MS) return;
    this.#suspectedAt = nowMs;
    void this.#suspect();
  }

  eventOpened(incident: Incident): void {
    // With another event cooling: what was taken at its end says nothing of this one.
    if (this.#incident !== null) return this.reopened();
    this.#incident = incident;
    this.#overEvent = null;
    this.#nextAt = this.#ports.nowMs() + EVERY_MS;
    if (this.#suspicion !== null && this.#ports.nowMs() - this.#suspectedAt < SUSPICION_MS) this.#keep(this.#suspicion, incident);
    this.#suspicion = null;
    void this.#take("burst", incident);
  }

  /** The last burst has ended, for now. */
  burstsEnded(): void {
    if (this.#incident === null || this.#nextAt === Number.POSITIVE_INFINITY) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    void this.#take("end", this.#incident);
  }

  /** There is a burst again. */
  reopened(): void {
    if (this.#incident === null || this.#nextAt !== Number.POSITIVE_INFINITY) return;
    this.#nextAt = this.#ports.nowMs() + EVERY_MS;
    void this.#take("burst", this.#incident);
  }

  tick(nowMs: number): void {
    if (this.#incident === null || nowMs < this.#nextAt) return;
    this.#nextAt = nowMs + EVERY_MS;
    void this.#take("during", this.#incident);
  }

  /** All events are closed: the host counts as well again. */
  eventsOver(): void {
    this.#incident = null;
    this.#nextAt = Number.POSITIVE_INFINITY;
  }

  async #suspect(): Promise<void> {
    const reading = await this.#ports.watch.at("suspect", { signal: this.#ports.signal });
    if (this.#incident === null) this.#suspicion = reading;
    else this.#keep(reading, this.#incident);
  }

  async #take(trigger: "burst" | "during" | "end", incident: Incident): Promise<void> {
    const reading = await this.#ports.watch.at(trigger, { signal: this.#ports.signal, target: incident.address });
    this.#overEvent = reading.overEvent;
    this.#keep(reading, incident);
  }

  #keep(reading: HostReading, incident: Incident): void {
    const { peer, address } = incident;
    const source = this.#ports.sourceOf(address);
    const row = snapshotRow(reading, { id: newId(this.#ports.wallMs()), incidentId: incident.id, peer, target: address, source });
    this.#ports.writer.soon((store) => store.putCapture(row));
  }
}

/**
 * What becomes of each sweep: a row where it belongs (an incident, a baseline, a trace for another node, or for somebody who asked), and a witness for the event of
 * the incident that it shows. Those made before a burst was known are remembered until it is.
 */
import type { Incident } from "../detect/incident.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { SweepReport, WireMessage } from "../wire/messages.ts";
import { AfterTables } from "./after-tables.ts";
import type { Baselines } from "./baselines.ts";
import type { CaptureOrders } from "./capture-orders.ts";
import type { EventCrowd } from "./event-crowd.ts";
import type { EventDesk } from "./event-desk.ts";
import type { RemoteCaptures } from "./remote-captures.ts";
import { sweepRow } from "./sweep-row.ts";
import { SweepSorter, type SorterPorts } from "./sweep-sorter.ts";

export interface SweepDeskPorts extends SorterPorts {
  readonly sourceOf: (address: string) => string | null;
  readonly baselines: Pick<Baselines, "put">;
  readonly events: Pick<EventDesk, "sweep">;
  readonly orders: Pick<CaptureOrders, "pathKnown">;
  readonly remote: Pick<RemoteCaptures, "sweep">;
  readonly crowd: Pick<EventCrowd, "traced">;
  /** A sweep that somebody asked for; whoever is told keeps it. */
  readonly onRequested?: ((row: CaptureRow) => void) | undefined;
}

export class SweepDesk {
  readonly #ports: SweepDeskPorts;
  readonly #sorter: SweepSorter;
  readonly #afters = new AfterTables();
  /** The last sweep of a suspicion, and the last that the peer asked for, by peer. */
  readonly #suspicions = new Map<string, SweepReport>();
  readonly #forPeers = new Map<string, SweepReport>();
  /** What sweeps say of the clock of their peer. */
  readonly #clocks = new Map<string, CaptureRow["facts"]>();
  #epoch = 0;

  constructor(ports: SweepDeskPorts) {
    this.#ports = ports;
    this.#sorter = new SweepSorter(ports);
  }

  wireStarted(epoch: number): void {
    this.#epoch = epoch;
    this.#clocks.clear();
  }

  /** `current` is the last incident of its peer, closed or not. */
  take(report: SweepReport, current: Incident | null): void {
    const { orders, events, baselines, crowd, writer } = this.#ports;
    const row = this.#row(report);
    if (row.reached === true) orders.pathKnown(report.peer, row.hops);
    if (report.trigger === "remote") return this.#remote(report, row, current);
    if (report.trigger === "request") {
      // Of a path that is whole again it must not be shown as taken during the fault.
      const isOpen = current?.phase === "open";
      this.#ports.onRequested?.({ ...row, incidentId: isOpen ? current.id : null });
      if (!isOpen) return;
    }
    if (report.trigger === "suspect") this.#suspicions.set(report.peer, report);
    if (current !== null) events.sweep(current.id, report);
    if (report.trigger === "baseline") return baselines.put(row, report);
    if (report.trigger === "after") {
      const table = this.#afters.add(row, report);
      if (table !== null) writer.soon((store) => store.putCapture(table));
      return;
    }
    if (report.trigger !== "request") this.#sorter.sort(row, current);
    if (row.status !== "skipped" && current?.phase === "open") crowd.traced(current.id);
  }

  /** A sweep towards a host that is no peer: whoever asked for it keeps it. */
  takeOfGuest(report: SweepReport): void {
    this.#ports.onRequested?.(this.#row(report));
  }

  /** The clocks of peers against ours: evidence that lets the records of two nodes be aligned later. */
  peerClocks({ zeroMs, clocks }: Omit<Extract<WireMessage, { kind: "peer-clocks" }>, "kind">): void {
    for (const { peer, epoch, offsetUs, errorUs } of clocks)
      this.#clocks.set(peer, {
        peer_clock: { offset_us: offsetUs, error_us: errorUs, epoch, own_epoch: this.#epoch, own_zero_at: new Date(zeroMs).toISOString() },
      });
  }

  /** Rows of the sweeps whose suspicion turned out to be this incident. */
  takeSuspicions(incident: Incident): CaptureRow[] {
    return this.#sorter.takeSuspicions(incident);
  }

  /** A burst is known: what was swept since it began testifies too. */
  witness(incident: Incident): void {
    for (const before of [this.#suspicions.get(incident.peer), this.#forPeers.get(incident.peer)])
      if (before !== undefined && isOfBurst(before, incident)) this.#ports.events.sweep(incident.id, before);
  }

  afterOrdered(incident: Incident): void {
    this.#afters.ordered(incident);
  }

  /** Traces after a burst, of one peer or of all, get no more sweeps. */
  endAfters(reason: string, peer?: string): void {
    for (const row of this.#afters.end(reason, peer)) this.#ports.writer.soon((store) => store.putCapture(row));
  }

  forget(peer: string): void {
    this.#suspicions.delete(peer);
    this.#forPeers.delete(peer);
    this.#clocks.delete(peer);
  }

  /** Asked for before our own incident opened, and maybe told of after. */
  #remote(report: SweepReport, row: CaptureRow, current: Incident | null): void {
    const isOurs = current !== null && isOfBurst(report, current);
    this.#forPeers.set(report.peer, report);
    this.#ports.remote.sweep({ ...row, incidentId: isOurs ? current.id : null });
    if (isOurs) this.#ports.events.sweep(current.id, report);
  }

  #row(report: SweepReport): CaptureRow {
    const facts = report.trigger === "baseline" ? {} : (this.#clocks.get(report.peer) ?? {});
    return { ...sweepRow(report, { epoch: this.#epoch, source: this.#ports.sourceOf(report.target) }), facts };
  }
}

/** Made while the last burst of the incident was on. */
function isOfBurst({ startedMs, skipped }: SweepReport, incident: Incident): boolean {
  return skipped === null && incident.phase === "open" && startedMs >= (incident.bursts.at(-1)?.startedMs ?? incident.startedMs);
}

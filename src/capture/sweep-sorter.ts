/** Where a sweep belongs: it is evidence of an incident, or it waits for the burst that its suspicion may turn into. Baselines are `Baselines`' own, traces after a burst `AfterTables`'. */
import type { Incident } from "../detect/incident.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";

/** Sweeps of a suspicion wait this long for the burst that they belong to. */
const SUSPICION_MS = 15_000;

export interface SorterPorts {
  readonly writer: EvidenceWriter;
  /** Wall clock, ms. */
  readonly wallMs: () => number;
}

export class SweepSorter {
  readonly #ports: SorterPorts;
  /** Sweeps that wait, by peer. */
  readonly #suspicions = new Map<string, CaptureRow[]>();

  constructor(ports: SorterPorts) {
    this.#ports = ports;
  }

  /** Keeps the row where it belongs. `current` is the last incident of its peer, closed or not. */
  sort(row: CaptureRow, current: Incident | null): void {
    // A suspicion while no burst is open waits for the burst that may follow: it must not be shown as taken during one.
    const belongs = row.trigger === "suspect" ? current?.phase === "open" : current?.phase !== "closed";
    if (current !== null && belongs) return this.#ports.writer.soon((store) => store.putCapture({ ...row, incidentId: current.id }));
    if (row.trigger === "suspect" && row.status !== "skipped") this.#wait(row);
  }

  /** The sweeps whose suspicion turned out to be this incident; those of earlier ones are forgotten. */
  takeSuspicions(incident: Incident): CaptureRow[] {
    const rows = this.#suspicions.get(incident.peer) ?? [];
    this.#suspicions.delete(incident.peer);
    return rows.filter((row) => row.startedMs >= incident.startedMs).map((row) => ({ ...row, incidentId: incident.id }));
  }

  #wait(row: CaptureRow): void {
    const nowMs = this.#ports.wallMs();
    const others = this.#suspicions.get(row.peer) ?? [];
    const recent = others.filter((other) => other.id !== row.id && Math.abs(nowMs - other.startedMs) < SUSPICION_MS);
    this.#suspicions.set(row.peer, [...recent, row]);
  }
}

/**
 * Which captures are asked for when, over the life of an incident: one full capture at a burst, from the budget, again while it lasts, the trace after it, and
 * sweeps in place of an mtr that cannot be run. The sweeps of a suspicion and of the first moments of a burst are the wire's own: no message could be in time.
 */
import type { Config } from "../config/config.ts";
import type { Incident } from "../detect/incident.ts";
import type { FactLog } from "../fact-log.ts";
import type { Hop } from "../path/hop.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { AgentCommand } from "../wire/messages.ts";
import { CaptureBudget, recaptureAt } from "./capture-budget.ts";
import type { After } from "./event-crowd.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { newId } from "./ids.ts";
import { MtrQueue, mtrRow, type MtrPorts, type MtrRequest } from "./mtr-queue.ts";
import { say } from "../phrases/evidence.ts";

/** Without mtr, on the machine or by the configuration, sweeps at one a second take its place; as many as mtr has cycles. */
const SWEEP_INSTEAD_MS = 1_000;
const SWEEPS_INSTEAD = 75;

export interface CapturePorts {
  readonly writer: EvidenceWriter;
  readonly send: (command: AgentCommand) => void;
  /** Wall clock, ms; labels only. */
  readonly wallMs: () => number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly log: Pick<FactLog, "info" | "warn">;
  readonly sourceOf: (address: string) => string | null;
  /** What the trace after an incident shall be. */
  readonly afterOf: (incident: Incident) => After;
  /** That trace was ordered. */
  readonly onAfter: (incident: Incident) => void;
  /** Default: the machine's mtr. */
  readonly startMtr?: MtrPorts["start"];
}

/** What is still to come for an incident that is not closed. */
interface Plan {
  recaptures: number;
  /** When (monotonic) the trace after the burst, and the end of mtr, are due; null while the burst lasts, and once they were. */
  afterAt: number | null;
  coolAt: number | null;
  sweepInstead: { left: number; nextAt: number } | null;
}

export class CaptureOrders {
  readonly #config: Pick<Config, "capture" | "detect">;
  readonly #ports: CapturePorts;
  readonly #budget: CaptureBudget;
  readonly #mtr: MtrQueue;
  readonly #plans = new Map<string, Plan>();
  /** Hops of the last sweep that reached a peer. */
  readonly #paths = new Map<string, readonly Hop[]>();
  #mtrMissing = false;

  constructor(config: Pick<Config, "capture" | "detect">, ports: CapturePorts) {
    this.#config = config;
    this.#ports = ports;
    this.#budget = new CaptureBudget(config.capture);
    this.#mtr = new MtrQueue({
      put: (row) => ports.writer.now((store) => store.putCapture(row)),
      append: (chunk) => ports.writer.now((store) => store.appendLines(chunk)),
      send: ports.send,
      pathOf: (peer) => this.#paths.get(peer) ?? [],
      nowMs: ports.wallMs,
      onMissing: (request) => this.#withoutMtr(request),
      ...(ports.startMtr === undefined ? {} : { start: ports.startMtr }),
    });
  }

  /** The one queue of the node, for all that may run mtr. */
  get mtr(): MtrQueue {
    return this.#mtr;
  }

  /** mtr was asked for and could not be run on this machine. */
  get mtrMissing(): boolean {
    return this.#mtrMissing;
  }

  /** A sweep reached the peer by these hops: an mtr may have waited for that. */
  pathKnown(peer: string, hops: readonly Hop[]): void {
    this.#paths.set(peer, hops);
    this.#mtr.pump();
  }

  opened(incident: Incident): void {
    this.#plans.set(incident.id, { recaptures: 0, afterAt: null, coolAt: null, sweepInstead: null });
    this.#capture(incident, "burst");
  }

  /** Another burst while it cooled: what was due after the one before is called off. */
  reopened(incident: Incident): void {
    const plan = this.#plans.get(incident.id);
    if (plan !== undefined) {
      plan.afterAt = null;
      plan.coolAt = null;
    }
    this.#mtr.burstBegan(incident.id);
    this.#capture(incident, "burst");
  }

  burstEnded(incident: Incident): void {
    this.#mtr.burstEnded(incident.id);
    const plan = this.#plans.get(incident.id);
    if (plan === undefined || incident.burstEndedAt === null) return;
    plan.afterAt = incident.burstEndedAt + this.#config.capture.afterMs;
    plan.coolAt = incident.burstEndedAt + this.#config.detect.coolingMs;
    plan.sweepInstead = null;
  }

  closed(incident: Incident): void {
    this.#mtr.burstEnded(incident.id);
    this.#mtr.stop(incident.id);
    this.#plans.delete(incident.id);
  }

  /** What time alone makes due for an incident that is not closed; `nowMs` is monotonic. */
  tick(incident: Incident, nowMs: number): void {
    const plan = this.#plans.get(incident.id);
    if (plan === undefined) return;
    if (plan.coolAt !== null && nowMs >= plan.coolAt) {
      plan.coolAt = null;
      this.#mtr.stop(incident.id);
    }
    if (plan.afterAt !== null && nowMs >= plan.afterAt) {
      plan.afterAt = null;
      this.#after(incident);
    }
    if (incident.phase !== "open") return;
    if (plan.sweepInstead !== null && plan.sweepInstead.left > 0 && nowMs >= plan.sweepInstead.nextAt) {
      plan.sweepInstead = { left: plan.sweepInstead.left - 1, nextAt: nowMs + SWEEP_INSTEAD_MS };
      this.#ports.send({ kind: "sweep", peer: incident.peer, trigger: "burst" });
    }
    if (nowMs >= recaptureAt(incident.openedAt, plan.recaptures)) {
      plan.recaptures++;
      this.#ports.send({ kind: "sweep", peer: incident.peer, trigger: "recapture" });
      this.#capture(incident, "recapture");
    }
  }

  /** Stops what runs and waits for it. */
  async close(): Promise<void> {
    await this.#mtr.close();
  }

  #after(incident: Incident): void {
    const after = this.#ports.afterOf(incident);
    if ("cycles" in after) {
      this.#ports.onAfter(incident);
      return this.#ports.send({ kind: "trace-after", peer: incident.peer, cycles: after.cycles });
    }
    const row: CaptureRow = {
      ...mtrRow(this.#request(incident, "after")),
      kind: "sweep",
      phase: "after",
      tool: "meshprobe sweep",
      status: "skipped",
      reason: after.reason,
    };
    this.#ports.writer.soon((store) => store.putCapture(row));
  }

  /** One full capture by mtr, from the budget; the sweeps at the burst are the wire's. */
  #capture(incident: Incident, trigger: "burst" | "recapture"): void {
    if (this.#mtr.has(incident.id)) return;
    const request = this.#request(incident, trigger);
    const refused = this.#budget.take(incident.peer, this.#ports.nowMs());
    if (refused !== null) return this.#skip(request, refused);
    if (!this.#config.capture.mtr) return this.#sweepInstead(incident.id);
    if (incident.address.includes("%")) {
      this.#sweepInstead(incident.id);
      return this.#skip(request, say("sweepsInstead"));
    }
    if (this.#mtrMissing) this.#sweepInstead(incident.id);
    this.#mtr.request(request);
  }

  #request(incident: Incident, trigger: MtrRequest["trigger"]): MtrRequest {
    const requestedMs = this.#ports.wallMs();
    return {
      captureId: newId(requestedMs),
      owner: incident.id,
      incidentId: incident.id,
      askedBy: null,
      peer: incident.peer,
      address: incident.address,
      source: this.#ports.sourceOf(incident.address),
      trigger,
      requestedMs,
    };
  }

  #skip(request: MtrRequest, reason: string): void {
    const row: CaptureRow = { ...mtrRow(request), status: "skipped", reason };
    this.#ports.writer.soon((store) => store.putCapture(row));
  }

  #withoutMtr(request: MtrRequest): void {
    if (!this.#mtrMissing) this.#ports.log.warn({}, "mtr cannot be run; sweeps at one a second take its place (apt-get install mtr-tiny)");
    this.#mtrMissing = true;
    if (request.incidentId !== null) this.#sweepInstead(request.incidentId);
  }

  #sweepInstead(incidentId: string): void {
    const plan = this.#plans.get(incidentId);
    if (plan !== undefined) plan.sweepInstead = { left: SWEEPS_INSTEAD, nextAt: this.#ports.nowMs() };
  }
}

/**
 * Traces made because another node asked: its probes told, authenticated, that it has an incident with us. One sweep at once and one short mtr, to the address of
 * that peer in our own configuration and never to where the request came from: nobody can aim us at a third.
 *
 * An echo is lost whichever way it was lost, so an incident of the peer is mostly ours as well, and our own detector only a moment behind the request. The mtr
 * waits for that moment. When our own incident opens, its captures take over, marked as asked for: two nodes in each other's incident trace once each.
 *
 * What is refused is stored as a skipped sweep and not only logged: who reads the peer's incident looks here for the way back, and must find why there is none.
 * It is tried again while the peer goes on asking: a fault that outlives the limit is traced after all. What was answered once is answered.
 */
import type { Config } from "../config/config.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { WireMessage } from "../wire/messages.ts";
import type { CapturePorts } from "./capture-orders.ts";
import { newId } from "./ids.ts";
import { mtrRow, type MtrQueue, type MtrRequest } from "./mtr-queue.ts";
import { say } from "../phrases/evidence.ts";

/** For one peer, also for rows that say why there was none. */
const EVERY_MS = 60_000;
/** For all peers together. */
const MAX_AT_ONCE = 3;
const CYCLES = 10;
/** From the request to the mtr: a burst that hits both ends is an incident of our own by then. */
const MTR_AFTER_MS = 500;
/** An mtr that waits this long for others would hardly see the burst that it was asked for. */
const PATIENCE_MS = 10_000;
/** A burst of ours that is noticed within this time of a request is the one that the peer told of. */
const SAME_BURST_MS = 5_000;
/** A sweep is over by then. */
const SWEEP_MS = 1_000;

export type Asked = Omit<Extract<WireMessage, { kind: "asked" }>, "kind">;

export interface RemotePorts extends Pick<CapturePorts, "writer" | "send" | "wallMs" | "nowMs" | "log" | "sourceOf"> {
  readonly mtr: Pick<MtrQueue, "request" | "has" | "burstEnded" | "stop">;
  /** In our configuration; null or empty while its name has not been resolved. */
  readonly addressOf: (peer: string) => string | null;
  /** The last sweep for this peer's sake that is stored: what an agent before us has answered is answered. */
  readonly lastRemote: (peer: string) => CaptureRow | null;
}

/** The newest request of a peer. */
interface Newest {
  readonly asked: Pick<Asked, "epoch" | "incident">;
  /** When it came first (monotonic ms). */
  readonly at: number;
  /** What a limit has kept from being done: all of it, or the sweep alone, for which the hop budget had no packets. */
  missing: "all" | "sweep" | null;
  /** It was said that something is missing. */
  told: boolean;
}

interface Trace {
  readonly asked: Asked;
  readonly address: string;
  /** For the mtr queue. */
  readonly owner: string;
  /** Monotonic ms. */
  readonly startedAt: number;
  mtrAsked: boolean;
}

/** As rows and reports name it. */
export function askedBy({ peer, incident }: Pick<Asked, "peer" | "incident">): string {
  return `${peer} incident ${incident}`;
}

export class RemoteCaptures {
  readonly #config: Pick<Config, "capture">;
  readonly #ports: RemotePorts;
  /** Under way, by peer. */
  readonly #traces = new Map<string, Trace>();
  readonly #newest = new Map<string, Newest>();
  /** The one that was traced last, and when (monotonic ms) one was traced or refused. */
  readonly #traced = new Map<string, Asked>();
  readonly #tracedAt = new Map<string, number>();
  readonly #refusedAt = new Map<string, number>();

  constructor(config: Pick<Config, "capture">, ports: RemotePorts) {
    this.#config = config;
    this.#ports = ports;
  }

  /** Whether there is something to do about a request: it is newer than every one of this peer, or a limit was in its way before. */
  isDue(asked: Asked): boolean {
    const { peer, epoch, incident } = asked;
    const newest = this.#newestOf(peer);
    if (newest?.asked.epoch === epoch && newest.asked.incident === incident) return newest.missing !== null;
    if (newest !== null && (epoch < newest.asked.epoch || (epoch === newest.asked.epoch && incident < newest.asked.incident))) return false;
    this.#newest.set(peer, { asked, at: this.#ports.nowMs(), missing: null, told: false });
    return true;
  }

  /** Our own captures are what a request asked for. */
  settled(peer: string): void {
    const newest = this.#newest.get(peer);
    if (newest !== undefined) newest.missing = null;
  }

  /** Traces back, unless the limits forbid it. */
  answer(asked: Asked): void {
    const { peer } = asked;
    const nowMs = this.#ports.nowMs();
    const missing = this.#newest.get(peer)?.missing ?? null;
    this.settled(peer);
    if (missing === "sweep" && this.#traced.has(peer)) return this.#ports.send({ kind: "sweep", peer, trigger: "remote" });
    const address = this.#ports.addressOf(peer) ?? "";
    const refused = address === "" ? say("noAddress") : this.#refusal(peer, nowMs);
    if (refused !== null) return this.#refuse(asked, { address, reason: refused, nowMs });
    this.#tracedAt.set(peer, nowMs);
    this.#traced.set(peer, asked);
    this.#traces.set(peer, { asked, address, owner: `remote-${newId(this.#ports.wallMs())}`, startedAt: nowMs, mtrAsked: false });
    this.#ports.send({ kind: "sweep", peer, trigger: "remote" });
    this.#ports.log.info({ peer, address, asked_by: askedBy(asked) }, "traced back for another node");
  }

  /** A sweep with the trigger "remote" has something to tell. It belongs to no incident of ours. */
  sweep(row: CaptureRow): void {
    const asked = this.#traced.get(row.peer);
    if (asked === undefined) return;
    const isNewest = this.#newest.get(row.peer)?.asked === asked;
    if (row.status === "skipped" && isNewest && !this.#tell(row.peer, "sweep")) return;
    this.#ports.writer.soon((store) => store.putCapture({ ...row, askedBy: askedBy(asked), facts: { ...row.facts, ...factsOf(asked) } }));
  }

  /** Our own incident with this peer has a burst: what runs for the peer's sake ends. Returns who asked for what is captured now, null when nobody did. */
  handOver(peer: string): string | null {
    const trace = this.#traces.get(peer);
    this.#traces.delete(peer);
    if (trace !== undefined) {
      this.#ports.mtr.burstEnded(trace.owner);
      this.#ports.mtr.stop(trace.owner);
    }
    const newest = this.#newest.get(peer);
    if (newest === undefined || this.#ports.nowMs() - newest.at >= SAME_BURST_MS) return null;
    newest.missing = null;
    return askedBy({ peer, ...newest.asked });
  }

  get isIdle(): boolean {
    return this.#traces.size === 0;
  }

  /** Called a few times a second unless idle; `nowMs` is monotonic. */
  tick(nowMs: number): void {
    for (const [peer, trace] of this.#traces) {
      const ageMs = nowMs - trace.startedAt;
      if (ageMs < MTR_AFTER_MS) continue;
      if (!trace.mtrAsked) {
        trace.mtrAsked = true;
        this.#mtr(trace);
      }
      if (ageMs >= PATIENCE_MS) this.#ports.mtr.burstEnded(trace.owner);
      if (ageMs >= SWEEP_MS && !this.#ports.mtr.has(trace.owner)) this.#traces.delete(peer);
    }
  }

  #refusal(peer: string, nowMs: number): string | null {
    const tracedAt = this.#tracedAt.get(peer);
    if (tracedAt !== undefined && nowMs - tracedAt < EVERY_MS) return say("tracedLately");
    if (this.#traces.size < MAX_AT_ONCE) return null;
    return say("tracesForOthers", { n: MAX_AT_ONCE, peers: [...this.#traces.keys()].join(", ") });
  }

  #refuse(asked: Asked, why: { readonly address: string; readonly reason: string; readonly nowMs: number }): void {
    const { peer } = asked;
    const { address, reason, nowMs } = why;
    if (!this.#tell(peer, "all")) return;
    this.#ports.log.info({ peer, asked_by: askedBy(asked), reason }, "not traced for another node");
    const refusedAt = this.#refusedAt.get(peer);
    if (refusedAt !== undefined && nowMs - refusedAt < EVERY_MS) return;
    this.#refusedAt.set(peer, nowMs);
    const row = mtrRow(this.#request(asked, { address, owner: "" }));
    const sweep: CaptureRow = { ...row, kind: "sweep", tool: "meshprobe sweep", status: "skipped", reason };
    this.#ports.writer.soon((store) => store.putCapture(sweep));
  }

  /** Something of the newest request is missing; true once for each request. */
  #tell(peer: string, missing: "all" | "sweep"): boolean {
    const newest = this.#newest.get(peer);
    if (newest === undefined) return false;
    newest.missing = missing;
    const isFirst = !newest.told;
    newest.told = true;
    return isFirst;
  }

  /** Of this agent, or as the one before us left it. */
  #newestOf(peer: string): Newest | null {
    const known = this.#newest.get(peer);
    if (known !== undefined) return known;
    const row = this.#ports.lastRemote(peer);
    const asked = readAsked(row);
    if (row === null || asked === null) return null;
    const newest: Newest = { asked, at: Number.NEGATIVE_INFINITY, missing: row.status === "skipped" ? "all" : null, told: true };
    this.#newest.set(peer, newest);
    return newest;
  }

  #mtr(trace: Trace): void {
    const request = this.#request(trace.asked, trace);
    const obstacle = !this.#config.capture.mtr ? say("mtrOff") : trace.address.includes("%") ? say("zone") : null;
    if (obstacle === null) return this.#ports.mtr.request(request);
    this.#ports.writer.soon((store) => store.putCapture({ ...mtrRow(request), status: "skipped", reason: obstacle }));
  }

  #request(asked: Asked, { address, owner }: Pick<Trace, "address" | "owner">): MtrRequest {
    const requestedMs = this.#ports.wallMs();
    return {
      captureId: newId(requestedMs),
      owner,
      incidentId: null,
      askedBy: askedBy(asked),
      peer: asked.peer,
      address,
      source: this.#ports.sourceOf(address),
      trigger: "remote",
      cycles: CYCLES,
      facts: factsOf(asked),
      requestedMs,
    };
  }
}

/** Kept with what it led to, so that it is not answered again. */
function factsOf({ epoch, incident }: Asked): CaptureRow["facts"] {
  return { asked_epoch: epoch, asked_incident: incident };
}

function readAsked(row: CaptureRow | null): Pick<Asked, "epoch" | "incident"> | null {
  const epoch = row?.facts["asked_epoch"];
  const incident = row?.facts["asked_incident"];
  return typeof epoch === "number" && typeof incident === "number" ? { epoch, incident } : null;
}

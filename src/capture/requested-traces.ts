/**
 * Traces that a person asks for: one sweep and one short mtr, now, to a peer of the configuration; with `trace.allow: any` to any address, which the wire then has
 * as a guest. They are bound by the same hop budget and the same rule of one mtr through a hop as all others, and give way to those of incidents: evidence is worth
 * more than curiosity. What is captured is stored with the trigger "request", and belongs to the incident that has a burst just now, if any.
 */
import { addressProblem, isIpLiteral } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import type { FactLog } from "../fact-log.ts";
import { say } from "../phrases/control.ts";
import { say as sayEvidence } from "../phrases/evidence.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { AgentCommand } from "../wire/messages.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { newId } from "./ids.ts";
import { mtrRow, type MtrQueue, type MtrRequest } from "./mtr-queue.ts";

/** At once, for all who ask. */
export const MAX_REQUESTED = 2;
const CYCLES = 10;
/** A sweep is over after two seconds, or refused at once. */
const SWEEP_PATIENCE_MS = 6_000;
/** An mtr that shares hops with another waits for it; that of an incident may take a minute and a half. */
const MTR_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 250;
const SAY_EVERY_MS = 1_000;

/** Why nothing is traced, for the one who asked. */
export class TraceRefusal extends Error {
  override readonly name = "TraceRefusal";
}

export interface RequestedTrace {
  readonly peer: string;
  readonly address: string;
  /** In the store; what did not come about has no row. */
  readonly captures: readonly string[];
  readonly notes: readonly string[];
}

export interface RequestPorts {
  readonly mtr: Pick<MtrQueue, "request" | "burstEnded" | "stop" | "stateOf">;
  readonly writer: EvidenceWriter;
  readonly send: (command: AgentCommand) => void;
  readonly sourceOf: (address: string) => string | null;
  /** Names and addresses of the peers that are probed; the address is empty while it is not known. */
  readonly peers: () => readonly { readonly name: string; readonly address: string }[];
  readonly wallMs: () => number;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Pick<FactLog, "info">;
}

export interface RequestTalk {
  readonly progress: (text: string) => void;
  /** Aborted when the one who asked is gone. */
  readonly signal: AbortSignal;
}

interface Target {
  readonly name: string;
  readonly address: string;
  readonly isPeer: boolean;
}

interface Trace extends Target {
  /** Kept with what it captures, so that a reader knows what belongs together. */
  readonly id: string;
  /** The newest state of its sweep. */
  sweep: CaptureRow | null;
}

export class RequestedTraces {
  readonly #config: Pick<Config, "capture" | "trace">;
  readonly #ports: RequestPorts;
  /** By peer. */
  readonly #traces = new Map<string, Trace>();

  constructor(config: Pick<Config, "capture" | "trace">, ports: RequestPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  /** A sweep with the trigger "request" has something to tell. */
  sweep(row: CaptureRow): void {
    const trace = this.#traces.get(row.peer);
    if (trace !== undefined) trace.sweep = row;
    const facts = trace === undefined ? row.facts : { ...row.facts, request: trace.id };
    this.#ports.writer.soon((store) => store.putCapture({ ...row, facts }));
  }

  /** Throws TraceRefusal. */
  async trace(wanted: string, talk: RequestTalk): Promise<RequestedTrace> {
    const target = this.#target(wanted);
    if (this.#traces.has(target.name)) throw new TraceRefusal(say("tracedAlready", { peer: target.name }));
    if (this.#traces.size >= MAX_REQUESTED) throw new TraceRefusal(say("tooManyAsked", { n: MAX_REQUESTED }));
    const trace: Trace = { ...target, id: newId(this.#ports.wallMs()), sweep: null };
    this.#traces.set(target.name, trace);
    this.#ports.log.info({ peer: target.name, address: target.address }, "traced because somebody asked");
    if (!target.isPeer) this.#tellGuests();
    try {
      const notes: string[] = [];
      const sweep = await this.#sweep(trace, notes, talk);
      const mtr = await this.#mtr(trace, talk);
      this.#ports.writer.flush();
      return { peer: target.name, address: target.address, captures: [...sweep, ...mtr], notes };
    } finally {
      this.#traces.delete(target.name);
      if (!target.isPeer) this.#tellGuests();
    }
  }

  /** Whom the wire may sweep though they are no peers. */
  #tellGuests(): void {
    this.#ports.send({ kind: "guests", addresses: [...this.#traces.values()].flatMap(({ isPeer, address }) => (isPeer ? [] : [address])) });
  }

  #target(wanted: string): Target {
    const peer = this.#ports.peers().find(({ name, address }) => name === wanted || (address === wanted && address !== ""));
    if (peer !== undefined) {
      if (peer.address === "") throw new TraceRefusal(say("unresolved", { peer: peer.name }));
      return { ...peer, isPeer: true };
    }
    if (this.#config.trace.allow !== "any") throw new TraceRefusal(say("peersAllowed", { wanted }));
    if (!isIpLiteral(wanted)) throw new TraceRefusal(say("addressNeeded", { wanted }));
    const problem = addressProblem(wanted);
    if (problem !== null) throw new TraceRefusal(`${wanted} ${problem}`);
    return { name: wanted, address: wanted, isPeer: false };
  }

  async #sweep(trace: Trace, notes: string[], { progress, signal }: RequestTalk): Promise<string[]> {
    const { nowMs, send, pause } = this.#ports;
    send({ kind: "sweep", peer: trace.name, trigger: "request" });
    const startedMs = nowMs();
    const tell = everySecond(progress);
    for (let ageMs = 0; ageMs <= SWEEP_PATIENCE_MS && !signal.aborted; ageMs = nowMs() - startedMs) {
      const { sweep: row } = trace;
      if (row !== null && (row.finishedMs !== null || row.status === "skipped")) return [row.id];
      tell(ageMs, (seconds) => say("sweeping", { n: seconds }));
      await pause(LOOK_EVERY_MS);
    }
    if (!signal.aborted) notes.push(say("noSweep"));
    return [];
  }

  async #mtr(trace: Trace, { progress, signal }: RequestTalk): Promise<string[]> {
    const { mtr, wallMs, nowMs, pause, writer } = this.#ports;
    if (signal.aborted) return [];
    const { address } = trace;
    const request = this.#mtrRequest(trace);
    const obstacle = !this.#config.capture.mtr ? sayEvidence("mtrOff") : address.includes("%") ? sayEvidence("zone") : null;
    if (obstacle !== null) {
      writer.soon((store) => store.putCapture({ ...mtrRow(request), status: "skipped", reason: obstacle, finishedMs: wallMs() }));
      return [request.captureId];
    }
    mtr.request(request);
    const { owner } = request;
    const startedMs = nowMs();
    const tell = everySecond(progress);
    for (let state = mtr.stateOf(owner); state !== "over"; state = mtr.stateOf(owner)) {
      const ageMs = nowMs() - startedMs;
      // Skipped with its reason while it waits; one that runs goes on, and gives way.
      if (state === "waiting" && (ageMs > MTR_PATIENCE_MS || signal.aborted)) mtr.burstEnded(owner);
      else if (signal.aborted) mtr.stop(owner);
      const words = (n: number): string => (state === "waiting" ? say("waiting", { n }) : say("running", { of: CYCLES + 5, n }));
      tell(ageMs, words);
      await pause(LOOK_EVERY_MS);
    }
    return [request.captureId];
  }

  #mtrRequest({ id, name: peer, address, isPeer, sweep }: Trace): MtrRequest {
    const requestedMs = this.#ports.wallMs();
    const captureId = newId(requestedMs);
    return {
      captureId,
      owner: `request-${captureId}`,
      incidentId: null,
      askedBy: null,
      peer,
      address,
      source: this.#ports.sourceOf(address),
      trigger: "request",
      facts: { request: id },
      ...(isPeer ? {} : { path: sweep?.reached === true ? sweep.hops : [] }),
      cycles: CYCLES,
      yields: true,
      requestedMs,
    };
  }
}

/** Says where it stands when another second has begun; it is also the sign of life for the one who waits. */
function everySecond(progress: (text: string) => void): (ageMs: number, words: (seconds: number) => string) => void {
  let said = -1;
  return (ageMs, words) => {
    const seconds = Math.floor(ageMs / SAY_EVERY_MS);
    if (seconds !== said) progress(words(seconds));
    said = seconds;
  };
}

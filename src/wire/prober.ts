/**
 * The heart of the wire, and the order in which things happen there: what has arrived is read first, then deadlines are judged, then new probes go out. One
 * tick every ten or twenty milliseconds, and one call per packet in between.
 *
 *   Sender → network → Inbox → Replies → Judge → Detector → Episodes: bursts, sweeps, slices of the recorder
 *
 * A late tick, a socket that overflowed or a clock that slept says something about us and nothing about the network: what would be judged there is censored.
 */
import type { Clock } from "./clock.ts";
import type { AgentCommand, WireMessage, WireSettings } from "./messages.ts";
import { buildParts, tickFor, LATE_REPLY_MS, type Parts, type ProberPorts } from "./parts.ts";

/** A tick that comes later after its time than this judges nothing: its deadlines passed while we did not run. */
const LATE_TICK_US = 10_000;
/** A tick later than this was a stall: a blind interval. */
const BLIND_US = 100_000;
const SECOND_US = 1_000_000;

export class Prober {
  readonly #clock: Clock;
  readonly #post: (message: WireMessage) => void;
  readonly #hardUs: number;
  readonly #parts: Parts;
  #nextSecondUs: number;

  constructor(settings: WireSettings, ports: ProberPorts) {
    this.#clock = ports.clock;
    this.#post = ports.post;
    this.#hardUs = settings.timeoutMs * 1000;
    this.#nextSecondUs = ports.clock.nowUs() + SECOND_US;
    this.#parts = buildParts(settings, ports);
  }

  /** How often `tick` wants to be called. */
  get tickMs(): number {
    const { mesh, canaries } = this.#parts.roster;
    return tickFor([...mesh, ...canaries]);
  }

  /** Process groups that must not outlive the agent. */
  get mtrPids(): readonly number[] {
    return this.#parts.orders.mtrPids;
  }

  /** One packet from a socket, at any time. */
  receive(family: 4 | 6, bytes: Buffer, length: number, source: string): void {
    this.#parts.inbox.take(family, bytes, length, source);
  }

  /** Called every `tickMs`. */
  tick(): void {
    const { readiness, drain, blindness, judge, sender, hearing, schedule, sweeper, standing, overdue, freshIds, rollups, firstReplies } =
      this.#parts;
    const nowUs = this.#clock.nowUs();
    const { sinceUs, lagUs } = readiness.ticked(nowUs);
    drain.all();
    readiness.accountWaiting();
    const stalled = lagUs > BLIND_US;
    if (stalled) blindness.stalled(sinceUs, nowUs);
    else blindness.tellStall();
    judge.overdue(nowUs, lagUs > LATE_TICK_US);
    judge.settle(nowUs, stalled);
    sender.due(nowUs);
    if (drain.requests()) hearing.deafened();
    schedule.tick(nowUs);
    sweeper.tick(nowUs);
    standing.tick(nowUs);
    overdue.tick(nowUs);
    freshIds.ask(nowUs);
    rollups.tick(nowUs);
    firstReplies.send();
    if (nowUs >= this.#nextSecondUs) this.#everySecond(nowUs);
    readiness.left(this.#clock.nowUs());
  }

  command(command: AgentCommand): void {
    this.#parts.orders.obey(command);
  }

  /** A socket failed and was replaced: what was in flight cannot be judged. */
  socketReplaced(reason: string): void {
    const nowUs = this.#clock.nowUs();
    this.#parts.hearing.deafened();
    this.#parts.blindness.socketReplaced(nowUs, { reason, sentSinceUs: nowUs - this.#hardUs });
  }

  /** Posts what is known; call before the process ends. */
  stop(): void {
    const { drain, blindness, firstReplies, rollups, bursts, slices } = this.#parts;
    const nowUs = this.#clock.nowUs();
    drain.all();
    blindness.tellStall();
    firstReplies.send();
    rollups.flush();
    bursts.report(nowUs, nowUs);
    slices.send(nowUs, nowUs);
  }

  #everySecond(nowUs: number): void {
    const { blindness, bursts, slices, schedule, roster, firstReplies, hearing, peerClocks, inbox, sender } = this.#parts;
    this.#nextSecondUs = nowUs + SECOND_US;
    const clocks = this.#clock.look();
    if (clocks.stepMs !== 0) this.#post({ kind: "clock-step", atMs: this.#clock.wallMs(nowUs), stepMs: Math.round(clocks.stepMs) });
    if (clocks.suspendedMs > 0) {
      hearing.deafened();
      blindness.suspended(nowUs, { ms: clocks.suspendedMs, noticedUs: SECOND_US + this.#hardUs });
    }
    blindness.overflowed(nowUs);
    const finalUs = nowUs - this.#hardUs - LATE_REPLY_MS * 1000;
    bursts.report(nowUs, finalUs);
    slices.send(nowUs, finalUs);
    schedule.baselines(roster.mesh, nowUs);
    firstReplies.neverAnswered(nowUs);
    hearing.listen(nowUs);
    peerClocks.tick(nowUs);
    this.#post({
      kind: "alive",
      atMs: this.#clock.wallMs(nowUs),
      foreign: inbox.foreign,
      sendErrors: sender.errors,
      dropped: 0,
      refused: hearing.refused,
    });
  }
}

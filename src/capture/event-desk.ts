/**
 * Judges events: once soon after the first burst, when the first sweeps are in, again whenever more is known, and for the last time when all of its incidents are
 * closed. A verdict that says something new is a new version; the facts it rests on are stored with it, and earlier versions stay. One that only counts more
 * takes the place of its version.
 */
import type { Incident } from "../detect/incident.ts";
import type { FactLog } from "../fact-log.ts";
import { judge } from "../verdict/judge.ts";
import { sentence } from "../verdict/sentence.ts";
import type { EventFacts } from "../verdict/facts.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { Words } from "../verdict/words.ts";
import type { SweepReport } from "../wire/messages.ts";
import { EventFile, type Counters, type EventContext, type StandingMessage } from "./event-file.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import type { HostDesk } from "./host-desk.ts";

/** Sweeps of the burst have answered by then, tc and ip as well. */
const FIRST_MS = 1_000;
/** While it lasts. */
const AGAIN_MS = 5_000;
/** What was on its way when a burst ended has been settled by then, and what hearing tells of it has come. */
const SETTLE_MS = 1_000;
/** Send errors count from the sign of life before the event; its first probes may have been refused up to this long before it was noticed. */
const LIVES_KEPT = 8;

/** A way back that changed this long before the first loss belongs to it. */
const TTL_BEFORE_MS = 5_000;
/** A route that changes for a thousand peers at once. */
const TTL_CHANGES_KEPT = 1_024;

/** Figures that have grown are written down this often while the verdict stays; the facts of a large mesh are a hundred kilobytes. */
const REFRESH_MS = 60_000;
/** Incidents named in a line of the log; an event of a large mesh has a thousand. */
const MAX_LOGGED = 20;
const NOT_JUDGED = { conclusion: "", concludedMs: 0, said: null, writtenAt: 0 } as const;

export interface EventDeskPorts extends EventContext {
  readonly writer: EvidenceWriter;
  readonly log: Pick<FactLog, "info">;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly timeoutMs: number;
  /** Newest version in the store of an event, 0 for none: one that was over may have begun again. */
  readonly lastVersion: (eventId: string) => number;
  readonly host: HostDesk;
  /** A verdict that says something new has been written, on an event with these incidents. */
  readonly onJudged?: (incidents: readonly Incident[]) => void;
}

interface OpenEvent {
  readonly file: EventFile;
  /** Monotonic ms. */
  judgeAt: number;
  version: number;
  /** What the last version says, without its figures, and when it was reached (wall ms). */
  conclusion: string;
  concludedMs: number;
  /** The verdict as it was written last, and when (monotonic). */
  said: { readonly text: string; readonly facts: EventFacts; readonly verdict: Verdict } | null;
  writtenAt: number;
}

interface TtlChange {
  readonly atMs: number;
  readonly before: number;
  readonly now: number;
}

export class EventDesk {
  readonly #ports: EventDeskPorts;
  readonly #events = new Map<string, OpenEvent>();
  /** By incident. */
  readonly #eventOf = new Map<string, OpenEvent>();
  /** The last ones, oldest first: a way back may change moments before the loss is noticed. */
  #ttlChanges: readonly { readonly peer: string; readonly change: TtlChange }[] = [];
  #counters: Counters = { sendErrors: {}, unreachable: {} };
  /** Send errors of the last signs of life, oldest first. */
  #lives: { readonly atMs: number; readonly sendErrors: Readonly<Record<string, number>> }[] = [];

  constructor(ports: EventDeskPorts) {
    this.#ports = ports;
  }

  /** A wire has started: its counters begin at zero. */
  wireStarted(): void {
    this.#counters = { sendErrors: {}, unreachable: {} };
    this.#lives = [];
  }

  /** Once a second from the wire. */
  alive(atMs: number, sendErrors: Readonly<Record<string, number>>): void {
    this.#lives = [...this.#lives, { atMs, sendErrors }].slice(-LIVES_KEPT);
  }

  opened(eventId: string, incident: Incident): void {
    let event = this.#events.get(eventId);
    const nowMs = this.#ports.nowMs();
    if (event === undefined) {
      const before = { sendErrors: this.#errorsBefore(incident.startedMs), unreachable: this.#counters.unreachable };
      event = {
        file: new EventFile(eventId, { context: this.#ports, before }),
        judgeAt: nowMs + FIRST_MS,
        ...NOT_JUDGED,
        version: this.#ports.lastVersion(eventId),
      };
      this.#events.set(eventId, event);
      this.#ports.host.eventOpened(incident);
    }
    event.file.put(incident);
    for (const { peer, change } of this.#ttlChanges)
      if (peer === incident.peer && change.atMs >= incident.startedMs - TTL_BEFORE_MS) event.file.replyTtl(peer, change);
    this.#eventOf.set(incident.id, event);
    event.judgeAt = Math.min(event.judgeAt, nowMs + FIRST_MS);
  }

  /** Anything of it has changed. */
  changed(incident: Incident): void {
    const event = this.#eventOf.get(incident.id);
    if (event === undefined) return;
    const wasOpen = event.file.isOpen;
    event.file.put(incident);
    if (incident.phase === "open") {
      if (!wasOpen) event.judgeAt = this.#ports.nowMs() + FIRST_MS;
      return this.#ports.host.reopened();
    }
    if (!this.#anyOpen()) this.#ports.host.burstsEnded();
    event.judgeAt = Math.min(event.judgeAt, this.#ports.nowMs() + this.#ports.timeoutMs + SETTLE_MS);
  }

  #anyOpen(): boolean {
    return [...this.#events.values()].some(({ file }) => file.isOpen);
  }

  closed(incident: Incident): void {
    const event = this.#eventOf.get(incident.id);
    if (event === undefined) return;
    event.file.put(incident);
    this.#eventOf.delete(incident.id);
    if (!event.file.isOver) return;
    this.#judge(event);
    this.#events.delete(event.file.id);
    if (this.#events.size === 0) this.#ports.host.eventsOver();
  }

  /** What the verdict says so far of an incident that is not closed, in these words or else in English; null before the first. */
  sentenceOf(incidentId: string, words: Words | null): string | null {
    const said = this.#eventOf.get(incidentId)?.said ?? null;
    return said === null || words === null ? (said?.text ?? null) : sentence(said.facts, said.verdict, words);
  }

  sweep(incidentId: string, report: SweepReport): void {
    this.#eventOf.get(incidentId)?.file.sweep(incidentId, report);
  }

  standing(message: StandingMessage): void {
    this.#counters = message;
    // Another event is no part of this one: it may have begun while the end of this was not yet certain.
    const bad = new Set(message.bad);
    for (const event of this.#events.values())
      if (event.file.incidents.some(({ phase, peer }) => phase === "open" && bad.has(peer))) event.file.standing(message);
  }

  replyTtl(peer: string, change: TtlChange): void {
    this.#ttlChanges = [...this.#ttlChanges, { peer, change }].slice(-TTL_CHANGES_KEPT);
    for (const { file } of this.#events.values()) file.replyTtl(peer, change);
  }

  blind(interval: { readonly startedMs: number; readonly endedMs: number }): void {
    for (const { file } of this.#events.values()) file.blind(interval);
  }

  /** Called a few times a second while an incident is not closed. */
  tick(): void {
    const nowMs = this.#ports.nowMs();
    this.#ports.host.tick(nowMs);
    for (const event of this.#events.values()) {
      if (nowMs < event.judgeAt) continue;
      const isOpen = event.file.isOpen;
      event.judgeAt = isOpen ? nowMs + AGAIN_MS : Number.POSITIVE_INFINITY;
      this.#judge(event);
    }
  }

  #judge(event: OpenEvent): void {
    event.file.host = this.#ports.host.overEvent;
    const facts = event.file.facts();
    const verdict = judge(facts);
    const text = sentence(facts, verdict);
    if (text === event.said?.text) return;
    const { scope, direction, hop, certainty, rule } = verdict;
    const conclusion = JSON.stringify([scope, direction, hop, certainty, rule]);
    const nowMs = this.#ports.nowMs();
    const isNew = conclusion !== event.conclusion;
    if (!isNew && event.file.isOpen && nowMs - event.writtenAt < REFRESH_MS) return;
    if (isNew) {
      event.conclusion = conclusion;
      event.concludedMs = this.#ports.wallMs();
      event.version++;
    }
    event.said = { text, facts, verdict };
    event.writtenAt = nowMs;
    const row = { eventId: event.file.id, version: event.version, atMs: event.concludedMs, verdict, sentence: text, facts };
    this.#ports.writer.soon((store) => store.putVerdict(row));
    if (!isNew) return;
    const incidents = event.file.incidents.slice(0, MAX_LOGGED).map(({ id }) => id);
    this.#ports.log.info({ event: row.eventId, incidents, version: row.version, scope, direction, hop, certainty, rule }, `judged: ${text}`);
    this.#ports.onJudged?.(event.file.incidents);
  }

  #errorsBefore(startedMs: number): Readonly<Record<string, number>> {
    return this.#lives.findLast((life) => life.atMs <= startedMs)?.sendErrors ?? this.#lives[0]?.sendErrors ?? {};
  }
}

/**
 * Where the way of a packet leaves the wire: each message, and the desk or database that it goes to. Nothing is decided here.
 *
 * What became of probes comes as rollups (ten seconds of a peer, for metrics.db), as bursts (a peer went bad, for the incident desk, which orders captures),
 * as sweeps (the path at that moment) and as samples (every single probe around it). The rest is what a verdict needs to know besides, and how the wire fares.
 */
import type { WireHealth } from "../capture/wire-health.ts";
import type { FactLog } from "../fact-log.ts";
import type { BlindRow } from "../store/rows.ts";
import type { WireMessage } from "../wire/messages.ts";
import type { AgentStore } from "./agent-store.ts";
import type { Desks } from "./desks.ts";

export interface InboxPorts {
  readonly desks: Desks;
  readonly store: AgentStore;
  readonly health: WireHealth;
  readonly log: FactLog;
  /** The wire cannot do its work, and starting it again would not help. */
  readonly onFailed: (reason: string, exitCode: 2 | 3) => void;
  /** A time about which nothing can be said. */
  readonly onBlind: (row: BlindRow) => void;
  /** Peers of which a probe is overdue. */
  readonly onOverdue: (peers: readonly string[]) => void;
  /** The wire probes the peers that it was told of last. */
  readonly onPeers: () => void;
}

export class WireInbox {
  readonly #ports: InboxPorts;

  constructor(ports: InboxPorts) {
    this.#ports = ports;
  }

  take(message: WireMessage): void {
    const { store, health, log } = this.#ports;
    const { peers, host, events, incidents, names, clock } = this.#ports.desks;
    switch (message.kind) {
      case "rollups":
        return store.attempt(() => store.metrics.addRollups(message.rows));
      case "burst":
        incidents.burst(message.burst);
        return clock.wake();
      case "sweep":
        if (message.sweep.trigger === "suspect") host.suspect();
        names?.met([...message.sweep.hops.map(({ answer }) => answer?.address ?? null), message.sweep.target]);
        return incidents.sweep(message.sweep);
      case "samples":
        return incidents.samples(message);
      case "asked":
        incidents.asked(message);
        return clock.wake();
      case "peer-clocks":
        return incidents.peerClocks(message);
      case "standing":
        return events.standing(message);
      case "reply-ttl":
        events.replyTtl(message.peer, message);
        return log.info(
          { peer: message.peer, before: message.before, now: message.now },
          "replies arrive with another TTL: their way back has changed",
        );
      case "first-reply":
        return peers.replied(message.replies);
      case "never-answered":
        return log.warn({ peer: message.peer, since: new Date(message.sinceMs).toISOString() }, "peer has never answered");
      case "agent-silent":
        return peers.agentSilent(message.peer, message.sinceMs);
      case "peer-epoch":
        return peers.booted(message.peer, message.epoch);
      case "blind": {
        const { startedMs, endedMs, cause, detail } = message;
        events.blind({ startedMs, endedMs });
        this.#ports.onBlind(message);
        log.warn({ cause, ms: endedMs - startedMs }, `blind: ${detail ?? cause}`);
        return store.writer.soon((evidence) => evidence.putBlind({ startedMs, endedMs, cause, detail }));
      }
      case "ready": {
        const blind = health.ready(message, Date.now());
        if (blind === null) return;
        events.blind(blind);
        this.#ports.onBlind(blind);
        return store.writer.soon((evidence) => evidence.putBlind(blind));
      }
      case "alive":
        store.attempt(() => store.metrics.putAlive(message.atMs));
        events.alive(message.atMs, message.sendErrors);
        return health.alive(message);
      case "clock-step":
        return log.warn({ step_ms: message.stepMs }, "the wall clock was set; round-trip times and intervals are not affected");
      case "overdue":
        return this.#ports.onOverdue(message.peers);
      case "peers":
        return this.#ports.onPeers();
      case "failed":
        return this.#ports.onFailed(message.reason, message.exitCode);
    }
  }
}

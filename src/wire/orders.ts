/** What the agent tells the wire while it runs. */
import type { BurstBook } from "./counting/bursts.ts";
import type { Clock } from "./clock.ts";
import type { FreshIds } from "./probing/fresh-ids.ts";
import type { Guests } from "./guests.ts";
import type { AgentCommand, WireMessage } from "./messages.ts";
import { setAddress, type Peer } from "./peer.ts";
import type { PeersByAddress } from "./peers-by-address.ts";
import type { Roster } from "./roster.ts";
import type { Sweeper } from "./sweeps/sweeper.ts";
import type { SweepSchedule } from "./sweeps/sweep-schedule.ts";

interface Options {
  readonly roster: Roster;
  readonly guests: Guests;
  readonly post: (message: WireMessage) => void;
  readonly clock: Clock;
  readonly byAddress: PeersByAddress;
  readonly schedule: SweepSchedule;
  readonly sweeper: Sweeper;
  readonly bursts: BurstBook;
  readonly freshIds: FreshIds;
}

export class Orders {
  readonly #options: Options;
  readonly #mtrPids = new Set<number>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Process groups that must not outlive the agent. */
  get mtrPids(): readonly number[] {
    return [...this.#mtrPids];
  }

  obey(command: AgentCommand): void {
    switch (command.kind) {
      case "mtr": {
        const { roster, guests, schedule, sweeper } = this.#options;
        const traced = roster.get(command.peer) ?? guests.get(command.peer);
        this.#mtrPids.add(command.pid);
        if (traced !== null) schedule.mtrBegan(sweeper.mtrStarted(command.pid, traced, command.firstTtl));
        return;
      }
      case "mtr-ended":
        this.#mtrPids.delete(command.pid);
        this.#options.sweeper.mtrEnded(command.pid);
        return;
      case "peers":
        this.#options.roster.change(command.peers);
        return this.#options.post({ kind: "peers" });
      case "guests":
        return this.#options.guests.change(command.addresses);
      case "start":
      case "stop":
        return;
      default: {
        const { roster, guests, sweeper } = this.#options;
        const peer = roster.get(command.peer);
        if (peer !== null) return this.#ofPeer(peer, command);
        const guest = guests.get(command.peer);
        if (guest !== null && command.kind === "sweep") sweeper.launch(guest, command.trigger, guest.lastFlow);
      }
    }
  }

  #ofPeer(peer: Peer, command: Extract<AgentCommand, { kind: "address" | "sweep" | "trace-after" | "cut" | "incident" }>): void {
    const { schedule, bursts, freshIds, byAddress, clock } = this.#options;
    switch (command.kind) {
      case "address":
        if (peer.address === command.address) return;
        // As long as it is known which family the paths are of.
        this.#options.sweeper.forget(peer);
        setAddress(peer, command.address);
        byAddress.forget();
        return;
      case "sweep":
        schedule.request(peer, command.trigger, peer.lastFlow);
        return;
      case "trace-after":
        schedule.traceAfter(peer, { flow: peer.lastFlow, cycles: command.cycles });
        return;
      case "cut":
        bursts.cut(peer, clock.nowUs());
        freshIds.burstCut(peer);
        return;
      case "incident":
        peer.incident = command.number;
        return;
    }
  }
}

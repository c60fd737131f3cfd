/** What the agent tells the wire while it runs. */
import type { BurstBook } from "./counting/bursts.ts";
import type { Clock } from "./clock.ts";
import type { FreshIds } from "./probing/fresh-ids.ts";
import type { AgentCommand } from "./messages.ts";
import { setAddress, type Peer } from "./peer.ts";
import type { PeersByAddress } from "./peers-by-address.ts";
import type { Sweeper } from "./sweeps/sweeper.ts";
import type { SweepSchedule } from "./sweeps/sweep-schedule.ts";

interface Options {
  /** Canaries too. */
  readonly peers: readonly Peer[];
  readonly clock: Clock;
  readonly byAddress: PeersByAddress;
  readonly schedule: SweepSchedule;
  readonly sweeper: Sweeper;
  readonly bursts: BurstBook;
  readonly freshIds: FreshIds;
}

export class Orders {
  readonly #options: Options;
  readonly #byName: ReadonlyMap<string, Peer>;
  readonly #mtrPids = new Set<number>();

  constructor(options: Options) {
    this.#options = options;
    this.#byName = new Map(options.peers.map((peer) => [peer.name, peer]));
  }

  /** Process groups that must not outlive the agent. */
  get mtrPids(): readonly number[] {
    return [...this.#mtrPids];
  }

  obey(command: AgentCommand): void {
    switch (command.kind) {
      case "mtr": {
        const peer = this.#byName.get(command.peer);
        this.#mtrPids.add(command.pid);
        if (peer !== undefined) this.#options.schedule.mtrBegan(this.#options.sweeper.mtrStarted(command.pid, peer, command.firstTtl));
        return;
      }
      case "mtr-ended":
        this.#mtrPids.delete(command.pid);
        this.#options.sweeper.mtrEnded(command.pid);
        return;
      case "start":
      case "stop":
        return;
      default: {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined) this.#ofPeer(peer, command);
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

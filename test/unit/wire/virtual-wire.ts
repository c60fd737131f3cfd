/**
 * A Prober on a fake network in virtual time. Ticks come when the prober wants them and packets when they arrive, as the event loop would have it; `stall` is a
 * loop that did not run: its late timer comes before the packets that wait.
 */
import { FakeIcmpSocket, FakeNetwork } from "../../contract/fake-icmp-socket.ts";
import { VirtualClock } from "../../contract/virtual-clock.ts";
import { sampleCharacter } from "../../../src/detect/sample.ts";
import { countsBy } from "../../../src/store/rollup-counts.ts";
import type { RollupCounts } from "../../../src/store/rows.ts";
import type { BurstReport, SweepReport, WireMessage, WirePeer, WireSettings } from "../../../src/wire/messages.ts";
import { Prober } from "../../../src/wire/prober.ts";
import { wirePeer, wireSettings } from "./wire-settings.ts";

export const PEER = "10.0.0.2";

export interface VirtualWireOptions {
  /** Default: one peer that has answered before. */
  readonly peers?: readonly (Partial<WirePeer> & { readonly address: string | null })[];
  readonly settings?: Partial<WireSettings>;
  /** Packets that the receive buffer holds. */
  readonly capacity?: number;
}

type Of<Kind extends WireMessage["kind"]> = Extract<WireMessage, { kind: Kind }>;

export class VirtualWire {
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: FakeNetwork = new FakeNetwork();
  readonly prober: Prober;
  readonly messages: WireMessage[] = [];
  readonly sockets: { readonly 4: FakeIcmpSocket; readonly 6: FakeIcmpSocket };
  readonly startUs: number;
  #nextTickUs: number;

  constructor(options: VirtualWireOptions = {}) {
    const { capacity = 10_000, peers = [{ address: PEER }] } = options;
    const socket = (family: 4 | 6): FakeIcmpSocket =>
      new FakeIcmpSocket(family, {
        network: this.network,
        clock: this.clock,
        capacity,
        events: { onPacket: (bytes, length, source) => this.prober.receive(family, bytes, length, source), onError: () => {} },
      });
    this.sockets = { 4: socket(4), 6: socket(6) };
    const settings = wireSettings({ peers: peers.map((peer, index) => wirePeer(index + 1, peer)), ...options.settings });
    this.startUs = this.clock.nowUs();
    let state = 0x2545f491;
    const random = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes[at] = state;
      }
    };
    this.prober = new Prober(settings, {
      sockets: this.sockets,
      clock: this.clock,
      random,
      post: (message) => void this.messages.push(structuredClone(message)),
      runDelayUs: () => 0,
    });
    this.#nextTickUs = this.startUs + this.prober.tickMs * 1000;
  }

  /** Milliseconds since the start. */
  get nowMs(): number {
    return (this.clock.nowUs() - this.startUs) / 1000;
  }

  run(ms: number): void {
    const endUs = this.clock.nowUs() + ms * 1000;
    for (;;) {
      const arrivalUs = Math.min(this.sockets[4].nextArrivalUs, this.sockets[6].nextArrivalUs);
      const nextUs = Math.max(this.clock.nowUs(), Math.min(arrivalUs, this.#nextTickUs));
      if (nextUs > endUs) break;
      this.clock.set(nextUs);
      if (arrivalUs <= this.#nextTickUs) this.sockets[arrivalUs === this.sockets[4].nextArrivalUs ? 4 : 6].deliverOne();
      else this.tick();
    }
    this.clock.set(endUs);
  }

  /** Time passes, nothing of ours runs, then the late tick does. */
  stall(ms: number): void {
    this.clock.set(this.clock.nowUs() + ms * 1000);
    this.tick();
  }

  tick(): void {
    this.prober.tick();
    this.#nextTickUs = this.clock.nowUs() + this.prober.tickMs * 1000;
  }

  of<Kind extends WireMessage["kind"]>(kind: Kind): Of<Kind>[] {
    return this.messages.filter((message): message is Of<Kind> => message.kind === kind);
  }

  get blinds(): { readonly cause: string; readonly ms: number }[] {
    return this.of("blind").map(({ cause, startedMs, endedMs }) => ({ cause, ms: endedMs - startedMs }));
  }

  /** The last word on each burst. */
  get bursts(): readonly BurstReport[] {
    return [...new Map(this.of("burst").map(({ burst }) => [`${burst.peer}-${burst.number}`, burst])).values()];
  }

  get finishedSweeps(): readonly SweepReport[] {
    return this.of("sweep")
      .map(({ sweep }) => sweep)
      .filter((sweep) => sweep.finishedMs !== null);
  }

  /** Sums of all rollups of a peer. */
  totals(peer = "p1"): RollupCounts {
    const rows = this.of("rollups").flatMap((message) => message.rows.filter((row) => row.peer === peer));
    return countsBy((count) => rows.reduce((total, row) => total + row[count], 0));
  }

  /** What the recorder's slices tell of a peer, newest word on each slot, as runs: "600. 30x 600.". */
  strip(peer = "p1"): string {
    const slots = new Map<number, string>();
    for (const message of this.of("samples")) {
      if (message.peer !== peer) continue;
      for (const block of message.blocks)
        new Uint32Array(block.samples.buffer).forEach((sample, index) => slots.set(block.startSlot + index, sampleCharacter(sample)));
    }
    const strip = [...slots.entries()].sort(([a], [b]) => a - b).map(([, character]) => character);
    return strip
      .join("")
      .replaceAll(/(.)\1*/g, (run, character) => `${run.length}${character} `)
      .trimEnd();
  }
}

/**
 * Sends what is due, spread evenly by the lanes, and the packets of sweeps. A slot that is too late is skipped and counted, never caught up.
 */
import {
  createProbeBuffer,
  FLAG_TRACE,
  ICMP_HEADER_BYTES,
  PROBE_BYTES,
  sealProbe,
  stampProbe,
  writeProbe,
  type Flow,
  type ProbeBuffer,
  type ProbeStamp,
} from "../../packet/probe.ts";
import { HEARD, OUTCOME, packSample } from "../../detect/sample.ts";
import type { Clock } from "../clock.ts";
import { SENDS_PER_DRAIN, type Drain, type Sockets } from "../socket/drain.ts";
import type { Hearing } from "../hearing/hearing.ts";
import { STATE, type InFlight } from "./in-flight.ts";
import type { Judge } from "./judge.ts";
import { step, type Lane } from "./lanes.ts";
import type { MeshKeys } from "../hearing/mesh-keys.ts";
import { FLOWS, type Peer } from "../peer.ts";
import type { TracePacket } from "../sweeps/sweeper.ts";

interface Options {
  readonly agentId: number;
  readonly epoch: number;
  readonly lanes: readonly Lane[];
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly flight: InFlight;
  readonly judge: Judge;
  readonly drain: Drain;
  readonly random32: () => number;
  readonly hearing: Hearing;
  readonly keys: MeshKeys | null;
}

type Packets = { readonly [family in 4 | 6]: ProbeBuffer & { readonly bytes: Buffer } };

function createPackets(node: { readonly agentId: number; readonly epoch: number }): Packets {
  const create = (family: 4 | 6): ProbeBuffer & { bytes: Buffer } => {
    // An own allocation: the pooled ones may start at an odd offset.
    const bytes = Buffer.from(new ArrayBuffer(PROBE_BYTES));
    return { ...createProbeBuffer(bytes, { family, agentId: node.agentId, epoch: node.epoch }), bytes };
  };
  return { 4: create(4), 6: create(6) };
}

export class Sender {
  readonly #lanes: readonly Lane[];
  readonly #sockets: Sockets;
  readonly #clock: Clock;
  readonly #flight: InFlight;
  readonly #judge: Judge;
  readonly #drain: Drain;
  readonly #random32: () => number;
  readonly #hearing: Hearing;
  readonly #keys: MeshKeys | null;
  readonly #packets: Packets;
  readonly #stamp: ProbeStamp = {
    flow: { index: 0, id: 0, checksum: 0 },
    sequence: 0,
    number: 0,
    sentUs: 0,
    flags: 0,
    ttl: 0,
    heard: null,
    incident: 0,
    tagHigh: 0,
    tagLow: 0,
  };
  readonly #errors: Record<string, number> = {};

  constructor(options: Options) {
    this.#lanes = options.lanes;
    this.#sockets = options.sockets;
    this.#clock = options.clock;
    this.#flight = options.flight;
    this.#judge = options.judge;
    this.#drain = options.drain;
    this.#random32 = options.random32;
    this.#hearing = options.hearing;
    this.#keys = options.keys;
    this.#packets = createPackets(options);
  }

  /** Probes that the kernel refused, by errno name. */
  get errors(): Readonly<Record<string, number>> {
    return this.#errors;
  }

  due(nowUs: number): void {
    let sends = 0;
    for (const lane of this.#lanes) {
      const due = lane.group.dueAt(nowUs);
      const cursor = lane.send;
      while (cursor.count < due) {
        const peer = lane.members[cursor.member] as Peer;
        const { slot } = cursor;
        peer.newestSlot = slot;
        const plannedUs = lane.group.atUs(cursor.member, slot);
        if (peer.address === null || peer.retired || plannedUs < peer.sinceUs) lane.recorder.set(cursor.member, slot, OUTCOME.none);
        else if (nowUs - plannedUs > lane.group.toleranceUs) lane.recorder.set(cursor.member, slot, packSample(OUTCOME.skipped, 0, 0));
        else {
          this.#probe(peer, slot, nowUs);
          if (++sends % SENDS_PER_DRAIN === 0) this.#drain.some();
        }
        step(cursor, lane.members.length);
      }
    }
    // What answered at once need not wake us again.
    if (sends % SENDS_PER_DRAIN !== 0) this.#drain.some();
  }

  /** Sends one packet of a sweep now; an errno name when the kernel refused. */
  trace(trace: TracePacket): string | null {
    const stamp = this.#stamp;
    stamp.flow = trace.flow;
    stamp.sequence = 0x8000 | trace.handle;
    stamp.number = 0;
    stamp.sentUs = this.#clock.nowUs();
    stamp.flags = FLAG_TRACE;
    stamp.ttl = trace.ttl;
    stamp.heard = null;
    stamp.incident = 0;
    stamp.tagHigh = trace.tagHigh;
    stamp.tagLow = trace.tagLow;
    const packet = this.#packets[trace.peer.family];
    stampProbe(packet, stamp);
    const socket = this.#sockets[trace.peer.family];
    return socket === null ? "EAFNOSUPPORT" : socket.sendWithTtl(packet.bytes, trace.peer.address as string, trace.ttl);
  }

  /** Sends one probe that belongs to no slot now, on a flow of its own; its tag, null when the kernel refused. */
  fresh(peer: Peer, flow: Flow): { readonly tagHigh: number; readonly tagLow: number } | null {
    const stamp = this.#stamp;
    stamp.flow = flow;
    stamp.sequence = 0;
    stamp.number = 0;
    stamp.sentUs = this.#clock.nowUs();
    stamp.flags = FLAG_TRACE;
    stamp.ttl = 0;
    stamp.heard = null;
    stamp.incident = 0;
    stamp.tagHigh = this.#random32();
    stamp.tagLow = this.#random32();
    const packet = this.#packets[peer.family];
    stampProbe(packet, stamp);
    if (this.#sockets[peer.family]?.send(packet.bytes, peer.address as string) !== null) return null;
    return { tagHigh: stamp.tagHigh, tagLow: stamp.tagLow };
  }

  /** With a mesh key the tag proves who sent the probe; without one it only tells our own from others'. */
  #seal(packet: Packets[4], peer: Peer): void {
    const stamp = this.#stamp;
    if (this.#keys === null) {
      stamp.tagHigh = this.#random32();
      stamp.tagLow = this.#random32();
      return stampProbe(packet, stamp);
    }
    writeProbe(packet, stamp);
    const tag = this.#keys.sign(packet.bytes, ICMP_HEADER_BYTES, peer.agentId);
    stamp.tagHigh = tag.high;
    stamp.tagLow = tag.low;
    sealProbe(packet, tag.high, tag.low);
  }

  #probe(peer: Peer, slot: number, nowUs: number): void {
    const flight = this.#flight;
    const number = flight.next[peer.index] as number;
    const stamp = this.#stamp;
    stamp.flow = peer.flows[number & (FLOWS - 1)] as Flow;
    stamp.sequence = number & 0x7fff;
    stamp.number = number;
    stamp.flags = 0;
    stamp.ttl = 0;
    stamp.heard = this.#hearing.heardOf(peer);
    stamp.incident = peer.incident;
    const sentUs = this.#clock.nowUs();
    stamp.sentUs = sentUs;
    const packet = this.#packets[peer.family];
    this.#seal(packet, peer);
    const socket = this.#sockets[peer.family];
    const error = socket === null ? "EAFNOSUPPORT" : socket.send(packet.bytes, peer.address as string);
    const probe = { number, slot, sentUs };
    if (error !== null) {
      this.#errors[error] = (this.#errors[error] ?? 0) + 1;
      return this.#judge.refused(peer, probe, nowUs);
    }
    const place = flight.place(peer.index, number);
    flight.sentUs[place] = sentUs;
    flight.slot[place] = slot;
    flight.tagHigh[place] = stamp.tagHigh;
    flight.tagLow[place] = stamp.tagLow;
    flight.state[place] = STATE.pending;
    flight.heard[place] = HEARD.unknown;
    flight.next[peer.index] = number + 1;
    this.#judge.sent(peer, probe);
  }
}

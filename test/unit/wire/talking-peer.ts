/** The agent of a peer, as far as we see it: the requests that it sends us, with what it heard of ours. */
import { createProbeBuffer, ICMP_HEADER_BYTES, PROBE_BYTES, readProbe, sealProbe, writeProbe, type ProbeStamp } from "../../../src/packet/probe.ts";
import { HeardWindow } from "../../../src/detect/heard-window.ts";
import { MeshKeys } from "../../../src/wire/hearing/mesh-keys.ts";
import { ipv4Packet, type Request } from "../../contract/fake-icmp-socket.ts";
import type { VirtualWire } from "./virtual-wire.ts";

const INTERVAL_MS = 100;
const DELAY_US = 2_000;
/** Of VirtualWire's agent. */
export const OUR_ID = 0xa6e21;

export interface TalkingOptions {
  readonly address: string;
  readonly agentId: number;
  readonly epoch?: number;
  readonly key?: string;
  /** Of its first request; default 0. */
  readonly number?: number;
  /** Its clock stands still there. */
  readonly sentUs?: number;
}

export class TalkingPeer {
  readonly #wire: VirtualWire;
  readonly #options: TalkingOptions;
  readonly #heard = new HeardWindow();
  readonly #keys: MeshKeys | null;
  #ourEpoch = 0;
  #arrivedUs = 0;
  #number: number;
  /** Number of its incident with us. */
  incident = 0;
  /** Of its clock before ours. */
  aheadUs = 0;

  constructor(wire: VirtualWire, options: TalkingOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#number = options.number ?? 0;
    this.#keys = options.key === undefined ? null : new MeshKeys([Buffer.from(options.key)]);
  }

  /** One of our probes got there. */
  hear(request: Request): void {
    const probe = readProbe(request.packet, ICMP_HEADER_BYTES, request.packet.length - ICMP_HEADER_BYTES);
    if (probe === null || request.ttl !== null) return;
    this.#ourEpoch = probe.epoch;
    this.#heard.hear(probe.number);
    this.#arrivedUs = this.#wire.clock.nowUs() + this.aheadUs;
  }

  /** Sends its next request; one that does not arrive was lost on the way to us. */
  send(options: { readonly arrives?: boolean; readonly tampered?: boolean } = {}): Buffer {
    const { arrives = true, tampered = false } = options;
    const { address, agentId, epoch = 1_763_600_000 } = this.#options;
    const bytes = Buffer.from(new ArrayBuffer(PROBE_BYTES));
    const buffer = createProbeBuffer(bytes, { family: 4, agentId, epoch });
    const number = this.#number++;
    const { newest, high, low } = this.#heard;
    const heard = newest < 0 ? null : { bitmapHigh: high, bitmapLow: low, number: newest, arrivedUs: this.#arrivedUs, epoch: this.#ourEpoch };
    const flow = { index: 0, id: 77, checksum: 0x1234 };
    const stamp: Omit<ProbeStamp, "tagHigh" | "tagLow"> = {
      flow,
      sequence: number & 0x7fff,
      number,
      sentUs: this.#options.sentUs ?? this.#wire.clock.nowUs() + this.aheadUs,
      flags: 0,
      ttl: 0,
      heard,
      incident: this.incident,
    };
    writeProbe(buffer, stamp);
    const tag = this.#keys?.sign(bytes, ICMP_HEADER_BYTES, OUR_ID) ?? { high: number, low: number };
    sealProbe(buffer, tag.high, tag.low);
    if (tampered) bytes.writeUInt32BE(number + 1000, ICMP_HEADER_BYTES + 12);
    const packet = ipv4Packet(bytes, { source: address, destination: "10.0.0.1" });
    if (arrives) this.#wire.sockets[4].inject({ afterUs: DELAY_US, bytes: packet, source: address });
    return packet;
  }

  /** Runs the wire while the peer sends ten times a second. */
  run(ms: number, options: { readonly arrives?: (number: number) => boolean } = {}): void {
    const { arrives = (): boolean => true } = options;
    for (let atMs = 0; atMs < ms; atMs += INTERVAL_MS) {
      this.send({ arrives: arrives(this.#number) });
      this.#wire.run(INTERVAL_MS);
    }
  }
}

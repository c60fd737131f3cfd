/**
 * Sends echo requests that an agent must not count for a peer. `replay`: run beside the agent it keeps every request of the peer that arrives and sends them
 * again and again, a second later. `forge`: from anywhere, what looks like the peer's requests down to its agent id, with numbers that go on and tags that are wrong.
 * Usage: node liar.ts TARGET replay PEER-ADDRESS | TARGET forge PEER-NAME
 */
import { randomFillSync } from "node:crypto";
import process from "node:process";
import raw from "raw-socket";
import { agentId } from "../../../src/config/agent-id.ts";
import { sum16 } from "../../unit/packet/sum16.ts";
import { createProbeBuffer, PROBE_BYTES, stampProbe } from "../../../src/packet/probe.ts";

/** Three times as often as the peer itself. */
const EVERY_MS = 33;
const OLD_MS = 1_000;
const KEPT = 400;
const IP_HEADER_BYTES = 20;
const ECHO_REQUEST = 8;

const [target = "", what = "", peer = ""] = process.argv.slice(2);
const socket = raw.createSocket({ protocol: raw.Protocol.ICMP, addressFamily: raw.AddressFamily.IPv4 });

function send(packet: Buffer): void {
  packet.writeUInt16BE(0, 2);
  packet.writeUInt16BE(0xffff - sum16(packet, 0, packet.length), 2);
  socket.wrap.send(packet, 0, packet.length, target, () => {});
}

function replay(): void {
  const kept: { readonly atMs: number; readonly packet: Buffer }[] = [];
  const buffer = Buffer.alloc(1500);
  socket.wrap.emit = (event) => {
    if (event !== "recvReady") return;
    socket.wrap.recv(buffer, (bytes, length, source) => {
      if (source !== peer || length < IP_HEADER_BYTES + PROBE_BYTES || bytes[IP_HEADER_BYTES] !== ECHO_REQUEST) return;
      kept.push({ atMs: performance.now(), packet: Buffer.from(bytes.subarray(IP_HEADER_BYTES, length)) });
      if (kept.length > KEPT) kept.shift();
    });
  };
  socket.wrap.pause(false, true);
  setInterval(() => {
    const old = kept.filter(({ atMs }) => performance.now() - atMs > OLD_MS);
    const chosen = old[Math.floor(Math.random() * old.length)];
    if (chosen !== undefined) send(chosen.packet);
  }, EVERY_MS);
}

function forge(): void {
  socket.wrap.pause(true, true);
  const epoch = Math.floor(Date.now() / 1000);
  const packet = Buffer.alloc(PROBE_BYTES);
  const probe = createProbeBuffer(packet, { family: 4, agentId: agentId(peer), epoch });
  const random = Buffer.alloc(8);
  let number = 0;
  setInterval(() => {
    randomFillSync(random);
    const [tagHigh, tagLow] = [random.readUInt32BE(0), random.readUInt32BE(4)];
    const flow = { index: number & 3, id: 0x4d50, checksum: 0x1234 };
    const sentUs = Math.round(performance.now() * 1000);
    stampProbe(probe, { flow, sequence: number & 0x7fff, number, sentUs, flags: 0, ttl: 0, heard: null, incident: 7, tagHigh, tagLow });
    number++;
    send(packet);
  }, EVERY_MS);
}

if (what === "replay") replay();
else forge();

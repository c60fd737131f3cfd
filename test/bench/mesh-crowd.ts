/**
 * The agents of a whole mesh, as far as one node sees them: a process that sends it authentic requests from each peer, evenly spread. All come from one address;
 * with a mesh key a request belongs to the agent id that it carries. They tell nothing of the node's own probes, which a heard-field of zeros does not change.
 * Usage: node test/bench/mesh-crowd.ts ADDRESS NODE KEY PEERS INTERVAL_MS
 */
import process from "node:process";
import raw from "raw-socket";
import { agentId } from "../../src/config/agent-id.ts";
import { createProbeBuffer, ICMP_HEADER_BYTES, PROBE_BYTES, sealProbe, writeProbe } from "../../src/packet/probe.ts";
import { MeshKeys } from "../../src/wire/hearing/mesh-keys.ts";

const TICK_MS = 5;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const NOTHING_PASSES = Buffer.alloc(4, 0xff);

const [address = "", node = "", key = "", peersText = "", intervalText = ""] = process.argv.slice(2);
const [peers, intervalMs] = [Number(peersText), Number(intervalText)];
const keys = new MeshKeys([Buffer.from(key)]);
const to = agentId(node);
const epoch = Math.floor(Date.now() / 1000);
const senders = Array.from({ length: peers }, (_, index) => {
  const bytes = Buffer.from(new ArrayBuffer(PROBE_BYTES));
  return { bytes, buffer: createProbeBuffer(bytes, { family: 4, agentId: agentId(`p${index}`), epoch }), number: 0 };
});
const socket = raw.createSocket({ protocol: raw.Protocol.ICMP, addressFamily: raw.AddressFamily.IPv4 });
// The node's answers and its own probes are nothing to us. What the kernel would do to keep them for us, it would do within the node's sends, and at its expense.
socket.wrap.setOption(SOL_RAW, ICMP_FILTER, NOTHING_PASSES, NOTHING_PASSES.length);
socket.wrap.pause(true, true);
const done = (): void => {};
const startedMs = performance.now();
let sent = 0;

setInterval(() => {
  const due = Math.floor(((performance.now() - startedMs) / intervalMs) * peers);
  for (; sent < due; sent++) {
    const sender = senders[sent % peers];
    if (sender === undefined) return;
    const number = sender.number++;
    const flow = { index: number & 3, id: (sent % peers) & 0xffff, checksum: 0x1234 };
    writeProbe(sender.buffer, {
      flow,
      sequence: number & 0x7fff,
      number,
      sentUs: performance.now() * 1000,
      flags: 0,
      ttl: 0,
      heard: null,
      incident: 0,
    });
    const tag = keys.sign(sender.bytes, ICMP_HEADER_BYTES, to);
    sealProbe(sender.buffer, tag.high, tag.low);
    socket.wrap.send(sender.bytes, 0, PROBE_BYTES, address, done);
  }
}, TICK_MS);
process.on("SIGTERM", () => process.exit(0));

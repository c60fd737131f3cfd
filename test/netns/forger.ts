/**
 * Who sends what an agent must not believe. Run inside a namespace it floods a target with random bytes behind a valid ICMP header, or with echo replies that
 * look like answers to our probes down to magic and version, with random ids, sequences and tags.
 * Usage: node forger.ts TARGET noise|replies COUNT
 */
import { randomFillSync } from "node:crypto";
import process from "node:process";
import raw from "raw-socket";
import { sum16 } from "../unit/packet/sum16.ts";

const BATCH = 200;

const [target = "", what = "", count = "0"] = process.argv.slice(2);
const socket = raw.createSocket({ protocol: raw.Protocol.ICMP, addressFamily: raw.AddressFamily.IPv4 });
socket.wrap.pause(true, true);

function noise(): Buffer {
  const packet = randomFillSync(Buffer.alloc(8 + Math.floor(Math.random() * 200)));
  // What the filter of the agent's socket lets through: echo reply, unreachable, time exceeded.
  packet[0] = [0, 3, 11][Math.floor(Math.random() * 3)] as number;
  packet[1] = 0;
  return packet;
}

/** Looks like a reply of ours, down to magic and version, with a random tag. */
function reply(): Buffer {
  const packet = randomFillSync(Buffer.alloc(72));
  packet.writeUInt16BE(0, 0);
  packet.writeUInt16BE(0x6d70, 8);
  packet[10] = 1;
  return packet;
}

let sent = 0;
function some(): void {
  for (let n = 0; n < BATCH && sent < Number(count); n++, sent++) {
    const packet = what === "noise" ? noise() : reply();
    packet.writeUInt16BE(0, 2);
    packet.writeUInt16BE(0xffff - sum16(packet, 0, packet.length), 2);
    socket.wrap.send(packet, 0, packet.length, target, () => {});
  }
  if (sent < Number(count)) setImmediate(some);
  else process.stdout.write(`sent ${sent}\n`, () => process.exit(0));
}
some();

/**
 * An independent witness: a process of its own in a machine's namespace that hears every answer to a trace and prints it, one JSON line each. What it has heard
 * the agent must have written down. Answers to ordinary probes are left out.
 * Usage, inside the namespace: node test/accept/witness.ts
 */
import { createInterface } from "node:readline";
import process from "node:process";
import { createIcmpPacket, readIcmp4 } from "../../src/packet/icmp.ts";
import { FLAG_TRACE } from "../../src/packet/probe.ts";
import { RawIcmpSocket } from "../../src/wire/socket/raw-icmp-socket.ts";
import type { Lab } from "../netns/lab.ts";

export interface Heard {
  /** Wall ms. */
  readonly atMs: number;
  readonly source: string;
  /** Whom the traced packet was for. */
  readonly target: string;
  /** `sweep`: by the agent's wire; `other`: by mtr. */
  readonly from: "sweep" | "other";
  /** Of a sweep's packet, as it left; else 0. */
  readonly ttl: number;
  readonly sequence: number;
}

export interface Witness {
  readonly pid: number;
  readonly heard: readonly Heard[];
}

const HEARING = "hearing";
const MAX_HEARD = 100_000;
const [MAGIC_HIGH, MAGIC_LOW] = Buffer.from("mp") as unknown as readonly [number, number];
/** Offsets in our payload. */
const FLAGS = 3;
const TTL = 23;

/** Resolves when it hears; it ends with the laboratory. */
export async function startWitness(lab: Lab, machine: string): Promise<Witness> {
  const child = lab.spawn(machine, [process.execPath, import.meta.filename]);
  const heard: Heard[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === HEARING) return resolve();
      if (heard.length < MAX_HEARD) heard.push(JSON.parse(line) as Heard);
    });
    child.once("close", () => reject(new Error(`Cannot hear anything on ${machine}: ${errors}`)));
  });
  return { pid: child.pid ?? 0, heard };
}

function listen(): void {
  const packet = createIcmpPacket();
  const onPacket = (bytes: Buffer, length: number, source: string): void => {
    if (readIcmp4(bytes, length, packet) === null) return;
    const { payloadOffset: at, sequence, kind } = packet;
    const isOurs = at + TTL < length && bytes[at] === MAGIC_HIGH && bytes[at + 1] === MAGIC_LOW;
    if (isOurs && ((bytes[at + FLAGS] as number) & FLAG_TRACE) === 0) return;
    const target = kind === "reply" ? source : [...bytes.subarray(packet.destinationOffset, packet.destinationOffset + 4)].join(".");
    const one: Heard = {
      atMs: Date.now(),
      source,
      target,
      from: isOurs ? "sweep" : "other",
      ttl: isOurs ? (bytes[at + TTL] as number) : 0,
      sequence,
    };
    process.stdout.write(`${JSON.stringify(one)}\n`);
  };
  const socket = new RawIcmpSocket(4, {
    dscp: 0,
    events: {
      onPacket,
      onError: (reason) => {
        throw new Error(reason);
      },
    },
  });
  if (socket.receiveBuffer > 0) process.stdout.write(`${HEARING}\n`);
}

if (process.argv[1] === import.meta.filename) listen();

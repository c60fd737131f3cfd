/** Many peers for little: node – r1 – far, where every address of a prefix is far's own and answers. Up to a thousand and more; they share all but their address. */
import { createLab, type Lab } from "./lab.ts";

/** Outside the address plan of the laboratory (10.0 and 10.1). */
const PREFIX = "10.9.0.0/16";
const MAX_PEERS = 65_000;

export interface CrowdPeer {
  readonly name: string;
  readonly address: string;
}

export interface Crowd {
  readonly lab: Lab;
  readonly peers: readonly CrowdPeer[];
}

export async function createCrowd(count: number): Promise<Crowd> {
  if (count > MAX_PEERS) throw new Error(`Cannot build a crowd of ${count}: at most ${MAX_PEERS}`);
  const lab = await createLab({
    hosts: ["node", "far"],
    routers: ["r1"],
    links: [
      ["node", "r1"],
      ["r1", "far"],
    ],
  });
  await run(lab, "far", ["ip", "route", "add", "local", PREFIX, "dev", "lo"]);
  await run(lab, "r1", ["ip", "route", "add", PREFIX, "via", lab.topology.end("far", "r1").address]);
  const peers = Array.from({ length: count }, (_, index) => ({
    name: `p${String(index + 1).padStart(4, "0")}`,
    address: `10.9.${(index + 1) >> 8}.${(index + 1) & 255}`,
  }));
  return { lab, peers };
}

async function run(lab: Lab, machine: string, argv: readonly string[]): Promise<void> {
  const done = await lab.exec(machine, argv);
  if (done.code === 0) return;
  await lab.close();
  throw new Error(`Cannot build the crowd: ${argv.join(" ")}: ${done.stderr.trim()}`);
}

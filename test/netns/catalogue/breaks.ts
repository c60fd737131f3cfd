/** Ways to break things. Each returns how to mend what it broke. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import type { LossSpec } from "../loss.ts";
import { processTree, wireOf } from "../processes.ts";
import type { Break, Stage } from "./fault.ts";
import { run } from "./towns.ts";

export type Way = "out" | "in" | "both";
/** A whole number, or the ends of a range that the seed chooses from. */
export type PerMille = number | readonly [number, number];

/** A link that loses: what comes in from it, seen from `near` outwards, back, or both. Neither router is silent for it. */
export function lossyLink(link: { readonly near: string; readonly far: string; readonly way: Way; readonly perMille: PerMille }): Break {
  const { near, far, way } = link;
  return (stage) => {
    const perMille = chosen(stage, link.perMille);
    const out: [string, LossSpec] = [far, { hook: "prerouting", inFrom: near, perMille }];
    const back: [string, LossSpec] = [near, { hook: "prerouting", inFrom: far, perMille }];
    return dropAll(stage, way === "both" ? [out, back] : [way === "out" ? out : back]);
  };
}

/** Drops on one machine. */
export function drops(machine: string, spec: Omit<LossSpec, "perMille"> & { readonly perMille?: PerMille }): Break {
  return (stage) => dropAll(stage, [[machine, { ...spec, perMille: chosen(stage, spec.perMille ?? 1000) }]]);
}

/** Neither takes nor gives: crashed, with its links up. */
export function dead(machine: string): Break {
  return (stage) =>
    dropAll(stage, [
      [machine, { hook: "prerouting", perMille: 1000 }],
      [machine, { hook: "output", perMille: 1000 }],
    ]);
}

export function together(...breaks: readonly Break[]): Break {
  return async (stage) => {
    const mends = await Promise.all(breaks.map((one) => one(stage)));
    return async () => void (await Promise.all(mends.map((mend) => mend())));
  };
}

/** The cable between two machines is pulled: the first one sees no carrier. */
export function cablePulled(machine: string, neighbour: string): Break {
  return async ({ lab }) => {
    await lab.carrier(machine, "down", neighbour);
    return async () => void (await lab.carrier(machine, "up", neighbour));
  };
}

/** Commands to break and to mend, one machine. */
export function commands(machine: string, broken: readonly string[], mended: readonly string[]): Break {
  return async ({ lab }) => {
    for (const command of broken) await run(lab, machine, command.split(" "));
    return async () => {
      for (const command of mended) await run(lab, machine, command.split(" "));
    };
  };
}

/** An interface that is switched off takes its routes with it. */
export function interfaceDown(machine: string, device: string): Break {
  return async (stage) => {
    const { stdout } = await stage.lab.exec(machine, ["ip", "route", "show", "default"]);
    await run(stage.lab, machine, ["ip", "link", "set", device, "down"]);
    return async () => {
      await run(stage.lab, machine, ["ip", "link", "set", device, "up"]);
      await run(stage.lab, machine, ["ip", "route", "replace", ...stdout.trim().split(/\s+/)]);
    };
  };
}

/** The agent and all its children stand still, as in a suspended virtual machine. */
export function agentStalled(machine: string): Break {
  return async (stage) => {
    const pids = processTree(agentOf(stage, machine).pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    return async () => {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    };
  };
}

export const wireKilled: Break = async (stage) => {
  process.kill(wireOf(agentOf(stage, "node").pid), "SIGKILL");
  return async () => {};
};

export function agentStopped(machine: string): Break {
  return async (stage) => {
    await agentOf(stage, machine).stop();
    return async () => {};
  };
}

/** A firewall whose state of the flows that pass it now is stuck: their ids are dropped, new ones pass. */
export function stuckIds(router: string, target: string): Break {
  return async ({ lab }) => {
    const match = `ip daddr ${lab.address(target)} icmp type echo-request`;
    const set = "set seen {\n typeof icmp id\n flags dynamic\n size 1024\n }";
    const chain = `chain forward {\n type filter hook forward priority 0\n ${match} add @seen { icmp id }\n }`;
    await run(lab, router, ["nft", "-f", "-"], `table ip stuck {\n ${set}\n ${chain}\n}\n`);
    await pause(LEARNING_MS);
    await run(lab, router, ["nft", "-f", "-"], `flush chain ip stuck forward\nadd rule ip stuck forward ${match} icmp id @seen drop\n`);
    return () => run(lab, router, ["nft", "delete", "table", "ip", "stuck"]);
  };
}

/** Floods a machine from another with packets that an agent must not believe; see ../forger.ts and liar.ts. */
export function floods(from: string, script: string, argv: (stage: Stage) => readonly string[]): Break {
  return async (stage) => {
    const child = stage.lab.spawn(from, [process.execPath, join(import.meta.dirname, script), ...argv(stage)]);
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdout.resume();
    child.stderr.resume();
    return async () => {
      child.kill("SIGKILL");
      await ended;
    };
  };
}

/** Every flow of a probe at ten a second has been seen by then. */
const LEARNING_MS = 1_000;

function agentOf({ agents }: Stage, machine: string): NonNullable<ReturnType<Stage["agents"]["get"]>> {
  const agent = agents.get(machine);
  if (agent === undefined) throw new Error(`Cannot find the agent of ${machine}`);
  return agent;
}

function chosen({ random }: Stage, perMille: PerMille): number {
  return typeof perMille === "number" ? perMille : random.whole(perMille[0], perMille[1]);
}

async function dropAll({ lab }: Stage, specs: readonly (readonly [string, LossSpec])[]): Promise<() => Promise<void>> {
  const rules = await Promise.all(specs.map(([machine, spec]) => lab.dropOn(machine, spec)));
  return async () => void (await Promise.all(rules.map((rule) => rule.lift())));
}

/**
 * Many simulated nodes, spread over child processes of their own, so that what is measured of the collector is not the simulation's wait for its own processor.
 * All begin at the same moment. The child is this file, run by itself.
 */
import { fork, type ChildProcess } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath, pathToFileURL } from "node:url";
import process from "node:process";
import { onProcessEnd } from "../netns/namespaces.ts";
import type { CollectorAddress } from "./simulated-door.ts";
import { SimulatedNode, type NodeOutcome, type NodePlan } from "./simulated-node.ts";

interface Order {
  readonly collector: CollectorAddress;
  readonly plans: readonly NodePlan[];
}

type FromChild = { readonly kind: "ready" } | { readonly kind: "done" | "look"; readonly outcomes: readonly NodeOutcome[]; readonly lateMs: number };

export interface Crowd {
  /** All nodes start; resolves when all have delivered everything, or after `forMs`, whichever is first. */
  run(forMs: number): Promise<readonly NodeOutcome[]>;
  /** How it stands; null for those that are not through. May be asked while `run` lasts. */
  look(): Promise<readonly NodeOutcome[]>;
  /** By how much the simulation itself was late, at worst: beyond some hundred milliseconds it says more of this machine than of the collector. */
  readonly lateMs: number;
  close(): void;
}

/** A child with so many nodes takes a third of a core while they all connect. */
const NODES_A_CHILD = 1_000;
const DELAY_RESOLUTION_MS = 10;

export async function startCrowd(collector: CollectorAddress, plans: readonly NodePlan[]): Promise<Crowd> {
  const children: ChildProcess[] = [];
  const close = (): void => {
    forget();
    for (const child of children) child.kill("SIGKILL");
  };
  const forget = onProcessEnd(close);
  try {
    for (let first = 0; first < plans.length; first += NODES_A_CHILD) {
      const child = fork(fileURLToPath(import.meta.url), [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      children.push(child);
      child.send({ collector, plans: plans.slice(first, first + NODES_A_CHILD) } satisfies Order);
    }
    await Promise.all(children.map((child) => next(child, "ready")));
  } catch (error) {
    close();
    throw error;
  }
  let lateMs = 0;
  const ask = async (kind: "done" | "look", question: object): Promise<readonly NodeOutcome[]> => {
    const answers = children.map((child) => next(child, kind));
    for (const child of children) child.send(question);
    return (await Promise.all(answers)).flatMap((answer) => {
      if (answer.kind === "ready") return [];
      lateMs = Math.max(lateMs, answer.lateMs);
      return answer.outcomes;
    });
  };
  return {
    run: (forMs) => ask("done", { forMs }),
    look: () => ask("look", { look: true }),
    get lateMs() {
      return lateMs;
    },
    close,
  };
}

function next(child: ChildProcess, kind: FromChild["kind"]): Promise<FromChild> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`Cannot simulate nodes: their process ended with ${code}`));
    const hear = (message: FromChild): void => {
      if (message.kind !== kind) return;
      child.off("exit", ended).off("message", hear);
      resolve(message);
    };
    child.on("message", hear).once("exit", ended);
  });
}

function beChild(): void {
  const send = (message: FromChild): void => void process.send?.(message);
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const lateMs = (): number => Math.round(delay.max / 1e6);
  let nodes: SimulatedNode[] = [];
  process.on("message", (message: Order | { readonly forMs: number } | { readonly look: true }) => {
    if ("plans" in message) {
      nodes = message.plans.map((plan) => new SimulatedNode(plan, message.collector));
      send({ kind: "ready" });
    } else if ("forMs" in message) {
      delay.enable();
      const signal = AbortSignal.timeout(message.forMs);
      void Promise.all(nodes.map((node) => node.run(signal))).then((outcomes) => send({ kind: "done", outcomes, lateMs: lateMs() }));
    } else send({ kind: "look", outcomes: nodes.map((node) => node.outcome), lateMs: lateMs() });
  });
  process.on("disconnect", () => process.exit());
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) beChild();

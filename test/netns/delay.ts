/**
 * A delay on one link of the laboratory, by the TUN relay of delay.c, which is compiled here.
 *
 * The relay runs in the router at one end. There, every route over the link is led into the TUN interface instead, a rule leads what comes in from the link
 * there too, and what comes out of it is routed by a table with the true routes. So everything that crosses the link is delayed, Time Exceeded from beyond
 * included; what the router itself answers to packets from its other side is not.
 * TUN and not a queue discipline: netem may be missing from a kernel, and a queue discipline cannot delay otherwise.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Lab } from "./lab.ts";

export interface DelaySpec {
  /** A router and its neighbour: the relay runs in the first. */
  readonly between: readonly [string, string];
  /** Added to every packet that crosses, in each direction. */
  readonly delayMs: number;
  /** Up to this much more, evenly distributed, per packet. */
  readonly jitterMs?: number;
  /** Only packets from the router to its neighbour. */
  readonly oneWay?: boolean;
}

export interface Delay {
  /** The link is as it was. Packets still in the relay are dropped. */
  stop(): Promise<void>;
}

const TRUE_ROUTES_TABLE = 201;
const INTO_RELAY_TABLE = 202;
const READY_TIMEOUT_MS = 2_000;
/** The kernel's default of 500 packets would drop a burst of probes. */
const QUEUE_PACKETS = 10_000;

/** Compiles the relay into a directory of its own; remove it when done. */
export async function compileRelay(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "meshprobe-delay-"));
  const path = join(directory, "delay");
  await promisify(execFile)("cc", ["-O2", "-Wall", "-D_GNU_SOURCE", "-o", path, join(import.meta.dirname, "delay.c")]);
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** One delay a router at a time. */
export async function startDelay(lab: Lab, spec: DelaySpec): Promise<Delay> {
  const [router, neighbour] = spec.between;
  if (!lab.topology.spec.routers.includes(router)) throw new Error(`Cannot delay ${router} – ${neighbour}: the relay must run in a router`);
  const end = lab.topology.end(router, neighbour);
  const crossing = lab.topology.routes(router).filter((route) => route.via === end);
  const configure = async (command: "add" | "del"): Promise<void> => {
    const routes = crossing.flatMap(({ destination, family }) => {
      const [gateway, source] = family === 4 ? [end.gateway, end.address] : [end.gateway6, end.address6];
      const direct = `route replace ${destination} via ${gateway} dev ${end.device}`;
      // With the interface's own address as source: a router answers from it, delayed or not.
      return command === "add" ? [`${direct} table ${TRUE_ROUTES_TABLE}`, `route replace ${destination} dev tun0 src ${source}`] : [direct];
    });
    // The neighbour's own address on the link: a connected route below, which comes back by itself when the interface is gone.
    for (const [gateway, source] of command === "add"
      ? [[`${end.gateway}/32`, end.address] as const, [`${end.gateway6}/128`, end.address6] as const]
      : []) {
      routes.push(`route replace ${gateway} dev ${end.device} table ${TRUE_ROUTES_TABLE}`, `route replace ${gateway} dev tun0 src ${source}`);
    }
    const inward = spec.oneWay === true ? [] : [`rule ${command} iif ${end.device} priority 102 lookup ${INTO_RELAY_TABLE}`];
    const rules = [`rule ${command} iif tun0 priority 101 lookup ${TRUE_ROUTES_TABLE}`, ...inward];
    const link = command === "add" ? [`link set tun0 txqueuelen ${QUEUE_PACKETS} up`] : [];
    for (const family of ["-4", "-6"]) {
      const mine = routes.filter((line) => (line.includes(":") ? "-6" : "-4") === family);
      const into = command === "add" ? [`route replace default dev tun0 table ${INTO_RELAY_TABLE}`] : [];
      const lines = [...(family === "-4" ? link : []), ...into, ...mine, ...rules];
      const done = await lab.exec(router, ["ip", family, "-batch", "-"], { input: `${lines.join("\n")}\n` });
      if (done.code !== 0) throw new Error(`Cannot delay ${router} – ${neighbour}: ${done.stderr.trim()}`);
    }
  };

  const compiled = await compileRelay();
  const relay = lab.spawn(router, [compiled.path, "tun0", `${Math.round(spec.delayMs * 1000)}`, `${Math.round((spec.jitterMs ?? 0) * 1000)}`]);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("Cannot start the delay relay: it did not get ready")), READY_TIMEOUT_MS);
      const settle = (then: () => void) => (): void => (clearTimeout(timer), then());
      relay.stdout.once("data", settle(resolve));
      relay.once(
        "close",
        settle(() => reject(new Error("Cannot start the delay relay: it ended"))),
      );
      relay.once(
        "error",
        settle(() => reject(new Error("Cannot start the delay relay"))),
      );
    });
    // What the router itself sends comes out of the interface with an address of its own, which the kernel would take for forged.
    await lab.exec(router, ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/tun0/accept_local"]);
    await configure("add");
  } catch (error) {
    relay.kill();
    throw error;
  } finally {
    await compiled.remove();
  }
  return {
    async stop() {
      await configure("del");
      const ended = new Promise((resolve) => relay.once("close", resolve));
      relay.stdin.end();
      await ended;
    },
  };
}

/** What befalls the two processes of the agent: how soon it probes again, who mended it, and that the report says so. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { ReportIncident } from "../../src/report/report.ts";
import type { BootedNode } from "./booted-node.ts";
import { processes, property, report, until } from "./installed-agent.ts";
import type { Stage, Step } from "./stage.ts";

const WATCHDOG_GRACE_MS = 2_000;
/** Longer than two probes are apart, shorter than it takes to start a wire. */
const WIRE_QUIET_MS = 250;
/** Shorter than it takes to start a whole agent. */
const AGENT_QUIET_MS = 500;
const CALM_MS = 3_000;
const READY_MS = 30_000;

const isOver = ({ status }: ReportIncident): boolean => status === "closed" || status === "interrupted";

/** Nothing goes on any more, and for some seconds nothing new began: what follows has one cause. */
export async function calm(node: BootedNode): Promise<void> {
  await until("all incidents over", async () => ((await report(node)).incidents.every(isOver) ? true : null), READY_MS);
  await pause(CALM_MS);
}

interface Mishap {
  readonly signal: "KILL" | "STOP";
  readonly to: "agent" | "wire";
  /** Who mended it: the agent a wire, or systemd both. */
  readonly cause: "wire-restart" | "agent-restart";
  readonly quietMs: number;
}

/** Something happens to the agent: when probes are seen again, and the blind interval that it leaves in the report. */
async function interrupted({ a, witness }: Stage, { signal, to, cause, quietMs }: Mishap): Promise<string> {
  const watchdogMs = Number((await property(a, "WatchdogUSec")).replace(/s$/, "")) * 1000;
  const allowedMs = watchdogMs + WATCHDOG_GRACE_MS;
  await calm(a);
  const pids = await processes(a);
  const sinceMs = Date.now();
  const again = witness.probesAgain({ quietMs, timeoutMs: allowedMs + READY_MS });
  const [againMs] = await Promise.all([again, a.run(["kill", `-${signal}`, String(pids[to])])]);
  const tookMs = againMs - sinceMs;
  const blind = await until(
    "the blind interval",
    async () => (await report(a)).blind.find(({ ended_at }) => Date.parse(ended_at) > sinceMs && Date.parse(ended_at) <= againMs + 2_000) ?? null,
    READY_MS,
  );
  await until("the service active", async () => ((await property(a, "ActiveState")) === "active" ? true : null), READY_MS);
  assert.ok(tookMs <= allowedMs, `probing again after ${tookMs} ms, allowed are ${allowedMs}`);
  assert.equal(blind.cause, cause);
  const startedMs = Date.parse(blind.started_at) - sinceMs;
  assert.ok(Math.abs(startedMs) < 2_000, `the blind interval begins ${startedMs} ms after the fact`);
  const { incidents } = await report(a);
  const wrong = incidents.filter(({ started_at, kind }) => Date.parse(started_at) >= sinceMs && kind !== "local");
  assert.deepEqual(
    wrong.map(({ kind, peer }) => `${kind} towards ${peer}`),
    [],
    "what the agent did to itself is no loss",
  );
  return `probing again after ${(tookMs / 1000).toFixed(1)} s, blind for ${((Date.parse(blind.ended_at) - Date.parse(blind.started_at)) / 1000).toFixed(1)} s: ${blind.cause}`;
}

export const MISHAPS: readonly Step[] = [
  { title: "kill -9 the wire", run: (stage) => interrupted(stage, { signal: "KILL", to: "wire", cause: "wire-restart", quietMs: WIRE_QUIET_MS }) },
  {
    title: "kill -9 the agent",
    run: (stage) => interrupted(stage, { signal: "KILL", to: "agent", cause: "agent-restart", quietMs: AGENT_QUIET_MS }),
  },
  { title: "hang the wire", run: (stage) => interrupted(stage, { signal: "STOP", to: "wire", cause: "agent-restart", quietMs: AGENT_QUIET_MS }) },
  // Its wire goes on until the watchdog ends both.
  { title: "hang the agent", run: (stage) => interrupted(stage, { signal: "STOP", to: "agent", cause: "agent-restart", quietMs: AGENT_QUIET_MS }) },
];

/**
 * The wall clock is set by an hour, forward and back, under the agent and its wire: by libfaketime, which reads the offset from a file at every look at the
 * clock and leaves the monotonic one alone. The clock of the machine is never touched.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import type { Tally } from "../../netns/tally.ts";
import { alarmsOf, countsOf, faultsOf, finalTally, MAX_RTT_MS, probeCrowd } from "../healthy-crowd.ts";
import type { Row } from "../row.ts";

const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketime.so.1`;
const PEERS = 50;
const HOUR_MS = 3_600_000;
/** The agent starts here: a report looks back, so all that it labels must lie behind the true time. */
const START_H = -2;
/** Offsets from the true time, one after the other. */
const STEPS_H: readonly number[] = [-1, -2, -3, -2];
const BETWEEN_MS = 14_000;
const STEP_SLACK_MS = 100;
const STEP_LINE = /wall clock was set/;

export interface Stepped {
  /** As the log tells them, ms. */
  readonly stepsMs: readonly number[];
  readonly expectedMs: readonly number[];
  readonly all: Tally;
}

export async function stepClock(options: {
  readonly directory: string;
  readonly cli?: string;
  readonly betweenMs?: number;
  readonly stepsH?: readonly number[];
}): Promise<Stepped> {
  const { directory, cli, betweenMs = BETWEEN_MS, stepsH = STEPS_H } = options;
  const file = join(directory, "faketime");
  const set = (hours: number): void => {
    // Renamed into place: half a file would be another time.
    writeFileSync(`${file}.new`, `${hours}h\n`);
    renameSync(`${file}.new`, file);
  };
  set(START_H);
  const env = {
    ...process.env,
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  return probeCrowd({ peers: PEERS, directory, cli, env }, async (agent) => {
    await pause(betweenMs);
    for (const hours of stepsH) {
      set(hours);
      await pause(betweenMs);
    }
    const all = await finalTally(agent, Date.now() + 2 * START_H * HOUR_MS);
    return {
      stepsMs: agent.log.filter((record) => STEP_LINE.test(record.msg)).map((record) => Number(record["step_ms"])),
      expectedMs: stepsH.map((hours, index) => (hours - (stepsH[index - 1] ?? START_H)) * HOUR_MS),
      all,
    };
  });
}

/** What is wrong with it, empty when nothing is. */
export function stepFaults({ stepsMs, expectedMs, all }: Stepped): readonly string[] {
  const asExpected = stepsMs.length === expectedMs.length && stepsMs.every((ms, index) => Math.abs(ms - (expectedMs[index] ?? 0)) <= STEP_SLACK_MS);
  const steps = faultsOf([
    [asExpected, `steps in the log: ${stepsMs.join(", ") || "none"} ms`],
    [all.blindIntervals.length === 0, `blind: ${all.blindIntervals.map((one) => `${one.cause} ${one.ms} ms`).join(", ")}`],
  ]);
  return [...alarmsOf(all), ...steps];
}

export const clockStep: Row = {
  name: "clock-step",
  title: "wall clock stepped ± 1 h for agent and wire: no incident, nothing blind, RTT untouched, the step in the log",
  async run(context) {
    const seen = await stepClock({ directory: context.directory, cli: context.cli, ...(context.quick ? { betweenMs: 5_000 } : {}) });
    const faults = stepFaults(seen);
    return {
      samples: seen.all.sent,
      figures: { ...countsOf(seen.all), blind_intervals: seen.all.blindIntervals.length, steps_ms: seen.stepsMs, faults },
      bar: `0 incidents, 0 blind, 0 lost, every step in the log to ${STEP_SLACK_MS} ms, largest RTT ≤ ${MAX_RTT_MS} ms`,
      passed: faults.length === 0,
    };
  },
};

/** What follows from one burst: the figures of the table, from what was seen outside and what the agent wrote down. Null where the agent noticed nothing. */
import type { CaptureRow } from "../../src/store/rows.ts";
import type { BurstRun } from "./burst-lab.ts";

/** ms from the first lost packet to the first hop of a sweep received. */
export function firstHopMs(run: BurstRun): number | null {
  const sweep = firstSweep(run);
  const startedMs = run.incidents[0]?.startedMs;
  return sweep?.firstHopMs == null || startedMs === undefined ? null : sweep.firstHopMs - startedMs;
}

/** ms from the first lost packet until the incident and that sweep were on disk. */
export function onDiskMs(run: BurstRun): number | null {
  const seenMs = run.onDiskMs[firstSweep(run)?.id ?? ""];
  const startedMs = run.incidents[0]?.startedMs;
  return seenMs === undefined || startedMs === undefined ? null : seenMs - startedMs;
}

/** Whether a sweep of the burst had every hop before the fault, all received before the rule was lifted. */
export function isTracedInside(run: BurstRun): boolean {
  return duringSweeps(run).some((sweep) =>
    run.hopsBefore.every((address, index) => {
      const hop = sweep.hops.find((one) => one.ttl === index + 1);
      return hop?.address === address && hop.rttMs !== null && sweep.startedMs + hop.rttMs.worst < run.offMs;
    }),
  );
}

/** ms by which the first burst began after the rule was switched on, and ended after it was lifted; null as well when there was more than one burst. */
export function boundaryErrors(run: BurstRun): { readonly startMs: number; readonly endMs: number } | null {
  const bursts = run.incidents.flatMap((incident) => incident.bursts);
  const [burst] = bursts;
  if (burst === undefined || burst.endedMs === null || bursts.length > 1) return null;
  return { startMs: burst.startedMs - run.onMs, endMs: burst.endedMs - run.offMs };
}

/** Why a burst was not traced inside, in a few words. */
export function whyNot(run: BurstRun): string {
  if (isTracedInside(run)) return "traced";
  if (run.incidents.length === 0) return "no incident";
  const sweeps = duringSweeps(run);
  if (sweeps.length === 0) return "no sweep";
  const lines = sweeps.map((sweep) => {
    const hops = run.hopsBefore.map((_, index) => {
      const hop = sweep.hops.find((one) => one.ttl === index + 1);
      return hop === undefined || hop.sent === 0 ? "-" : hop.received === 0 ? "*" : "+";
    });
    return `${sweep.trigger} ${Math.round(sweep.startedMs - run.onMs)} ms ${sweep.status}${sweep.reason === null ? "" : ` (${sweep.reason})`} ${hops.join("")}`;
  });
  return lines.join("; ");
}

function duringSweeps(run: BurstRun): readonly CaptureRow[] {
  return run.sweeps.filter((sweep) => sweep.phase === "during");
}

function firstSweep(run: BurstRun): CaptureRow | null {
  const answered = duringSweeps(run).filter((sweep) => sweep.firstHopMs !== null);
  return answered.toSorted((left, right) => (left.firstHopMs ?? 0) - (right.firstHopMs ?? 0))[0] ?? null;
}

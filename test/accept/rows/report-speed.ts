/** A report of a month, as somebody waits for it at three in the morning: Node's start included. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { fillDataDir } from "../../bench/report-fixture.ts";
import { percentile, round } from "../statistics.ts";
import type { Row } from "../row.ts";

const PEERS = 24;
const INCIDENTS = 500;
const DAYS = 30;
const RUNS = 9;
const BAR_S = 0.5;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const FORMATS = ["text", "json"] as const;

export interface ReportTimes {
  /** Seconds, median and longest. */
  readonly text: { readonly medianS: number; readonly maxS: number };
  readonly json: { readonly medianS: number; readonly maxS: number };
  readonly incidents: number;
}

export async function timeReports(options: { readonly directory: string; readonly cli: string; readonly runs: number }): Promise<ReportTimes> {
  const dataDir = join(options.directory, "month");
  fillDataDir(dataDir, { nowMs: Date.now(), peers: PEERS, incidents: INCIDENTS, days: DAYS });
  const seconds: Record<(typeof FORMATS)[number], number[]> = { text: [], json: [] };
  let incidents = 0;
  for (let run = 0; run < options.runs; run++) {
    for (const format of FORMATS) {
      const command = [options.cli, "report", "--since", `${DAYS}d`, "--format", format, "--data-dir", dataDir];
      const since = performance.now();
      const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: MAX_OUTPUT_BYTES });
      seconds[format].push((performance.now() - since) / 1000);
      if (format === "json") incidents = (JSON.parse(stdout) as { incidents: unknown[] }).incidents.length;
    }
  }
  const figures = (values: readonly number[]): { medianS: number; maxS: number } => ({
    medianS: round(percentile(values, 0.5)),
    maxS: round(Math.max(...values)),
  });
  return { text: figures(seconds.text), json: figures(seconds.json), incidents };
}

export const reportSpeed: Row = {
  name: "report-speed",
  title: `report --since ${DAYS}d, text and json, ${PEERS} peers and ${INCIDENTS} incidents, Node's start included: ≤ ${BAR_S} s`,
  async run({ directory, cli }) {
    const times = await timeReports({ directory, cli, runs: RUNS });
    return {
      samples: 2 * RUNS,
      figures: { ...times },
      bar: `median of each ≤ ${BAR_S} s`,
      passed: times.incidents === INCIDENTS && times.text.medianS <= BAR_S && times.json.medianS <= BAR_S,
    };
  },
};

/** `meshprobe report`: what the store says of a stretch of time, as text or JSON. Loads what it needs when it needs it: it must answer within half a second. */
import { parseArgs } from "node:util";
import type { LocalMs } from "../report/since.ts";
import { DEFAULT_CONFIG, type Command, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const DEFAULT_SINCE = "24h";
/** Up to this many incidents the JSON holds strips, facts and hops without --full. */
const MAX_DETAILED_JSON = 50;
const MIN_COLUMNS = 40;

const USAGE = `meshprobe report: what was lost, when, and on which path

usage: meshprobe report [options]

  --since TIME      start of the report (default ${DEFAULT_SINCE}): 2h, 1d12h, today, yesterday,
                    "2026-11-20 10:00" (local time), 2026-11-20T10:00:00Z
  --until TIME      end of the report (default now), written the same way; one after now
                    shows what was stored while the wall clock was ahead
  --peer NAME       only this peer (name or address)
  --format FORMAT   text (default) or json (schema meshprobe.report/1)
  --full            every burst, every capture, every peer. Without it text shows paths for up to
                    20 incidents, and json leaves strips, facts and hops out above ${MAX_DETAILED_JSON}
  --data-dir DIR    read this directory; no configuration is needed then
  --config FILE     configuration that names the data directory
                    (default ${DEFAULT_CONFIG})
  --help            this text

examples:
  meshprobe report --since 2h                     what happened in the last two hours
  meshprobe report --since yesterday --until today --peer bj-b1
  meshprobe report --since "2026-11-20 04:00" --full > ticket.txt
  meshprobe report --since 30d --format json | jq '.incidents[] | {peer, started_at, loss_pct}'
  meshprobe report --data-dir ./copied-from-node  works on a copy, and while the agent runs

exit code: 0 fine (also with incidents), 2 wrong usage or configuration, 3 the data, or part of it, cannot be read
`;

interface Options {
  readonly since: string;
  readonly until: string | undefined;
  readonly peer: string | undefined;
  readonly format: "text" | "json";
  readonly full: boolean;
  readonly dataDir: string | undefined;
  readonly config: string;
}

export const reportCommand: Command = {
  usage: USAGE,
  run,
};

async function run(args: readonly string[], world: World): Promise<number> {
  const options = parseOptions(args);
  const range = await parseRange(options, world.now());
  const dataDir = options.dataDir ?? (await configuredDataDir(options.config, world));
  const [{ openReader }, { readReport }, { StoreError }] = await Promise.all([
    import("../store/reader.ts"),
    import("../store/query.ts"),
    import("../store/store-error.ts"),
  ]);
  const warn = (line: string): void => world.stderr(`meshprobe report: ${line}\n`);
  try {
    const reader = openReader(dataDir, warn);
    try {
      const detailUpTo = options.full ? Infinity : await detailLimit(options.format);
      const report = readReport(reader, { ...range, peer: options.peer ?? null, detailUpTo });
      if (options.peer !== undefined && report.peers.length === 0 && report.problems.length === 0)
        throw new UsageError(
          `no peer ${JSON.stringify(options.peer)} in ${dataDir}${knownPeers(readReport(reader, { ...range, peer: null, detailUpTo: 0 }).peers)}`,
        );
      await write(report, { options, world });
      return report.problems.length > 0 ? 3 : 0;
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    warn(error.message);
    return 3;
  }
}

async function detailLimit(format: Options["format"]): Promise<number> {
  if (format === "json") return MAX_DETAILED_JSON;
  return (await import("../report/text.ts")).MAX_DETAILED_INCIDENTS;
}

async function write(
  report: import("../report/report.ts").Report,
  { options, world }: { readonly options: Options; readonly world: World },
): Promise<void> {
  if (options.format === "json") {
    const { renderJson } = await import("../report/json.ts");
    world.stdout(renderJson(report));
    return;
  }
  const { renderText } = await import("../report/text.ts");
  const zone = (ms: number): number => -new Date(ms).getTimezoneOffset();
  world.stdout(renderText(report, { columns: Math.max(MIN_COLUMNS, world.columns), zone, full: options.full }));
}

function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const format = values.format ?? "text";
  if (format !== "text" && format !== "json") throw new UsageError(`unknown --format ${JSON.stringify(format)}: it is text or json`);
  return {
    since: values.since ?? DEFAULT_SINCE,
    until: values.until,
    peer: values.peer,
    format,
    full: values.full ?? false,
    dataDir: values["data-dir"],
    config: values.config ?? DEFAULT_CONFIG,
  };
}

const OPTIONS = {
  since: { type: "string" },
  until: { type: "string" },
  peer: { type: "string" },
  format: { type: "string" },
  full: { type: "boolean" },
  "data-dir": { type: "string" },
  config: { type: "string" },
} as const;

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new UsageError(`${first}; see meshprobe report --help`, { cause: error });
  }
}

async function parseRange(options: Options, nowMs: number): Promise<{ sinceMs: number; untilMs: number; nowMs: number }> {
  const { parseSince } = await import("../report/since.ts");
  const localMs: LocalMs = (y, mo, d, h, mi, s) => new Date(y, mo - 1, d, h, mi, s).getTime();
  const time = (option: "since" | "until", text: string): number => {
    try {
      return parseSince(text, { nowMs, localMs, future: option === "until" });
    } catch (error) {
      throw new UsageError(`--${option}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  const sinceMs = time("since", options.since);
  const untilMs = options.until === undefined ? nowMs : time("until", options.until);
  if (untilMs <= sinceMs) throw new UsageError("--until must be later than --since");
  return { sinceMs, untilMs, nowMs };
}

async function configuredDataDir(file: string, world: World): Promise<string> {
  const { loadConfig } = await import("../config/load.ts");
  return loadConfig(file, { hostName: world.hostName }).dataDir;
}

function knownPeers(peers: readonly { readonly peer: string }[]): string {
  return peers.length === 0 ? "" : `; known: ${peers.map((peer) => JSON.stringify(peer.peer)).join(", ")}`;
}

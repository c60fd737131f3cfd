/** `meshprobe report`: what the store says of a stretch of time, as text or JSON. Loads what it needs when it needs it: it must answer within half a second. */
import type { LocalMs } from "../report/since.ts";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** Up to this many incidents the JSON holds strips, facts and hops without --full. */
const MAX_DETAILED_JSON = 50;
const MIN_COLUMNS = 40;

const DECLARATION = declare({
  name: "report",
  summary: "what was lost, when, and where the path broke",
  description: ["Works while the agent runs, after it died, and on a copied or read-only data directory."],
  options: {
    since: {
      argument: "TIME",
      text: 'start of the report: 2h, 1d12h, today, yesterday, "2026-11-20 10:00" (local time), 2026-11-20T10:00:00Z',
      default: "24h",
    },
    until: {
      argument: "TIME",
      text: "end of the report (default now), written the same way; one after now shows what was stored while the wall clock was ahead",
    },
    peer: { argument: "NAME", text: "only this peer (name or address)" },
    format: { argument: "FORMAT", text: "text, or json: schema meshprobe.report/1", words: ["text", "json"], default: "text" },
    full: {
      text: `every burst, every capture, every peer. Without it text shows paths for up to 20 incidents, and json leaves strips, facts and hops out above ${MAX_DETAILED_JSON}`,
    },
    "data-dir": { argument: "DIR", text: "read this directory; no configuration is needed then", completes: "directory" },
    config: { ...CONFIG_OPTION, text: "configuration that names the data directory" },
  },
  examples: [
    { command: "meshprobe report --since 2h", text: "what happened in the last two hours" },
    { command: "meshprobe report --since yesterday --until today --peer bj-b1" },
    { command: 'meshprobe report --since "2026-11-20 04:00" --full > ticket.txt' },
    { command: "meshprobe report --since 30d --format json | jq '.incidents[] | {peer, started_at, loss_pct}'" },
    { command: "meshprobe report --data-dir ./copied-from-node", text: "works on a copy, and while the agent runs" },
  ],
  exitCodes: { 0: "fine (also with incidents)", 2: "wrong usage or configuration", 3: "the data, or part of it, cannot be read" },
});

type Options = CommandLine<typeof DECLARATION.options>["values"];

export const reportCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values: options } = parseCommandLine(DECLARATION, args);
  const range = await parseRange(options, world.now());
  const dataDir = options["data-dir"] ?? (await configuredDataDir(options.config, world));
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

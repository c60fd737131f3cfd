/** `meshprobe report`: what the store says of a stretch of time, or the page of one incident. Loads what it needs when it needs it: it must answer within half a second. */
import type { Language } from "../report/language.ts";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";
import { dataDirOf, localZone } from "./data-dir.ts";
import { langOption, languageOf, listLabels } from "./language-option.ts";
import { verdictWords } from "../verdict/words-of.ts";
import { UsageError } from "./usage-error.ts";

/** Up to this many incidents the JSON holds strips, facts and hops without --full. */
const MAX_DETAILED_JSON = 50;
const MIN_COLUMNS = 40;
const DEFAULT_SINCE = "24h";
/** They narrow the list, and say nothing about one incident. */
const RANGE = ["since", "until", "peer"] as const;
/** Without a collector they mean nothing. */
const WITH_COLLECTOR = ["node", "token-file", "ca-file"] as const;

const DECLARATION = declare({
  name: "report",
  summary: "what was lost, when, and where the path broke",
  description: [
    "Works while the agent runs, after it died, and on a copied or read-only data directory.",
    "With --collector it is the same report over all nodes: what two of them saw of one fault stands together, with the times of the other side on the clock of the first as far as they were measured against each other. The page of an incident has the traces of both sides, and says when the sum over its evidence came and whether what is there gives it; both are worked out here, from the rows.",
  ],
  forms: ["[OPTIONS]", "INCIDENT [--format FORMAT] [--with FILE.tar.gz] [OPTIONS]", "--collector URL [--node NAME] [INCIDENT] [OPTIONS]"],
  operands: {
    min: 0,
    max: 1,
    entries: [
      {
        name: "INCIDENT",
        text: "the page for a ticket: id of an incident or an event as the list shows it, or its beginning (6 characters or more)",
      },
    ],
  },
  options: {
    since: {
      argument: "TIME",
      text: `start of the report (default ${DEFAULT_SINCE}): 2h, 1d12h, today, yesterday, "2026-11-20 10:00" (local time), 2026-11-20T10:00:00Z`,
    },
    until: {
      argument: "TIME",
      text: "end of the report (default now), written the same way; one after now shows what was stored while the wall clock was ahead",
    },
    peer: { argument: "NAME", text: "only this peer (name or address; with --collector its name)" },
    format: {
      argument: "FORMAT",
      text: "text, or json: schema meshprobe.report/1; of one INCIDENT also markdown, and html as one file that needs nothing else",
      words: ["text", "markdown", "html", "json"],
      default: "text",
    },
    lang: langOption("labels, verdicts and findings"),
    with: {
      argument: "FILE",
      text: "put an export of the far end (meshprobe export) on the page of INCIDENT; may be given again",
      many: true,
      completes: "file",
    },
    full: {
      text: `every burst, every capture, every peer. Without it text shows paths for up to 20 incidents, and json leaves strips, facts and hops out above ${MAX_DETAILED_JSON}`,
    },
    collector: { argument: "URL", text: "ask this collector instead of the data of this node, like https://collector.example:8443" },
    node: {
      argument: "NAME",
      text: "with --collector: only what this node saw, with the other side of it; with --node or --peer there are sums of peers too",
    },
    "token-file": {
      argument: "FILE",
      text: "with --collector: a reader's token; without it that of the configuration, if it names the same collector",
      completes: "file",
    },
    "ca-file": {
      argument: "FILE",
      text: "with --collector: its certificate authority, if the system does not trust it; without it that of the configuration, in the same way",
      completes: "file",
    },
    "data-dir": { argument: "DIR", text: "read this directory; no configuration is needed then", completes: "directory" },
    config: { ...CONFIG_OPTION, text: "configuration that names the data directory" },
  },
  examples: [
    { command: "meshprobe report --since 2h", text: "what happened in the last two hours" },
    { command: "meshprobe report --since yesterday --until today --peer bj-b1" },
    { command: 'meshprobe report --since "2026-11-20 04:00" --full > ticket.txt' },
    { command: "meshprobe report 20261121T041203-4f2a --format html > ticket.html" },
    { command: "meshprobe report 20261121T041203-4f2a --lang zh --format markdown", text: "for a desk that reads Chinese" },
    { command: "meshprobe report --since 30d --format json | jq '.incidents[] | {peer, started_at, loss_pct}'" },
    { command: "meshprobe report --collector https://collector.example:8443 --token-file reader.token --since 2h", text: "all nodes" },
    { command: "meshprobe report --data-dir ./copied-from-node", text: "works on a copy, and while the agent runs" },
  ],
  exitCodes: {
    0: "fine (also with incidents)",
    2: "wrong usage or configuration",
    3: "the data, or part of it, cannot be read, or the collector not be asked",
  },
});

type Options = CommandLine<typeof DECLARATION.options>["values"];

export const reportCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values: options, operands } = parseCommandLine(DECLARATION, args);
  const [id] = operands;
  if (options.collector !== undefined) return collected(options.collector, { id, options, world });
  const lonely = WITH_COLLECTOR.find((name) => options[name] !== undefined);
  if (lonely !== undefined) throw new UsageError(`--${lonely} goes with --collector; see meshprobe report --help`);
  return id === undefined ? list(options, world) : page(id, { options, world });
}

async function collected(
  url: string,
  { id, options, world }: { readonly id: string | undefined; readonly options: Options; readonly world: World },
): Promise<number> {
  if (options.with.length > 0) throw new UsageError("--with is not needed with --collector: it has what both sides have sent");
  if (options["data-dir"] !== undefined) throw new UsageError("--collector and --data-dir are two places: give one of them");
  const { format } = options;
  if (id !== undefined) requirePageOptions(options);
  const [{ reportFleet, reportCollected }, { collectorAccess }] = await Promise.all([
    import("./report-collector.ts"),
    import("./collector-access.ts"),
  ]);
  const language = languageOf({ lang: options.lang, format }, world.env);
  const files = { tokenFile: options["token-file"], caFile: options["ca-file"], config: options.config };
  const place = { node: options.node ?? null, language };
  if (id !== undefined) return reportCollected({ access: collectorAccess({ url, ...files }, world), id, format, ...place }, world);
  if (format !== "text" && format !== "json") throw new UsageError(`--format ${format} is for one INCIDENT; see meshprobe report --help`);
  const { sinceMs, untilMs } = await parseRange(options, world.now());
  const access = collectorAccess({ url, ...files }, world);
  return reportFleet({ access, sinceMs, untilMs, peer: options.peer ?? null, format, full: options.full, ...place }, world);
}

function requirePageOptions(options: Options): void {
  const range = RANGE.find((name) => options[name] !== undefined) ?? (options.full ? "full" : undefined);
  if (range !== undefined) throw new UsageError(`--${range} is for the list, and not for one INCIDENT; see meshprobe report --help`);
}

async function page(id: string, { options, world }: { readonly options: Options; readonly world: World }): Promise<number> {
  requirePageOptions(options);
  const dataDir = await dataDirOf({ dataDir: options["data-dir"], config: options.config }, world);
  const [{ reportTicket }, { StoreError }] = await Promise.all([import("./report-ticket.ts"), import("../store/store-error.ts")]);
  try {
    return await reportTicket({ id, format: options.format, dataDir, exports: options.with, language: languageOf(options, world.env) }, world);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    world.stderr(`meshprobe report: ${error.message}\n`);
    return 3;
  }
}

async function list(options: Options, world: World): Promise<number> {
  const { format } = options;
  if (options.with.length > 0) throw new UsageError("--with goes with an INCIDENT; see meshprobe report --help");
  if (format !== "text" && format !== "json") throw new UsageError(`--format ${format} is for one INCIDENT; see meshprobe report --help`);
  const range = await parseRange(options, world.now());
  const dataDir = await dataDirOf({ dataDir: options["data-dir"], config: options.config }, world);
  const language = languageOf({ lang: options.lang, format }, world.env);
  const [{ openReader }, { readReport }, { StoreError }, words] = await Promise.all([
    import("../store/reader.ts"),
    import("../store/query.ts"),
    import("../store/store-error.ts"),
    verdictWords(language),
  ]);
  const warn = (line: string): void => world.stderr(`meshprobe report: ${line}\n`);
  try {
    const reader = openReader(dataDir, warn);
    try {
      const detailUpTo = options.full ? Infinity : await detailLimit(format);
      const report = readReport(reader, { ...range, peer: options.peer ?? null, detailUpTo, words });
      const isKnown = report.peers.length > 0 || report.requested_captures.length > 0;
      if (options.peer !== undefined && !isKnown && report.problems.length === 0)
        throw new UsageError(
          `no peer ${JSON.stringify(options.peer)} in ${dataDir}${knownPeers(readReport(reader, { ...range, peer: null, detailUpTo: 0 }).peers)}`,
        );
      await write(report, { options, world, language });
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
  { options, world, language }: { readonly options: Options; readonly world: World; readonly language: Language },
): Promise<void> {
  if (options.format === "json") {
    const { renderJson } = await import("../report/json.ts");
    world.stdout(renderJson(report, (await listLabels(language)).said));
    return;
  }
  const [{ renderText }, labels] = await Promise.all([import("../report/text.ts"), listLabels(language)]);
  world.stdout(renderText(report, { columns: Math.max(MIN_COLUMNS, world.columns), zone: localZone, full: options.full, labels }));
}

async function parseRange(options: Options, nowMs: number): Promise<{ sinceMs: number; untilMs: number; nowMs: number }> {
  const { parseTime } = await import("./time-option.ts");
  const sinceMs = parseTime("since", options.since ?? DEFAULT_SINCE, nowMs);
  const untilMs = options.until === undefined ? nowMs : parseTime("until", options.until, nowMs);
  if (untilMs <= sinceMs) throw new UsageError("--until must be later than --since");
  return { sinceMs, untilMs, nowMs };
}

function knownPeers(peers: readonly { readonly peer: string }[]): string {
  return peers.length === 0 ? "" : `; known: ${peers.map((peer) => JSON.stringify(peer.peer)).join(", ")}`;
}

/** `meshprobe status`: how the peers are now, asked from the running agent; once, or again each second in place. */
import { setTimeout as pause } from "node:timers/promises";
import type { ControlLabels } from "../control/labels.ts";
import type { Status } from "../control/status.ts";
import { escapeForTerminal } from "../report/escape.ts";
import type { Language } from "../report/language.ts";
import { AGENT_OPTIONS, askAgent, dataDirOf, GROUP_NOTE, type Asked } from "./ask-agent.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, declare, type World } from "./command.ts";
import { localZone } from "./data-dir.ts";
import { controlLabels, langOption, languageOf } from "./language-option.ts";
import { UsageError } from "./usage-error.ts";

const DECLARATION = declare({
  name: "status",
  summary: "how the peers are now, from the running agent",
  description: [
    "A peer's line: its state, the loss of the last ten minutes, the median round-trip time of the newest ten seconds, the worst of the last ten minutes, and the medians of the last minutes, the newest on the right (x: something was lost). On a terminal the worst peers that fit are shown, in a pipe all of them.",
    GROUP_NOTE,
  ],
  options: {
    watch: { text: "again each second, in place, until Ctrl-C" },
    format: { argument: "FORMAT", text: "text, or json: schema meshprobe.status/1", words: ["text", "json"], default: "text" },
    lang: langOption("labels, verdicts and notes"),
    ...AGENT_OPTIONS,
  },
  examples: [
    { command: "meshprobe status" },
    { command: "meshprobe status --watch" },
    { command: "meshprobe status --format json | jq '.peers[] | select(.state != \"well\")'" },
  ],
  exitCodes: { 2: "wrong usage or configuration", 3: "the agent does not run, or may not be asked" },
});

const EVERY_MS = 1_000;
/** The first that is set says which characters the terminal has. */
const LOCALE = ["LC_ALL", "LC_CTYPE", "LANG"] as const;
/** Where there is no terminal. */
const PIPE_COLUMNS = 120;
/** Alternate screen without a cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

export const statusCommand: Command = { declaration: DECLARATION, run };

interface Asking {
  readonly dataDir: string;
  readonly language: Language;
  readonly labels: ControlLabels;
  /** Only so many peers are asked for as fit on a terminal. */
  readonly format: "text" | "json";
}

async function run(args: readonly string[], world: World): Promise<number> {
  const { values } = parseCommandLine(DECLARATION, args);
  const { watch, format, config, "data-dir": dataDir } = values;
  if (watch && format === "json") throw new UsageError("--watch is for people; ask for json again and again instead");
  const language = languageOf(values, world.env);
  const asking: Asking = { dataDir: await dataDirOf({ config, dataDir }, world), language, labels: await controlLabels(language), format };
  const first = await askStatus(asking, world);
  if (first.kind === "failed") {
    world.stderr(`meshprobe status: ${escapeForTerminal(first.message)}\n`);
    return first.exitCode;
  }
  if (format === "json") world.stdout(await json(first.result, asking.labels));
  else if (watch) await watchOn(asking, first, world);
  else world.stdout(await text(first.result, asking.labels, world));
  return 0;
}

function askStatus({ dataDir, language, labels, format }: Asking, world: World): Promise<Asked<Status>> {
  const peers = format === "text" && world.isTty ? world.rows : null;
  return askAgent<Status>({ op: "status", dataDir, peers, language }, { world, said: labels.said });
}

/** An agent that is restarted meanwhile is asked again: whoever watches wants to see it come back. */
async function watchOn(asking: Asking, first: Asked<Status>, world: World): Promise<void> {
  if (world.isTty) world.stdout(ENTER);
  try {
    for (let asked = first; !world.signal.aborted; asked = await askStatus(asking, world)) {
      const shown = asked.kind === "answer" ? await text(asked.result, asking.labels, world) : `${escapeForTerminal(asked.message)}\n`;
      world.stdout(world.isTty ? `${HOME}${shown.replaceAll("\n", `${CLEAR_LINE}\n`).trimEnd()}${CLEAR_BELOW}` : `${shown}\n`);
      await pause(EVERY_MS, undefined, { signal: world.signal }).catch(() => {});
    }
  } finally {
    if (world.isTty) world.stdout(LEAVE);
  }
}

async function json(status: Status, { said }: ControlLabels): Promise<string> {
  const { inLanguage } = await import("../report/said-json.ts");
  return `${JSON.stringify(status, inLanguage(said), 2)}\n`;
}

async function text(status: Status, labels: ControlLabels, world: World): Promise<string> {
  const { statusLines } = await import("../control/status-text.ts");
  const { isTty, columns, rows, env } = world;
  const unicode = /utf-?8/i.test(LOCALE.map((name) => env[name] ?? "").find((value) => value !== "") ?? "");
  const size = { columns: isTty ? columns : PIPE_COLUMNS, rows: isTty ? rows - 1 : null };
  return `${statusLines(status, { ...size, unicode, zone: localZone, labels }).join("\n")}\n`;
}

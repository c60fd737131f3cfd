/** `meshprobe status`: how the peers are now, asked from the running agent; once, or again each second in place. */
import { setTimeout as pause } from "node:timers/promises";
import type { Status } from "../control/status.ts";
import type { StatusTextOptions } from "../control/status-text.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { AGENT_OPTIONS, askAgent, dataDirOf, GROUP_NOTE, type Asked } from "./ask-agent.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, declare, type World } from "./command.ts";
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
/** Where there is no terminal. */
const PIPE_COLUMNS = 120;
/** Alternate screen without a cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

export const statusCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values } = parseCommandLine(DECLARATION, args);
  const { watch, format, config, "data-dir": dataDir } = values;
  if (watch && format === "json") throw new UsageError("--watch is for people; ask for json again and again instead");
  const directory = await dataDirOf({ config, dataDir }, world);
  const first = await askStatus(directory, format === "text" ? world : null, world);
  if (first.kind === "failed") {
    world.stderr(`meshprobe status: ${escapeForTerminal(first.message)}\n`);
    return first.exitCode;
  }
  if (format === "json") world.stdout(`${JSON.stringify(first.result, null, 2)}\n`);
  else if (watch) await watchOn(directory, first, world);
  else world.stdout(await text(first.result, world));
  return 0;
}

/** `screen`: only so many peers are asked for as fit there; null for all. */
function askStatus(dataDir: string, screen: World | null, world: World): Promise<Asked<Status>> {
  return askAgent<Status>({ op: "status", dataDir, peers: screen?.isTty === true ? screen.rows : null }, { world });
}

/** An agent that is restarted meanwhile is asked again: whoever watches wants to see it come back. */
async function watchOn(dataDir: string, first: Asked<Status>, world: World): Promise<void> {
  if (world.isTty) world.stdout(ENTER);
  try {
    for (let asked = first; !world.signal.aborted; asked = await askStatus(dataDir, world, world)) {
      const shown = asked.kind === "answer" ? await text(asked.result, world) : `${escapeForTerminal(asked.message)}\n`;
      world.stdout(world.isTty ? `${HOME}${shown.replaceAll("\n", `${CLEAR_LINE}\n`).trimEnd()}${CLEAR_BELOW}` : `${shown}\n`);
      await pause(EVERY_MS, undefined, { signal: world.signal }).catch(() => {});
    }
  } finally {
    if (world.isTty) world.stdout(LEAVE);
  }
}

async function text(status: Status, world: World): Promise<string> {
  const { statusLines } = await import("../control/status-text.ts");
  const { isTty, columns, rows, env } = world;
  const unicode = /utf-?8/i.test(env["LC_ALL"] ?? env["LC_CTYPE"] ?? env["LANG"] ?? "");
  const zone = (ms: number): number => -new Date(ms).getTimezoneOffset();
  const options: StatusTextOptions = { columns: isTty ? columns : PIPE_COLUMNS, rows: isTty ? rows - 1 : null, unicode, zone };
  return `${statusLines(status, options).join("\n")}\n`;
}

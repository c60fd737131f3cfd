/** `meshprobe trace PEER`: asks the running agent for a sweep and an mtr now, and prints them. */
import type { TraceResult } from "../control/trace.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { AGENT_OPTIONS, askAgent, dataDirOf, GROUP_NOTE } from "./ask-agent.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, declare, type World } from "./command.ts";
import { localZone } from "./data-dir.ts";
import { controlLabels, langOption, languageOf } from "./language-option.ts";

const DECLARATION = declare({
  name: "trace",
  summary: "trace the path to a peer now, by the running agent",
  description: [
    "One sweep (every TTL at once) and one mtr of ten cycles, about fifteen seconds. They are bound by the agent's limits for routers and give way to the traces of an incident; what was captured is stored with the evidence, and the report shows it.",
    GROUP_NOTE,
  ],
  operands: {
    min: 1,
    max: 1,
    entries: [{ name: "PEER", text: "name or address of a peer of the agent's configuration; with trace.allow: any, the address of any host" }],
  },
  options: {
    format: { argument: "FORMAT", text: "text, or json: schema meshprobe.trace/1", words: ["text", "json"], default: "text" },
    lang: langOption("labels, reasons and notes"),
    ...AGENT_OPTIONS,
  },
  examples: [{ command: "meshprobe trace bj-b1" }, { command: "meshprobe trace 10.20.3.2 --format json | jq '.captures[].hops[].address'" }],
  exitCodes: { 2: "wrong usage or configuration, or refused", 3: "the agent does not run, or may not be asked" },
});

/** Back to the start of the line, which is cleared. */
const OVERWRITE = "\r\x1b[K";

export const traceCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values, operands } = parseCommandLine(DECLARATION, args);
  const [peer = ""] = operands;
  const { format, config, "data-dir": dataDir } = values;
  const directory = await dataDirOf({ config, dataDir }, world);
  const labels = await controlLabels(languageOf(values, world.env));
  const show = (text: string): void => {
    if (world.isTty) world.stderr(`${OVERWRITE}${text === "" ? "" : `${escapeForTerminal(text)} …`}`);
  };
  const asked = await askAgent<TraceResult>({ op: "trace", dataDir: directory, peer }, { world, said: labels.said, onProgress: show });
  show("");
  if (asked.kind === "failed") {
    world.stderr(`meshprobe trace: ${escapeForTerminal(asked.message)}\n`);
    return asked.exitCode;
  }
  const [{ traceLines }, { inLanguage }] = await Promise.all([import("../control/trace-text.ts"), import("../report/said-json.ts")]);
  const shown =
    format === "json" ? JSON.stringify(asked.result, inLanguage(labels.said), 2) : traceLines(asked.result, { zone: localZone, labels }).join("\n");
  world.stdout(`${shown}\n`);
  return 0;
}

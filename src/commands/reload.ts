/** `meshprobe reload`: has the running agent apply its configuration file, and says what became of it. */
import type { ReloadResult } from "../control/reload-result.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { AGENT_OPTIONS, askAgent, dataDirOf, GROUP_NOTE } from "./ask-agent.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, declare, type World } from "./command.ts";

const DECLARATION = declare({
  name: "reload",
  summary: "have the running agent apply its configuration file",
  description: [
    "The peers, their intervals and labels, probe.interval, probe.max_rate and log.level may have changed. Peers that are as they were lose no probe. A peer with another address or interval begins anew, and its incident, if one is open, is closed.",
    "A file that is wrong, or changes anything else, is refused as a whole: the agent goes on with what it has. SIGHUP to the agent does the same, and says in the log what became of it.",
    GROUP_NOTE,
  ],
  options: { ...AGENT_OPTIONS },
  examples: [{ command: "meshprobe reload" }],
  exitCodes: { 0: "applied", 2: "the file is wrong, or needs a restart", 3: "the agent does not run, or may not be asked" },
});

export const reloadCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { config, "data-dir": dataDir } = parseCommandLine(DECLARATION, args).values;
  const fail = (message: string, exitCode: number): number => {
    // It may hold what somebody else has written; backslashes are as they were.
    world.stderr(`meshprobe reload: ${message.split("\\").map(escapeForTerminal).join("\\")}\n`);
    return exitCode;
  };
  // A file that cannot be read names no agent either; what is wrong with it is said by the agent's own words.
  const directory = await dataDirOf({ config, dataDir }, world);
  const asked = await askAgent<ReloadResult>({ op: "reload", dataDir: directory }, { world });
  if (asked.kind === "failed") return fail(asked.message, asked.exitCode);
  const { reloadLines } = await import("../control/reload-result.ts");
  world.stdout(`${reloadLines(asked.result).join("\n")}\n`);
  return 0;
}

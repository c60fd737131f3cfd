/** `meshprobe agent`: probes the peers of a configuration until it is told to stop. */
import { parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";

const DECLARATION = declare({
  name: "agent",
  summary: "probe the peers and capture evidence, until stopped",
  description: [
    "Probes every peer of the configuration, traces the path while packets are being lost, and keeps the evidence in data_dir. Runs until SIGTERM or SIGINT. SIGHUP applies a changed configuration, like meshprobe reload.",
    "Needs CAP_NET_RAW: run it as root, or as the service of the package. The log goes to stdout, one JSON object a line (readable lines on a terminal).",
  ],
  options: { config: CONFIG_OPTION },
  examples: [{ command: "meshprobe agent --config config/peers.yaml" }],
  exitCodes: { 0: "stopped when it was told to", 3: "it cannot run, or go on" },
});

export const agentCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values } = parseCommandLine(DECLARATION, args);
  const { runAgent } = await import("./agent-run.ts");
  return runAgent(values.config, world);
}

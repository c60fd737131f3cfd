/** `meshprobe agent`: probes the peers of a configuration until it is told to stop. */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { Agent, AgentError } from "../agent.ts";
import { loadConfig } from "../config/load.ts";
import { loadMeshKeys } from "../config/mesh-keys.ts";
import { createLog } from "../log.ts";
import { VERSION } from "../version.ts";
import { DEFAULT_CONFIG, type Command, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const USAGE = `Usage: meshprobe agent [--config FILE]

Probes every peer of the configuration, traces the path while packets are being
lost, and keeps the evidence in data_dir. Runs until SIGTERM or SIGINT.

Options:
  --config FILE   configuration (default ${DEFAULT_CONFIG})
  --help          this text

Needs CAP_NET_RAW: run it as root, or from the unit in packaging/.
The log goes to stdout, one JSON object a line (readable lines on a terminal).

Examples:
  meshprobe agent --config config/peers.yaml
  meshprobe report --since 2h --config config/peers.yaml
`;

export const agentCommand: Command = {
  usage: USAGE,
  async run(args: readonly string[], world: World): Promise<number> {
    keepYoungHeapSmall();
    const { config: file } = options(args);
    const config = loadConfig(file, { hostName: world.hostName });
    const log = createLog({ level: config.log.level, write: world.stdout, pretty: world.isTty });
    const meshKeys = config.mesh.keyFile === null ? [] : loadMeshKeys(config.mesh.keyFile);
    const agent = new Agent({ config, version: VERSION, log, meshKeys });
    try {
      await agent.run(world.signal);
      return 0;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      world.stderr(`meshprobe: ${error.message}\n`);
      return error.exitCode;
    }
  },
};

/**
 * The rollups of a thousand peers make V8 double its young generation, in steps of 8 MB and after any length of time: memory that grows without being needed, and
 * that looks like a leak. The flag is read at each growth, so it can be set here and the command line stays plain.
 */
function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

function options(args: readonly string[]): { readonly config: string } {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: "string", default: DEFAULT_CONFIG } } });
    return { config: values.config };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)} (see: meshprobe agent --help)`, { cause: error });
  }
}

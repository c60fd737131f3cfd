/** `meshprobe agent`: probes the peers of a configuration until it is told to stop. */
import { setFlagsFromString } from "node:v8";
import type { Config } from "../config/config.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";

const DECLARATION = declare({
  name: "agent",
  summary: "probe the peers and capture evidence, until stopped",
  description: [
    "Probes every peer of the configuration, traces the path while packets are being lost, and keeps the evidence in data_dir. Runs until SIGTERM or SIGINT. SIGHUP applies a changed configuration, like meshprobe reload.",
    "Needs CAP_NET_RAW: run it as root, or from the unit in packaging/. The log goes to stdout, one JSON object a line (readable lines on a terminal).",
  ],
  options: { config: CONFIG_OPTION },
  examples: [{ command: "meshprobe agent --config config/peers.yaml" }],
  exitCodes: { 0: "stopped when it was told to", 3: "it cannot run, or go on" },
});

export const agentCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values } = parseCommandLine(DECLARATION, args);
  keepYoungHeapSmall();
  const [{ Agent, AgentError }, { loadConfig }, { loadMeshKeys }, { socketPath }, { createLog }, { VERSION }] = await Promise.all([
    import("../agent.ts"),
    import("../config/load.ts"),
    import("../config/mesh-keys.ts"),
    import("../control/socket-path.ts"),
    import("../log.ts"),
    import("../version.ts"),
  ]);
  const readConfig = (): Config => loadConfig(values.config, { hostName: world.hostName });
  const config = readConfig();
  const path = socketPath(config, world.env);
  const log = createLog({ level: config.log.level, write: world.stdout, pretty: world.isTty });
  const meshKeys = config.mesh.keyFile === null ? [] : loadMeshKeys(config.mesh.keyFile);
  const agent = new Agent({ config, version: VERSION, log, meshKeys, socketPath: path, readConfig });
  // On a terminal it means that the terminal is gone.
  if (!world.isTty) world.onHangup(() => void agent.reload());
  try {
    await agent.run(world.signal);
    return 0;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    world.stderr(`meshprobe: ${error.message}\n`);
    return error.exitCode;
  }
}

/**
 * The rollups of a thousand peers make V8 double its young generation, in steps of 8 MB and after any length of time: memory that grows without being needed, and
 * that looks like a leak. The flag is read at each growth, so it can be set here and the command line stays plain.
 */
function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

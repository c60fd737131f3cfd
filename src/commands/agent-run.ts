/** What `meshprobe agent` does: the configuration, the log, the service manager if there is one, and then the agent. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { Agent, AgentError } from "../agent.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { loadMeshKeys } from "../config/mesh-keys.ts";
import { socketPath } from "../control/socket-path.ts";
import { createLog } from "../log.ts";
import { openNotifySocket, watchdogMs } from "../service/notify-socket.ts";
import { ServiceLink } from "../service/service-link.ts";
import { takeTurn } from "../service/start-turn.ts";
import { VERSION } from "../version.ts";
import type { World } from "./command.ts";

/** Returns the exit code. */
export async function runAgent(file: string, world: World): Promise<number> {
  keepYoungHeapSmall();
  const readConfig = (): Config => loadConfig(file, { hostName: world.hostName });
  const config = readConfig();
  const path = socketPath(config, world.env);
  const log = createLog({ level: config.log.level, write: world.stdout, pretty: world.isTty });
  const meshKeys = config.mesh.keyFile === null ? [] : loadMeshKeys(config.mesh.keyFile);
  const start = await takeTurn({ env: world.env, signal: world.signal, log });
  const notify = openNotifySocket(world.env);
  const service = new ServiceLink({ notify, watchdogMs: watchdogMs(world.env, process.pid), nowMs: () => performance.now(), log });
  const agent = new Agent({ config, version: VERSION, log, meshKeys, service, socketPath: path, readConfig });
  // On a terminal it means that the terminal is gone.
  if (!world.isTty) world.onHangup(() => void agent.reload());
  try {
    await agent.run(world.signal);
    start?.endedWell();
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

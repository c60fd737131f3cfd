/** What the commands that talk to the running agent have in common: which agent is meant, and what its refusal means for the exit code. */
import type { ControlRequest } from "../control/protocol.ts";
import type { Translate } from "../phrases/phrase.ts";
import { CONFIG_OPTION, type ValueOption, type World } from "./command.ts";

interface AgentOptions {
  readonly "data-dir": ValueOption;
  readonly config: typeof CONFIG_OPTION;
}

export const AGENT_OPTIONS: AgentOptions = {
  "data-dir": { argument: "DIR", text: "the agent with this data directory; no configuration is needed then", completes: "directory" },
  config: { ...CONFIG_OPTION, text: "configuration of the agent, which names its data directory" },
};

export const GROUP_NOTE = "It needs the agent's socket: run it as root, or as a user in the agent's group.";

export interface WhichAgent {
  readonly dataDir: string | undefined;
  readonly config: string;
}

/** Throws ConfigError when the configuration that names the data directory cannot be used. */
export async function dataDirOf({ dataDir, config }: WhichAgent, world: World): Promise<string> {
  if (dataDir !== undefined) return (await import("node:path")).resolve(dataDir);
  const { loadConfig } = await import("../config/load.ts");
  return loadConfig(config, { hostName: world.hostName }).dataDir;
}

const USERS_MISTAKES: readonly string[] = ["config", "refused", "other-agent"];

export type Asked<T> =
  { readonly kind: "answer"; readonly result: T } | { readonly kind: "failed"; readonly exitCode: 2 | 3; readonly message: string };

/** `said` puts what the agent says, and what is said where there is none, into another language than English. */
export async function askAgent<T>(
  request: ControlRequest & { readonly dataDir: string },
  options: { readonly world: World; readonly said?: Translate; readonly onProgress?: (text: string) => void },
): Promise<Asked<T>> {
  const { world, onProgress, said = (text) => text } = options;
  const [{ ask, NoAgent }, { ControlFailure }, { clientPaths }] = await Promise.all([
    import("../control/client.ts"),
    import("../control/protocol.ts"),
    import("../control/socket-path.ts"),
  ]);
  try {
    const paths = clientPaths(request.dataDir, world.env);
    return {
      kind: "answer",
      result: (await ask(request, {
        paths,
        signal: world.signal,
        ...(onProgress === undefined ? {} : { onProgress: (text) => onProgress(said(text)) }),
      })) as T,
    };
  } catch (error) {
    if (error instanceof NoAgent) return { kind: "failed", exitCode: 3, message: said(error.message) };
    if (!(error instanceof ControlFailure)) throw error;
    return { kind: "failed", exitCode: USERS_MISTAKES.includes(error.code) ? 2 : 3, message: said(error.message) };
  }
}

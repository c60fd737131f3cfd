/** What a subcommand gets from the outside; nothing else of the process is touched by one. */
export interface World {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly isTty: boolean;
  /** Width of the terminal. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** Aborted when the program is asked to stop. */
  readonly signal: AbortSignal;
}

/** The configuration that every command reads where none is named. Never one in the working directory: that would be an untrusted search path. */
export const DEFAULT_CONFIG = "/etc/meshprobe/peers.yaml";

/** What the name of a command in `cli.ts` leads to. */
export interface Command {
  /** All of `--help`. */
  readonly usage: string;
  /** Returns the exit code. Throws UsageError for a command line that cannot be understood, ConfigError for a configuration. */
  run(args: readonly string[], world: World): Promise<number>;
}

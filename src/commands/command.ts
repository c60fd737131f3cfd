/**
 * What a subcommand is, and what it declares of itself. The declaration is the one source of `--help`, of the man page, of the completion and of the parser
 * (command-line.ts), so an option cannot exist without its text, nor a text without its option.
 *
 * A new command: a file with `const DECLARATION = declare({ … })`, `export const xCommand: Command = { declaration: DECLARATION, run }`, and `run` beginning with
 * `const { values, operands } = parseCommandLine(DECLARATION, args)`; then its line in commands.ts. Options are named by their long name. With `argument` they take
 * a value: a string (one of `words` where these are given), undefined when it was not given and there is no `default`, a list with `many`; without it they
 * are switches. `--help` is everybody's and not declared.
 *
 * The file of a command is read at every start of the program: what is heavy (stores, YAML, sockets, the log) is loaded inside `run` with `await import(…)`;
 * test/unit/commands/light.test.ts holds that. A command with much of it keeps its work in a file of its own: `run: async (args, world) =>
 * (await import("./x-run.ts")).runX(parseCommandLine(DECLARATION, args), world)`.
 */

/** The configuration that every command reads where none is named. Never one in the working directory: that would be an untrusted search path. */
export const DEFAULT_CONFIG = "/etc/meshprobe/peers.yaml";

/** What a subcommand gets from the outside; nothing else of the process is touched by one. */
export interface World {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly isTty: boolean;
  /** Size of the terminal now; it may change while a command runs. */
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** Called at each SIGHUP, which does not end the program then. */
  readonly onHangup: (listener: () => void) => void;
  /** Aborted when the program is asked to stop. */
  readonly signal: AbortSignal;
}

export interface SwitchOption {
  /** One sentence or more, without a full stop at the end. */
  readonly text: string;
  /** One letter. */
  readonly short?: string;
}

export interface ValueOption extends SwitchOption {
  /** What the value is, in capitals: FILE, TIME. */
  readonly argument: string;
  readonly default?: string;
  /** All values there are; any other is refused. */
  readonly words?: readonly string[];
  /** May be given again: its value is a list, empty without it. */
  readonly many?: true;
  /** What the shell offers where there are no `words`. */
  readonly completes?: Completes;
}

export type Completes = "file" | "directory";

export type Options = Readonly<Record<string, SwitchOption | ValueOption>>;

/** What stands on the command line without a name. */
export interface Operands {
  readonly min: number;
  readonly max: number;
  /** What they are called, and what they are: one entry, or one for each kind that may stand there. */
  readonly entries: readonly { readonly name: string; readonly text: string }[];
  /** What the shell offers. */
  readonly words?: readonly string[];
  readonly completes?: Completes;
}

export interface Declaration<O extends Options = Options> {
  readonly name: string;
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  /** Usage lines behind `meshprobe NAME`, where one made of operands and options does not say it. */
  readonly forms?: readonly string[];
  readonly operands?: Operands;
  readonly options: O;
  /** Whole command lines; `text` says what each is good for. */
  readonly examples: readonly { readonly command: string; readonly text?: string }[];
  /** By exit code, in words. 0 is "fine" where nothing is said. */
  readonly exitCodes: Readonly<Partial<Record<0 | 1 | 2 | 3, string>>>;
}

export interface Command {
  readonly declaration: Declaration;
  /** Returns the exit code. Throws UsageError for a command line that cannot be understood, ConfigError for a configuration. */
  run(args: readonly string[], world: World): Promise<number>;
}

/** Keeps the words of the options for the types of their values. */
export function declare<const O extends Options>(declaration: Declaration<O>): Declaration<O> {
  return declaration;
}

/** The option that most commands share. */
export const CONFIG_OPTION: ValueOption & { readonly default: string } = {
  argument: "FILE",
  text: "configuration",
  default: DEFAULT_CONFIG,
  completes: "file",
};

/** argv of a subcommand → its values, as declared. Throws UsageError with one line that names what is wrong and where to look. */
import { parseArgs } from "node:util";
import type { Declaration, Options, SwitchOption, ValueOption } from "./command.ts";
import { UsageError } from "./usage-error.ts";

type ValueOf<O extends SwitchOption | ValueOption> = O extends { readonly argument: string }
  ? (O extends { readonly words: readonly (infer W)[] } ? W : string) | (O extends { readonly default: string } ? never : undefined)
  : boolean;

export interface CommandLine<O extends Options> {
  readonly values: { readonly [K in keyof O]: ValueOf<O[K]> };
  readonly operands: readonly string[];
}

export function parseCommandLine<O extends Options>(declaration: Declaration<O>, args: readonly string[]): CommandLine<O> {
  const { values, positionals } = parse(declaration, args);
  const found = Object.entries(declaration.options).map(([name, option]) => [name, valueOf(name, option, values[name])]);
  requireCount(declaration, positionals.length);
  return { values: Object.fromEntries(found) as CommandLine<O>["values"], operands: positionals };
}

function parse(
  declaration: Declaration,
  args: readonly string[],
): { readonly values: Readonly<Record<string, string | boolean | undefined>>; readonly positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(declaration.options).map(([name, option]) => [name, { type: "argument" in option ? ("string" as const) : ("boolean" as const) }]),
  );
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: declaration.operands !== undefined });
  } catch (error) {
    // Node's advice behind the first sentence is about quoting, and wrong more often than not.
    const [first] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new UsageError(`${first}${seeHelp(declaration)}`, { cause: error });
  }
}

function valueOf(name: string, option: SwitchOption | ValueOption, given: string | boolean | undefined): string | boolean | undefined {
  if (!("argument" in option)) return given ?? false;
  const value = given ?? option.default;
  if (option.words === undefined || value === undefined || option.words.includes(String(value))) return value;
  throw new UsageError(`unknown --${name} ${JSON.stringify(value)}: it is ${inWords(option.words)}`);
}

function requireCount(declaration: Declaration, count: number): void {
  const { operands } = declaration;
  if (operands === undefined) return;
  if (count < operands.min) throw new UsageError(`${operands.usage} is missing${seeHelp(declaration)}`);
  if (count > operands.max) throw new UsageError(`too many arguments: ${operands.usage} is all that it takes${seeHelp(declaration)}`);
}

function seeHelp(declaration: Declaration): string {
  return `; see meshprobe ${declaration.name} --help`;
}

function inWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** argv of a subcommand → its values, as declared. Throws UsageError with one line that names what is wrong and where to look. */
import { parseArgs } from "node:util";
import type { Declaration, Options, SwitchOption, ValueOption } from "./command.ts";
import { UsageError } from "./usage-error.ts";

type WordOf<O> = O extends { readonly words: readonly (infer W)[] } ? W : string;

type ValueOf<O extends SwitchOption | ValueOption> = O extends { readonly argument: string }
  ? O extends { readonly many: true }
    ? readonly WordOf<O>[]
    : WordOf<O> | (O extends { readonly default: string } ? never : undefined)
  : boolean;

export interface CommandLine<O extends Options> {
  readonly values: { readonly [K in keyof O]: ValueOf<O[K]> };
  readonly operands: readonly string[];
}

type Given = string | boolean | readonly (string | boolean)[] | undefined;

export function parseCommandLine<O extends Options>(declaration: Declaration<O>, args: readonly string[]): CommandLine<O> {
  const { values, positionals } = parse(declaration, args);
  const found = Object.entries(declaration.options).map(([name, option]) => [name, valueOf(name, option, values[name])]);
  requireCount(declaration, positionals.length);
  return { values: Object.fromEntries(found) as CommandLine<O>["values"], operands: positionals };
}

function parse(
  declaration: Declaration,
  args: readonly string[],
): { readonly values: Readonly<Record<string, Given>>; readonly positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(declaration.options).map(([name, option]) => {
      const type: "string" | "boolean" = "argument" in option ? "string" : "boolean";
      return [name, { type, multiple: "many" in option, ...(option.short === undefined ? {} : { short: option.short }) }];
    }),
  );
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: declaration.operands !== undefined });
  } catch (error) {
    // Node's advice behind the first sentence is about quoting, and wrong more often than not.
    const [first] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new UsageError(`${first}${seeHelp(declaration)}`, { cause: error });
  }
}

function valueOf(name: string, option: SwitchOption | ValueOption, given: Given): Given {
  if (!("argument" in option)) return given ?? false;
  const value = given ?? (option.many === true ? [] : option.default);
  const { words } = option;
  const unknown = words === undefined || value === undefined ? undefined : [value].flat().find((one) => !words.includes(String(one)));
  if (unknown === undefined) return value;
  throw new UsageError(`unknown --${name} ${JSON.stringify(unknown)}: it is ${inWords(words ?? [])}`);
}

function requireCount(declaration: Declaration, count: number): void {
  const { operands } = declaration;
  if (operands === undefined) return;
  const names = inWords(operands.entries.map(({ name }) => name));
  if (count < operands.min) throw new UsageError(`${names} is missing${seeHelp(declaration)}`);
  if (count > operands.max) throw new UsageError(`too many arguments: at most ${operands.max} (${names})${seeHelp(declaration)}`);
}

function seeHelp(declaration: Declaration): string {
  return `; see meshprobe ${declaration.name} --help`;
}

function inWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

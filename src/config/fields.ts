/** Readers for the kinds of value that keys hold. Every range carries its reason, and the message repeats it. */
import { dirname, resolve } from "node:path";
import { addressBytes } from "../packet/address.ts";
import { addressProblem } from "./address.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";
import { type Quantity, formatDuration, parseBitRate, parseDuration, parseRate, parseSize } from "./units.ts";
import type { Read, Value } from "./value.ts";

/** Both ends are allowed. `because` finishes the sentence "use 10ms to 60s, because …". */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly because: string;
}

/** Labels of one node or peer; they become columns and metric labels, so they stay few and short. */
const MAX_LABELS = 32;
const MAX_LABEL_CHARACTERS = 128;
const MAX_PATH_CHARACTERS = 4096;
const MAX_NAME_CHARACTERS = 253;
const MAX_ARGUMENTS = 32;
const MAX_PORT = 65_535;

/** Milliseconds. */
export function duration(range: Range): Read<number> {
  return (value) => within(value, { range, parse: parseDuration, show: formatDuration });
}

/** Bytes. */
export function size(range: Range): Read<number> {
  return (value) => within(value, { range, parse: parseSize, show: (bytes) => metric(bytes, "B") });
}

/** Per second. */
export function rate(range: Range): Read<number> {
  return (value) => within(value, { range, parse: parseRate, show: (count) => `${count}/s` });
}

/** Bits per second. */
export function bitRate(range: Range): Read<number> {
  return (value) => within(value, { range, parse: parseBitRate, show: (bits) => metric(bits, "bit/s") });
}

export function integer(range: Range): Read<number> {
  const parse = (text: string): Quantity =>
    /^[-+]?\d+$/.test(text)
      ? { kind: "ok", value: Number(text) }
      : { kind: "bad", reason: `is not a whole number; use ${range.min} to ${range.max}` };
  return (value) => within(value, { range, parse, show: String });
}

export function boolean(value: Value): boolean {
  return value.boolean();
}

/** One of a few words. */
export function word<T extends string>(words: readonly T[]): Read<T> {
  return (value) => {
    const text = value.text();
    const found = words.find((candidate) => candidate === text);
    if (found !== undefined) return found;
    const meant = nearest(text, words);
    return value.fail("type", `${quote(text)} is not known; ${meant === null ? `use one of ${words.join(", ")}` : `did you mean ${meant}?`}`);
  };
}

/** A path; a relative one starts at the directory of the configuration file, wherever the program was started. */
export function path(file: string): Read<string> {
  return (value) => {
    const text = value.text();
    if (text === "") value.fail("type", "is empty; write a path or remove the line");
    if (text.startsWith("~")) value.fail("type", `${quote(text)} starts with ~, which only a shell expands; write the whole path`);
    if (/\p{C}/u.test(text) || text.length > MAX_PATH_CHARACTERS)
      value.fail("type", `${quote(text)} is too long or has control characters; correct the path`);
    return resolve(dirname(file), text);
  };
}

/** The name of a node: printed in reports and hashed into the agent id, so it has no invisible characters. */
export function nodeName(value: Value): string {
  const text = value.text();
  if (text === "") value.fail("name", "is empty; give the node a name");
  if (text.length > MAX_NAME_CHARACTERS) value.fail("name", `is longer than ${MAX_NAME_CHARACTERS} characters; shorten it`);
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) value.fail("name", `${quote(text)} has control or invisible characters; remove them`);
  if (text !== text.trim()) value.fail("name", `${quote(text)} starts or ends with a space; remove it`);
  return text;
}

/** IPv4 or IPv6 literal, or DNS name, as written. */
export function address(value: Value): string {
  const text = value.text();
  const problem = addressProblem(text);
  return problem === null ? text : value.fail("address", text === "" ? problem : `${quote(text)} ${problem}`);
}

/** `127.0.0.1:9469` or `[::1]:9469`; `example` is the port that the message proposes. A name would be resolved to whatever it stands for at that moment. */
export function listenAddress(value: Value, { example }: { readonly example: number }): { readonly address: string; readonly port: number } {
  const text = value.text();
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? "";
  const bytes = addressBytes(address);
  const port = Number(match?.[3]);
  const isWritten = bytes !== null && (bytes.length === 16) === (match?.[1] !== undefined);
  if (!isWritten || port < 1 || port > MAX_PORT)
    value.fail("address", `${quote(text)} is no address and port; write it like 127.0.0.1:${example} or [::1]:${example}`);
  return { address, port };
}

/** A program and its arguments, as the kernel takes them: no shell looks at them. */
export function command(value: Value): readonly string[] {
  const [program = "", ...rest] = value.list({ max: MAX_ARGUMENTS, because: "it is a program and a few arguments" }).map((at) => at.text());
  if (!program.startsWith("/") || program.includes("\0"))
    value.fail("type", "has no program; write a list that begins with its whole path, like [/usr/local/bin/notify, --quiet]");
  if (rest.some((argument) => argument.includes("\0"))) value.fail("type", "has an argument with a NUL character; remove it");
  return [program, ...rest];
}

export function labels(value: Value): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (const [key, { at, keyAt }] of value.entries(MAX_LABELS)) {
    if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(key))
      keyAt.fail("name", `${quote(key)} is no label name; use letters, digits and _, at most 63, no digit first`);
    const text = at.text();
    if (text.length > MAX_LABEL_CHARACTERS || /[\p{C}\p{Zl}\p{Zp}]/u.test(text)) {
      at.fail("type", `${quote(text)} is longer than ${MAX_LABEL_CHARACTERS} characters or has control characters; shorten or correct it`);
    }
    pairs.push([key, text]);
  }
  return Object.fromEntries(pairs);
}

function within(
  value: Value,
  options: { readonly range: Range; readonly parse: (text: string) => Quantity; readonly show: (number: number) => string },
): number {
  const text = value.text();
  const quantity = options.parse(text);
  if (quantity.kind === "bad") value.fail("unit", `${quote(text)} ${quantity.reason}`);
  const { min, max, because } = options.range;
  if (quantity.value >= min && quantity.value <= max) return quantity.value;
  const wrong = quantity.value < min ? "too small" : "too large";
  return value.fail("range", `${text} is ${wrong}; use ${options.show(min)} to ${options.show(max)}, because ${because}`);
}

function metric(number: number, unit: string): string {
  const [factor, prefix] = (
    [
      [1e12, "T"],
      [1e9, "G"],
      [1e6, "M"],
      [1e3, "k"],
    ] as const
  ).find(([power]) => number >= power) ?? [1, ""];
  return `${number / factor}${prefix}${unit}`;
}

/**
 * One value of a YAML file and where it stands, so that whoever finds it wrong can say so with line and column.
 * The walk is ours because `toJS()` forgets positions and expands aliases. Aliases are refused outright: nothing in this file needs them, and
 * without them a small file cannot become a large one. Duplicate keys are found here too (yaml's own check is quadratic in the keys of a map).
 */
import { type LineCounter, type Node, Scalar, isAlias, isMap, isScalar, isSeq } from "yaml";
import { ConfigError, type ConfigErrorCode } from "./config-error.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";

export interface Source {
  readonly file: string;
  readonly lines: LineCounter;
}

export type Read<T> = (value: Value) => T;
export type Readers = Readonly<Record<string, Read<unknown>>>;
/** What a map held, by key; a key that was not written is absent. */
export type Fields<R extends Readers> = { readonly [K in keyof R]?: { readonly value: ReturnType<R[K]>; readonly at: Value } };

export class Value {
  readonly #source: Source;
  readonly #node: Node | null;
  readonly #offset: number;
  /** `probe.interval`, `peers[3].address`; empty for the whole file. */
  readonly path: string;

  /** `node` is null where a key has no value at all; `offset` (UTF-16 units from the start) is where the value would stand. */
  constructor(source: Source, place: { readonly node: Node | null; readonly offset: number; readonly path: string }) {
    this.#source = source;
    this.#node = place.node;
    this.#offset = place.offset;
    this.path = place.path;
    if (isAlias(place.node)) this.fail("syntax", "YAML aliases (*name) are not supported; write the value out");
  }

  get line(): number {
    return this.#source.lines.linePos(this.#offset).line;
  }

  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  /** Throws the error that this value is: `reason` says what is wrong and, after a semicolon, what to do. */
  fail(code: ConfigErrorCode, reason: string): never {
    const { line, col } = this.#source.lines.linePos(this.#offset);
    const place = { file: this.#source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
    throw new ConfigError(code, this.path === "" ? reason : `${this.path}: ${reason}`, place);
  }

  /** A text or number exactly as written (`007` stays `007`), without quotes. */
  text(): string {
    if (this.isNull) this.fail("missing", "has no value; give it one or remove the line");
    if (!isScalar(this.#node)) this.fail("type", `is a ${isSeq(this.#node) ? "list" : "map"}; write one value`);
    const { value, source } = this.#node;
    return typeof value === "string" ? value : (source ?? String(value));
  }

  /** What stands behind `prefix`, as a value at the same place. */
  behind(prefix: string): Value {
    const node = new Scalar(this.text().slice(prefix.length));
    return new Value(this.#source, { node, offset: this.#offset, path: this.path });
  }

  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : null;
    return typeof value === "boolean" ? value : this.fail("type", `${quote(this.text())} is neither true nor false; write true or false`);
  }

  /** The entries of a list in order; a key without a value is an empty list. */
  list(limit: { readonly max: number; readonly because: string }): readonly Value[] {
    if (this.isNull) return [];
    if (!isSeq(this.#node)) this.fail("type", "is not a list; write one entry a line, each after a hyphen");
    return this.#node.items.map((item, index) => {
      const entry = this.#child(item as Node | null, { offset: this.#offset, path: `${this.path}[${index}]` });
      return index < limit.max ? entry : entry.fail("range", `is more than ${limit.max} entries; list fewer (${limit.because})`);
    });
  }

  /** Reads a map whose keys are known; any other key is an error at its place. A key without a value is an empty map. */
  map<R extends Readers>(readers: R): Fields<R> {
    const known = Object.keys(readers);
    const fields: Record<string, { value: unknown; at: Value }> = {};
    const table: Readers = readers;
    for (const [key, { at, keyAt }] of this.entries(Infinity)) {
      const read = Object.hasOwn(table, key) ? table[key] : undefined;
      if (read === undefined) return keyAt.fail("unknown-key", this.#unknown(key, known));
      fields[key] = { value: read(at), at };
    }
    return fields as Fields<R>;
  }

  /** The pairs of a map in the order of the file, one by one, so that the first mistake is the one reported. */
  *entries(max: number): Generator<readonly [key: string, pair: { readonly at: Value; readonly keyAt: Value }]> {
    if (this.isNull) return;
    if (!isMap(this.#node))
      this.fail("type", `${this.path === "" ? "the file " : ""}is not a map; write \`key: value\` lines (with a space after the colon)`);
    const seen = new Map<string, number>();
    for (const pair of this.#node.items) {
      const keyNode = pair.key as Node | null;
      const keyAt = this.#child(keyNode, { offset: this.#offset, path: this.path });
      if (keyNode !== null && !isScalar(keyNode)) keyAt.fail("syntax", "a key is a list or map; write one plain word before the colon");
      const key = keyAt.isNull ? "" : keyAt.text();
      const earlier = seen.get(key);
      if (earlier !== undefined) keyAt.fail("duplicate-key", `${quote(key)} is already set on line ${earlier}; keep one of them`);
      seen.set(key, keyAt.line);
      const at = this.#child(pair.value as Node | null, { offset: keyAt.#offset, path: this.path === "" ? key : `${this.path}.${key}` });
      if (seen.size > max) keyAt.fail("range", `has more than ${max} entries; remove some`);
      yield [key, { at, keyAt }];
    }
  }

  #child(node: Node | null, place: { readonly offset: number; readonly path: string }): Value {
    return new Value(this.#source, { node, offset: node?.range?.[0] ?? place.offset, path: place.path });
  }

  #unknown(key: string, known: readonly string[]): string {
    const meant = nearest(key, known);
    return `unknown key ${quote(key)}; ${meant === null ? `known here: ${known.join(", ")}` : `did you mean ${quote(meant)}?`}`;
  }
}

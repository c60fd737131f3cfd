/**
 * Bodies that no node would send: a good one changed somewhere, in its structure or in its bytes. All of it follows from the random numbers given.
 * What is mutated most are the places that a collector must understand: numbers, ids, names of nodes and files, tombstones, versions, cells.
 */
import { gzipSync } from "node:zlib";
import { LANES } from "../../src/sync/wire.ts";
import { stockOf, type NodeStock } from "./simulated-records.ts";

export interface HostileBody {
  readonly body: Uint8Array;
  readonly encoding: "gzip" | "identity";
  /** What was done to it, for whoever looks into a failure. */
  readonly how: string;
}

type Random = () => number;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const RECORDS_A_LANE = 2;
const LONG_CHARACTERS = 20_000;
const DEEP_LEVELS = 8_000;

export const TRICKS: readonly string[] = [
  "' OR 1=1 --",
  "'; DROP TABLE records; --",
  '"; DELETE FROM nodes; --',
  "$1",
  "%00",
  "\u0000",
  "a\u0000b",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "file:///etc/passwd",
  "\ud800",
  "\u202egnirts",
  "\r\nX-Injected: 1",
  "\\x00\\",
  "{{7*7}}",
  "${jndi:ldap://127.0.0.1/a}",
  "__proto__",
  "constructor",
  "NaN",
  "-0",
  "1e999",
  "",
  " ",
  "\u{1f4a3}".repeat(200),
  "x".repeat(LONG_CHARACTERS),
];

const NUMBERS: readonly number[] = [0, -0, -1, 0.5, 1e-320, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300, -(2 ** 53), 3];
/** As they would stand in the text: no value of JavaScript is written so. */
const RAW_NUMBERS: readonly string[] = [
  "1e999",
  "-1e999",
  "1".repeat(400),
  "0.0000000000000000000000001",
  "NaN",
  "Infinity",
  "0x10",
  "01",
  "-",
  "1e",
  "+1",
];

export class HostileBodies {
  readonly #random: Random;
  readonly #node: NodeStock;
  readonly #victim: NodeStock;
  #made = 0;

  /** `node`: whose token they come with. `victim`: whose names and files they try. */
  constructor(random: Random, { node, victim }: { readonly node: NodeStock; readonly victim: NodeStock }) {
    this.#random = random;
    this.#node = node;
    this.#victim = victim;
  }

  next(): HostileBody {
    const good = this.#good();
    const way = this.#random();
    if (way < 0.55) return this.#packed(this.#textOf(good, this.#changes(good)), "structure");
    if (way < 0.65) return this.#packed(Buffer.from(this.#rewritten(JSON.stringify(good))), "text");
    const plain = Buffer.from(JSON.stringify(good));
    if (way < 0.9) return this.#packed(this.#bytewise(plain), "bytes");
    return { body: this.#bytewise(gzipSync(plain, { level: 1 })), encoding: "gzip", how: "bytes of gzip" };
  }

  #packed(body: Uint8Array, how: string): HostileBody {
    return this.#random() < 0.3 ? { body: gzipSync(body, { level: 1 }), encoding: "gzip", how } : { body, encoding: "identity", how };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }

  #good(): { [key: string]: Json } {
    this.#made++;
    const stock = stockOf({ ...this.#node, batch: this.#made % 50 });
    const files = [stock.evidenceDb, stock.metricsDb].map((db) => ({
      db,
      lanes: LANES.filter((lane) => (lane === 2) === (db === stock.metricsDb)).map((lane) => {
        const first = 1 + Math.floor(this.#random() * Math.max(1, stock.last(lane) - RECORDS_A_LANE));
        const count = Math.min(RECORDS_A_LANE, stock.last(lane));
        const records = Array.from({ length: count }, (_, index) => stock.record(lane, first + index));
        return { lane, records, tombstones: this.#random() < 0.5 ? [] : [{ from: 1, to: 1 + Math.floor(this.#random() * 5), reason: "evicted" }] };
      }),
    }));
    const body = {
      api: 1,
      node: this.#node.name,
      sent_at: new Date(this.#node.nowMs + this.#made).toISOString(),
      mono: this.#made,
      version: "0.1.0",
      address: "10.20.1.2",
      clock: { offset_ms: 1, error_ms: 5 },
      backlog: [{ lane: 1, records: 10, oldest_at: null }],
      blind_since: null,
      files,
    };
    return JSON.parse(JSON.stringify(body)) as { [key: string]: Json };
  }

  /** One to three. Returns texts to be put in place of marks, for what JSON.stringify cannot write. */
  #changes(root: { [key: string]: Json }): ReadonlyMap<string, string> {
    const raw = new Map<string, string>();
    for (let left = 1 + Math.floor(this.#random() * 3); left > 0; left--) {
      const places = placesOf(root);
      const { holder, key } = this.#pick(places);
      const old = (holder as Record<string, Json>)[key] ?? null;
      const mark = `@raw${raw.size}@`;
      const way = this.#random();
      if (way < 0.2) put(holder, key, this.#pick(TRICKS));
      else if (way < 0.35) put(holder, key, this.#pick(NUMBERS));
      else if (way < 0.45) put(holder, key, this.#pick<Json>([null, true, [], {}, [[]], [null], { length: 9 }, { toString: 1, valueOf: 2 }]));
      else if (way < 0.55) remove(holder, key);
      else if (way < 0.62) raw.set(mark, this.#pick(RAW_NUMBERS));
      else if (way < 0.64) raw.set(mark, "[".repeat(DEEP_LEVELS) + "]".repeat(DEEP_LEVELS));
      else if (way < 0.72) put(holder, key, twice(old));
      else if (way < 0.8) this.#asVictim(root);
      else if (way < 0.9) this.#numbersOf(root);
      else put(holder, this.#pick(["__proto__", "constructor", "toString", "db", "seq", "node", "api"]), this.#pick<Json>([1, {}, "x", old]));
      if (raw.has(mark)) put(holder, key, mark);
    }
    return raw;
  }

  #asVictim(root: { [key: string]: Json }): void {
    const stock = stockOf(this.#victim);
    if (this.#random() < 0.5) root["node"] = this.#victim.name;
    else
      for (const place of placesOf(root))
        if (place.key === "db" && this.#random() < 0.7) put(place.holder, "db", this.#pick([stock.evidenceDb, stock.metricsDb]));
  }

  #numbersOf(root: { [key: string]: Json }): void {
    const named = ["seq", "version", "from", "to", "lane", "mono"];
    const places = placesOf(root).filter(({ key }) => named.includes(key));
    if (places.length === 0) return;
    const { holder, key } = this.#pick(places);
    put(holder, key, this.#pick([...NUMBERS, Math.floor(this.#random() * 10), 7, 4]));
  }

  #textOf(root: Json, raw: ReadonlyMap<string, string>): Uint8Array {
    let text = JSON.stringify(root);
    for (const [mark, instead] of raw) text = text.replaceAll(`"${mark}"`, () => instead);
    return Buffer.from(text);
  }

  /** What a parser of JSON stumbles over. */
  #rewritten(text: string): string {
    const at = Math.floor(this.#random() * text.length);
    const dot = text.indexOf(",", at);
    return this.#pick([
      text.replace('"api":1', '"api":1,"api":2'),
      text.replace('"node":', `"node":${JSON.stringify(this.#victim.name)},"node":`),
      text.replace('"db":', `"db":"x","db":`),
      `\ufeff${text}`,
      `${text}${text}`,
      `${text} `.repeat(2),
      text.slice(0, at),
      dot < 0 ? text : `${text.slice(0, dot)},${text.slice(dot)}`,
      text.replaceAll('"', "'"),
      `[${text}]`,
      text.replace('"files":[', `"files":[${'{"db":"a","lanes":[]},'.repeat(3_000)}`),
      text.replace('"records":[', `"records":[${"{},".repeat(20_000)}`),
      text.replace('"tombstones":[', `"tombstones":[${'{"from":1,"to":9007199254740991,"reason":"evicted"},'.repeat(2_000)}`),
      JSON.stringify(text),
      "null",
      "0",
      '""',
      "",
      " ",
    ]);
  }

  #bytewise(good: Uint8Array): Uint8Array {
    let body = Buffer.from(good);
    for (let left = 1 + Math.floor(this.#random() * 8); left > 0 && body.length > 0; left--) {
      const at = Math.floor(this.#random() * body.length);
      const length = Math.floor(this.#random() * Math.min(64, body.length - at));
      const way = this.#random();
      if (way < 0.4) body[at] = Math.floor(this.#random() * 256);
      else if (way < 0.55) body = Buffer.concat([body.subarray(0, at), body.subarray(at + length)]);
      else if (way < 0.7) body = Buffer.concat([body.subarray(0, at + length), body.subarray(at)]);
      else if (way < 0.8) body = Buffer.from(body.subarray(0, at));
      else if (way < 0.9) body = Buffer.concat([body.subarray(0, at), Buffer.from(this.#pick(TRICKS)), body.subarray(at)]);
      else body[at] = (body[at] ?? 0) ^ (1 << Math.floor(this.#random() * 8));
    }
    return body;
  }
}

interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: string;
}

function placesOf(root: Json): Place[] {
  const places: Place[] = [];
  const walk = (value: Json): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push({ holder: value, key });
      walk((value as Record<string, Json>)[key] ?? null);
    }
  };
  walk(root);
  // One always, also in `{}`.
  return places.length > 0 ? places : [{ holder: root as { [key: string]: Json }, key: "x" }];
}

/** Own property also for `__proto__`. */
function put(holder: Place["holder"], key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(holder: Place["holder"], key: string): void {
  if (!Array.isArray(holder) || !/^\d+$/.test(key)) return void Reflect.deleteProperty(holder, key);
  // Not splice: a list may have got a `constructor` of its own.
  holder.copyWithin(Number(key), Number(key) + 1);
  holder.length--;
}

function twice(value: Json): Json {
  return Array.isArray(value) ? [...value, ...value] : [value, value];
}

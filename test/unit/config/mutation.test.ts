import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ConfigError } from "../../../src/config/config-error.ts";
import { parseConfig } from "../../../src/config/parse.ts";

const MUTANTS = 1500;
const PIECES = [
  "\n",
  " ",
  "  ",
  "\t",
  ":",
  ": ",
  "-",
  "- ",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "!",
  "|",
  ">",
  "'",
  '"',
  "#",
  "%",
  "@",
  "\\",
  ",",
  "?",
  "<<: ",
];
const MORE = [
  "null",
  "~",
  "0",
  "-1",
  "1e999",
  "0x10",
  "100",
  "100ms",
  "99999999999d",
  "::1",
  "%eth0",
  "fe80::1",
  "\0",
  "\u202e",
  "\ud800",
  "é",
  "---\n",
  "...\n",
];
const WORDS = ["name", "address", "interval", "peers", "probe", "__proto__", "constructor", "toString"];

const good = `node: { name: sh-a1, address: 10.20.1.2, labels: { site: sh } }
data_dir: /var/lib/meshprobe
probe: { interval: 100ms, timeout: 2s, max_rate: 2000/s, dscp: 0 }
detect:
  window: 20
  lost: 5
  merge: 60s
capture: { mtr: true, hourly: 12, after: 15s, after_cycles: 10, baseline: 1m }
store: { max_bytes: 2GB, evidence: 365d, rollups: { 10s: 7d, 1m: 30d, 1h: 365d } }
peers:
  - { name: bj-b1, address: 10.20.3.2 }
  - name: gz-c1
    address: "fe80::1%eth0"
    interval: 200ms
    labels: { site: gz }
collector: { url: https://collector.example:8443, rate: 1Mbit/s }
`;
const shipped = readFileSync(new URL("../../../config/peers.yaml", import.meta.url), "utf8");

/** A small generator (mulberry32), so that a printed seed repeats the run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(text: string, below: (limit: number) => number): string {
  const from = below(text.length + 1);
  const to = from + below(1 + below(20));
  const tokens = [...PIECES, ...MORE, ...WORDS];
  switch (below(4)) {
    case 0:
      return text.slice(0, from) + text.slice(to);
    case 1:
      return text.slice(0, from) + tokens[below(tokens.length)] + text.slice(from);
    case 2:
      return text.slice(0, from) + tokens[below(tokens.length)] + text.slice(to);
    default:
      return text.slice(0, from) + text.slice(below(text.length + 1), to);
  }
}

test("a mutated file is read or refused with one clear line, whatever happened to it", (context) => {
  const seed = Number(process.env["MESHPROBE_SEED"] ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed} (repeat with MESHPROBE_SEED=${seed})`);
  const below = random(seed);
  let refused = 0;
  for (let count = 0; count < MUTANTS; count++) {
    let text = count % 10 === 0 ? shipped : good;
    for (let times = 1 + below(3); times > 0; times--) text = mutate(text, below);
    try {
      parseConfig(text, { file: "f", hostName: "this-node" });
    } catch (error) {
      refused++;
      assert.ok(error instanceof ConfigError, `seed ${seed}, mutant ${count}: ${String(error)} for\n${text}`);
      assert.match(error.message, /^f:\d+:\d+: [^\p{C}]+; [^\p{C}]+$/u, `seed ${seed}, mutant ${count}`);
      assert.ok((error.line ?? 0) <= text.split("\n").length, `seed ${seed}, mutant ${count}: line ${error.line}`);
    }
  }
  assert.ok(refused > MUTANTS / 4, `${refused} of ${MUTANTS} refused`);
});

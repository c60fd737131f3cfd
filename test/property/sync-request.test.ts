/** Bodies of sync requests with something changed in them: never an exception, never a malformed record that gets through. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest } from "../../src/collector/sync/parse-request.ts";
import { columnsOf, type EvidenceTable, LANE_OF, type RecordType, ROLLUP_COLUMNS } from "../../src/sync/record-types.ts";
import type { Lane, SyncRequest } from "../../src/sync/wire.ts";
import { fullRequest, START_MS } from "../unit/collector/sample-records.ts";
import { randomFor, type Random } from "./random.ts";

const RECEIVED_MS = START_MS + 61_000;
const MUTATIONS = 100_000;

test(`of ${MUTATIONS} mutated requests none throws, and nothing malformed is let through`, (t) => {
  const random = randomFor(t);
  const good = JSON.stringify(fullRequest());
  let ok = 0;
  let rejected = 0;
  for (let round = 0; round < MUTATIONS; round++) {
    const body = round % 2 === 0 ? mutatedValue(JSON.parse(good) as SyncRequest, random) : parsedOrNull(mutatedText(good, random));
    const result = parseRequest(body, RECEIVED_MS);
    if (result.kind === "bad") continue;
    ok++;
    rejected += result.rejected.length;
    for (const { lanes } of result.delivery.files) {
      for (const lane of lanes) {
        for (const one of lane.records) requireSound(one.type, one, lane.lane);
        for (const one of lane.rollups) requireSoundRollup(one);
      }
    }
  }
  t.diagnostic(`${ok} read, with ${rejected} records rejected`);
  assert.ok(ok > MUTATIONS / 10 && rejected > MUTATIONS / 100, `${ok} ${rejected}`);
});

/** Said once more in other words than the parser's. */
function requireSound(
  type: string,
  one: {
    readonly id: string;
    readonly version: number;
    readonly atMs: number;
    readonly untilMs: number | null;
    readonly data: string;
    readonly parent: string | null;
  },
  lane: Lane,
): void {
  const holds = (is: boolean): void => {
    if (!is) assert.fail(JSON.stringify(one).slice(0, 500));
  };
  holds(LANE_OF[type as RecordType] === lane);
  holds(one.id.length > 0 && one.version >= 1 && Number.isInteger(one.atMs) && one.atMs >= 0);
  holds(one.untilMs === null || Number.isInteger(one.untilMs));
  holds(one.parent === null || (one.parent.length > 0 && !one.parent.includes("\0")));
  const data = JSON.parse(one.data) as Record<string, unknown>;
  if (type === "incident") {
    holds(new Date(String(data["started_at"])).toISOString() === data["started_at"]);
    holds((data["bursts"] as { sent: number }[]).every(({ sent }) => sent >= 0));
  } else if (type === "verdict") {
    holds(typeof data["sentence"] === "string");
  } else {
    const table = type.slice(4) as EvidenceTable;
    const cells = data as unknown as unknown[];
    holds(Array.isArray(cells) && cells.length >= columnsOf(table).length);
    for (const [index, column] of columnsOf(table).entries()) {
      const cell = cells[index];
      if (["bursts", "hops", "facts", "verdict"].includes(column)) holds(typeof JSON.parse(String(cell)) === "object");
      if (["started_ms", "at_ms", "since_ms"].includes(column)) holds(Number.isFinite(cell) && (cell as number) >= 0);
      if (["id", "event_id", "capture_id", "name"].includes(column) && table !== "hop_names") holds(typeof cell === "string" && cell !== "");
    }
  }
}

function requireSoundRollup({ at, peer, counts }: { readonly at: number; readonly peer: string; readonly counts: readonly number[] }): void {
  assert.ok(Number.isSafeInteger(at) && peer !== "" && counts.length === ROLLUP_COLUMNS.length - 3);
  assert.ok(counts.every((count) => Number.isSafeInteger(count) && count >= 0));
}

const ODD: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  "",
  "\0",
  "\ud800",
  [],
  {},
  [[[]]],
  true,
  "x".repeat(700),
  "'; DROP TABLE records; --",
  { __proto__: null },
  "9".repeat(30),
  "2026-13-40T00:00:00.000Z",
];

/** Some place in it has another value, is gone, or is there twice. */
function mutatedValue(root: SyncRequest, random: Random): unknown {
  for (let times = 1 + random.below(3); times > 0; times--) {
    let at: unknown = root;
    for (let depth = random.below(9); depth > 0; depth--) {
      const inner = Object.values(at as object).filter((value) => typeof value === "object" && value !== null);
      if (inner.length === 0) break;
      at = inner[random.below(inner.length)];
    }
    const keys = Object.keys(at as object);
    const key = keys[random.below(Math.max(1, keys.length))] ?? "more";
    const place = at as Record<string, unknown>;
    const what = random.below(4);
    if (what === 0 && Array.isArray(at)) at.splice(random.below(at.length + 1), 1);
    else if (what === 0) delete place[key];
    else if (what === 1 && Array.isArray(at)) at.push(at[random.below(Math.max(1, at.length))]);
    else place[key] = ODD[random.below(ODD.length)];
  }
  return root;
}

function mutatedText(text: string, random: Random): string {
  const at = random.below(text.length);
  const cut = random.below(4);
  return text.slice(0, at) + String.fromCharCode(0x20 + random.below(96)) + text.slice(at + cut);
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { rankOf } from "../../../src/collector/rank.ts";
import { columnsOf, type EvidenceTable } from "../../../src/sync/record-types.ts";

const row = (table: EvidenceTable, status: string): unknown[] => columnsOf(table).map((column) => (column === "status" ? status : null));

test("what is complete is above what is not", () => {
  for (const status of ["open", "cooling", "interrupted"])
    assert.ok(rankOf("incident", { status }) < rankOf("incident", { status: "closed" }), status);
  for (const status of ["open", "cooling", "interrupted"])
    assert.ok(rankOf("row.incidents", row("incidents", status)) < rankOf("row.incidents", row("incidents", "closed")), status);
  for (const status of ["running", "partial", "failed", "skipped"])
    assert.ok(rankOf("row.captures", row("captures", status)) < rankOf("row.captures", row("captures", "complete")), status);
});

test("a verdict is as high as its own version", () => assert.ok(rankOf("verdict", { version: 2 }) < rankOf("verdict", { version: 3 })));

test("whatever is told, the rank is a number that can be stored", () => {
  for (const type of ["incident", "verdict", "row.incidents", "row.captures", "row.node", "nonsense"])
    for (const data of [
      null,
      undefined,
      1,
      "closed",
      [],
      {},
      { version: -1 },
      { version: 1.5 },
      { version: 1e300 },
      { version: "9" },
      { status: ["closed"] },
    ])
      assert.ok(Number.isSafeInteger(rankOf(type, data)) && rankOf(type, data) >= 0);
});

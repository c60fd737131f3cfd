/** From the disk of the nodes through their own queues, the collector's parser and its database to the page: every part is the real one, only HTTP is missing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { incidentRecords } from "../../../../src/collector/reports/incident-records.ts";
import { collectedPage } from "../../../../src/collector/reports/page-source.ts";
import type { CollectorStore } from "../../../../src/collector/store/port.ts";
import { SqliteStore } from "../../../../src/collector/store/sqlite-store.ts";
import { parseRequest } from "../../../../src/collector/sync/parse-request.ts";
import { EvidenceStore } from "../../../../src/store/evidence.ts";
import { MetricsStore } from "../../../../src/store/metrics.ts";
import { digestEvidence } from "../../../../src/store/ticket-reader.ts";
import type { Outbox } from "../../../../src/sync/outbox.ts";
import { MAX_BODY_BYTES, SYNC_API } from "../../../../src/sync/wire.ts";
import { tempDir } from "../../store/temp-dir.ts";
import { fillNode, HERE, HERE_ID, NOW, THERE, THERE_ID, type NodeOfTest } from "./two-nodes.ts";

/** Long enough for evidence to be settled. */
const LATER_MS = 120_000;

/** Everything that waits there; rejects what the collector does not take. */
async function tell(store: CollectorStore, { node, box }: { readonly node: NodeOfTest; readonly box: Outbox }): Promise<void> {
  for (const lane of box.lanes)
    for (let batch = box.next(lane, MAX_BODY_BYTES); batch !== null; batch = box.next(lane, MAX_BODY_BYTES)) {
      const records = batch.records.map((record): unknown => JSON.parse(record));
      const body = {
        api: SYNC_API,
        node: node.name,
        sent_at: new Date(NOW).toISOString(),
        mono: 1,
        clock: { offset_ms: 3, error_ms: 1 },
        files: [{ db: box.db, lanes: [{ lane, records, tombstones: batch.tombstones }] }],
      };
      const read = parseRequest(body, NOW);
      assert.ok(read.kind === "ok", JSON.stringify(read));
      assert.deepEqual(read.rejected, []);
      assert.equal((await store.deliver(read.delivery)).kind, "stored");
      box.acknowledge(lane, batch.lastSeq, batch);
    }
}

test("what two nodes have told of a fault gives the page with both sides, and the sums that they had themselves", async (t) => {
  const store = new SqliteStore(join(tempDir(t), "collector.db"));
  t.after(() => store.close());
  const sums = new Map<string, string>();
  for (const node of [HERE, THERE]) {
    const dir = tempDir(t);
    fillNode(dir, node);
    const [evidence, metrics] = [new EvidenceStore(dir), new MetricsStore(dir)];
    let wallMs = Date.now();
    for (let round = 0; round < 3; round++) {
      wallMs += LATER_MS;
      for (const box of [evidence.outbox(() => wallMs), metrics.outbox(() => wallMs)]) await tell(store, { node, box });
    }
    sums.set(node.id, digestEvidence(evidence.database, { incidentIds: [node.id] }).sha256);
    evidence.close();
    metrics.close();
  }
  const answer = await incidentRecords(store, { id: HERE_ID, nowMs: NOW });
  assert.ok(answer !== null);
  const page = collectedPage(answer, { nowMs: NOW });
  assert.ok(page !== null);
  assert.deepEqual(
    page.source.receipts?.map(({ incident, state, sha256, clock }) => [incident, state, sha256, clock?.offset_ms]),
    [
      [HERE_ID, "complete", sums.get(HERE_ID), 3],
      [THERE_ID, "complete", sums.get(THERE_ID), 3],
    ],
  );
  assert.deepEqual([page.source.report.problems, page.source.report.incidents[0]?.captures.length], [[], 3]);
  assert.deepEqual(page.farEnds[0]?.collected, { clock: { offset_ms: 0, error_ms: 2 } });
  assert.equal(page.farEnds[0]?.remote_captures.length, 1);
});

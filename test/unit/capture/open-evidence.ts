/** An evidence database of the test's own and the door to it; a write that fails fails the test. What may wait is written at `writer.flush()`. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { tempDir } from "../store/temp-dir.ts";

export function openEvidence(t: TestContext): { readonly store: EvidenceStore; readonly writer: EvidenceWriter } {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  return { store, writer: new EvidenceWriter(store, { onError: (error) => assert.fail(String(error)), onRecovered: () => {} }) };
}

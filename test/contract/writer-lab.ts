/** A process that writes to a store until it is killed: what it was told is stored must be there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { openStore } from "../../src/collector/store/open-store.ts";
import { delivery, EVERYTHING, lane } from "./delivery.ts";

/** Kills the writer after `lines` acknowledged deliveries, again and again, and looks. */
export async function killWriters(spec: string, lines: readonly number[]): Promise<void> {
  let acked = 0;
  for (const count of lines) {
    acked = await writeUntilKilled(spec, { from: acked + 1, count });
    const store = await openStore(spec);
    try {
      const result = await store.deliver(delivery([lane()]));
      assert.ok(result.kind === "stored");
      const stored = result.acks[0]!.seq;
      assert.ok(stored >= acked, `${acked} acknowledged, ${stored} there`);
      const records = await store.records({ types: ["incident"], limit: EVERYTHING });
      assert.deepEqual(
        records.map(({ id }) => Number(id.slice(1))),
        Array.from({ length: stored }, (_, index) => index + 1),
      );
      acked = stored;
    } finally {
      await store.close();
    }
  }
}

async function writeUntilKilled(spec: string, { from, count }: { readonly from: number; readonly count: number }): Promise<number> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), spec, String(from)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(writer, "exit");
  let last = from - 1;
  let heard = 0;
  for await (const line of createInterface(writer.stdout)) {
    last = Number(line);
    if (++heard === count) writer.kill("SIGKILL");
  }
  await ended;
  assert.ok(heard >= count, "the writer ended by itself");
  return last;
}

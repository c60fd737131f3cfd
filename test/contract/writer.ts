/** Delivers numbered records to the store named by its argument, one after the other, and says each acknowledged number on a line of its own. To be killed. */
import process from "node:process";
import { openStore } from "../../src/collector/store/open-store.ts";
import { delivery, lane, record } from "./delivery.ts";

const RECORDS = 20;
const PADDING = "x".repeat(2_000);

const [spec = "", from = "1"] = process.argv.slice(2);
const store = await openStore(spec);
for (let seq = Number(from); ; seq += RECORDS) {
  const records = Array.from({ length: RECORDS }, (_, index) => record(seq + index, { data: PADDING }));
  const result = await store.deliver(delivery([lane({ records })]));
  process.stdout.write(`${result.kind === "stored" ? (result.acks[0]?.seq ?? 0) : result.kind}\n`);
}

/** What a collector can say for the evidence: when its sum had come, and whether the rows that are here give it. */
import { fill } from "../../verdict/words.ts";
import { count } from "../figures.ts";
import type { Fact, Section } from "./document.ts";
import type { Receipt, Ticket } from "./ticket.ts";
import { bothTimes, difference, utc, type Wording } from "./wording.ts";

/** Of an event of many peers the first, as the page has their details. */
const MAX_RECEIPTS = 6;

/** None on the node itself. */
export function receiptSections({ receipts }: Ticket, wording: Wording): Section[] {
  const { labels } = wording;
  const shown = receipts.slice(0, MAX_RECEIPTS);
  return shown.map((receipt) => ({
    title: labels.section.receipt,
    ...(receipts.length === 1 ? {} : { peer: `${receipt.node}, ${receipt.incident}` }),
    blocks: [{ kind: "facts", rows: rowsOf(receipt, wording) }],
  }));
}

function rowsOf(receipt: Receipt, wording: Wording): Fact[] {
  const { receipt: words } = wording.labels;
  const { node, state, sha256, received_at: at, clock, changed } = receipt;
  const [received, ...otherZones] = at === null ? [] : bothTimes(at, wording).toReversed();
  return [
    ...(received === undefined ? [] : [{ label: words.received, values: [fill(words.receivedValue, { at: received }), ...otherZones] }]),
    ...(clock === null
      ? []
      : [{ label: words.clock, values: [fill(words.clockValue, { node, difference: difference(clock, wording), error: clock.error_ms })] }]),
    ...(sha256 === null ? [] : [{ label: words.hash, values: [sha256], isCode: true }]),
    { label: words.rows, values: [fill(words.states[state], { node, rows: count(receipt.rows), missing: count(receipt.missing) })] },
    ...(changed === null
      ? []
      : [{ label: words.changed, values: [fill(words.changedValue, { node, at: utc(changed.at, wording), sha256: changed.sha256 })] }]),
    ...(sha256 === null ? [] : [{ label: words.meaning, values: [words.meaningValue] }]),
  ];
}

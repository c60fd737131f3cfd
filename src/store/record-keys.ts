/**
 * How the id of a record and the key of its row are made of each other: the cells of the key with a space between, a text first, then numbers; so the text may hold
 * spaces itself. A time is written with the 17 digits that give the same number again.
 */
import type { EvidenceTable } from "../sync/record-types.ts";

interface Key {
  readonly columns: readonly string[];
  /** As SQL; `@` stands for the row. */
  readonly id: string;
  /** Numbers at the end of the key. */
  readonly numbers: number;
}

/** Chunks of lines in one record: twelve seconds of a trace, well below a body also with every hop answering. */
export const LINES_GROUP = 50;
export const FIRST_OF_GROUP: string = `@number / ${LINES_GROUP} * ${LINES_GROUP}`;

/** Part of released steps of the schema: never edited. */
export const KEYS: Readonly<Record<EvidenceTable, Key>> = {
  incidents: { columns: ["id"], id: "@id", numbers: 0 },
  captures: { columns: ["id"], id: "@id", numbers: 0 },
  lines: { columns: ["capture_id", "number"], id: `@capture_id || ' ' || (${FIRST_OF_GROUP})`, numbers: 1 },
  verdicts: { columns: ["event_id", "version"], id: "@event_id || ' ' || @version", numbers: 1 },
  blind: { columns: ["cause", "started_ms"], id: "format('%s %!.17g', @cause, @started_ms)", numbers: 1 },
  peers: { columns: ["name"], id: "@name", numbers: 0 },
  node: { columns: ["only"], id: "CAST(@only AS TEXT)", numbers: 1 },
  hop_names: { columns: ["address", "since_ms"], id: "format('%s %!.17g', @address, @since_ms)", numbers: 1 },
  samples: { columns: ["incident_id", "epoch", "start_slot"], id: "@incident_id || ' ' || @epoch || ' ' || @start_slot", numbers: 2 },
};

/** The id as SQL; `row` is what comes before a column, like "NEW.". */
export function idSql(table: EvidenceTable, row = ""): string {
  return KEYS[table].id.replaceAll("@", row);
}

/** The cells of the key, in the order of its columns. */
export function keyOf(table: EvidenceTable, id: string): (string | number)[] {
  const { columns, numbers } = KEYS[table];
  if (columns.length === numbers) return id.split(" ").map(Number);
  const parts = id.split(" ");
  const text = parts.slice(0, parts.length - numbers).join(" ");
  return [text, ...parts.slice(parts.length - numbers).map(Number)];
}

/** The lines of one mtr run → its hop table. */
import { readMtr, type MtrReading, type MtrReadingOptions } from "../path/mtr-raw.ts";
import { linesFromText } from "./evidence-rows.ts";
import type { CaptureRow, LineChunk } from "./rows.ts";
import type { StatementCache } from "./statement-cache.ts";

/** Null when there are no lines. */
export function readTrace(row: CaptureRow, sql: StatementCache, of: Pick<MtrReadingOptions, "within">): MtrReading | null {
  const lines: LineChunk["lines"][number][] = [];
  for (const cells of sql.all("SELECT body FROM lines WHERE capture_id = ? ORDER BY number", row.id))
    lines.push(...linesFromText(String(cells["body"])));
  const firstTtl = row.facts["first_ttl"];
  if (lines.length === 0) return null;
  return readMtr(lines, { target: row.target, ...of, ...(typeof firstTtl === "number" ? { firstTtl } : {}) });
}

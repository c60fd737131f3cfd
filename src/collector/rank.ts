/**
 * How far a record has come, beside its version. A node that was restored from a copy finds its incidents open, calls them interrupted and tells so with versions
 * that are newer than those of the closed ones, for versions follow the clock. What is complete must not become incomplete by that: of two copies the one of
 * higher rank counts, of the same rank the one of higher version, in whatever order they come.
 */
import { columnsOf, type EvidenceTable } from "../sync/record-types.ts";

/** `data` as it came, of a record that is well-formed. An incident: 1 when closed. A capture: 1 when complete. A verdict: its own version. Others: 0. */
export function rankOf(type: string, data: unknown): number {
  if (type === "incident") return field(data, "status") === "closed" ? 1 : 0;
  if (type === "verdict") return versionOf(field(data, "version"));
  if (type === "row.incidents") return cell("incidents", data, "status") === "closed" ? 1 : 0;
  if (type === "row.captures") return cell("captures", data, "status") === "complete" ? 1 : 0;
  return 0;
}

function versionOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function field(data: unknown, name: string): unknown {
  return typeof data === "object" && data !== null && Object.hasOwn(data, name) ? (data as Readonly<Record<string, unknown>>)[name] : undefined;
}

function cell(table: EvidenceTable, data: unknown, column: string): unknown {
  return Array.isArray(data) ? data[columnsOf(table).indexOf(column)] : undefined;
}

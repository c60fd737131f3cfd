/** The records of an incident as a collector gives them. Here only their frame is checked: what is in a record is held against its shape where it is inserted. */
import { fields, list, text, time, type Fields } from "../../report/fields.ts";
import { parseClock, parseReceipt } from "../../report/fleet/parse-fleet.ts";
import { RECORDS_SCHEMA, type NodeAnswer, type RecordsAnswer } from "./incident-records.ts";

const MAX_MATCHES = 50;
const MAX_NODES = 16;
const MAX_RECORDS = 100_000;
const MAX_ROLLUPS = 200_000;
const MAX_INCIDENTS = 5_000;
const MAX_ID = 600;

/** Null when it is none. */
export function parseRecordsAnswer(value: unknown): RecordsAnswer | null {
  const one = fields(value);
  const at = time(one?.["generated_at"]);
  if (one === null || at === null || one["schema"] !== RECORDS_SCHEMA) return null;
  return {
    schema: RECORDS_SCHEMA,
    generated_at: at,
    incidents: list(one["incidents"], MAX_MATCHES).flatMap((each) => parseMatch(each) ?? []),
    nodes: list(one["nodes"], MAX_NODES).flatMap((each) => parseNode(each) ?? []),
  };
}

function parseMatch(one: Fields): RecordsAnswer["incidents"][number] | null {
  const [node, id] = [text(one["node"]), text(one["id"], MAX_ID)];
  if (node === null || id === null) return null;
  return { node, id, kind: one["kind"] === "event" ? "event" : "incident", incidents: ids(one["incidents"]) };
}

function parseNode(one: Fields): NodeAnswer | null {
  const [node, since, until] = [text(one["node"]), time(one["since"]), time(one["until"])];
  if (node === null || since === null || until === null) return null;
  return {
    node,
    incidents: ids(one["incidents"]),
    since,
    until,
    clock: parseClock(one["clock"]),
    records: list(one["records"], MAX_RECORDS).map(({ type, id, version, data }) => ({
      type: text(type) ?? "",
      id: text(id, MAX_ID) ?? "",
      version: typeof version === "number" ? version : 0,
      data,
    })),
    rollups: rollups(one["rollups"]),
    receipts: list(one["receipts"], MAX_INCIDENTS).flatMap((each) => parseReceipt(each) ?? []),
    is_cut: one["is_cut"] === true,
  };
}

function rollups(value: unknown): NodeAnswer["rollups"] {
  const rows: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_ROLLUPS) : [];
  return rows.filter(
    (row): row is (number | string)[] => Array.isArray(row) && row.every((cell) => typeof cell === "number" || typeof cell === "string"),
  );
}

function ids(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MAX_INCIDENTS).flatMap((id) => text(id, MAX_ID) ?? []) : [];
}

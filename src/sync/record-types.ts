/**
 * The kinds of records. Heads are written for their readers, in the words of the report. All others are rows of the node's databases, cell by cell in the order of
 * `columns`, so that a collector can put the same rows together again: then the same code makes the same report and the same SHA-256 of them (store/evidence-lines.ts).
 * A blob is a string in base64.
 *
 * The id of a row is its key: what is text in it first, then its numbers, a space between (store/record-keys.ts). That of a rollup is `at`, a space, and its peer. Whoever
 * takes records in goes by type and id alone: a number that was there before may stand for something else after a database was put back from a copy.
 *
 * Columns are only ever added, at the end; a reader takes those that it knows.
 */
import type { ReportIncident, ReportVerdict } from "../report/report.ts";
import type { Lane } from "./wire.ts";

export type EvidenceTable = "incidents" | "captures" | "lines" | "verdicts" | "blind" | "peers" | "node" | "hop_names" | "samples";

const EVIDENCE_COLUMNS: Readonly<Record<EvidenceTable, string>> = {
  incidents: "id event_id continues peer address kind status started_ms detected_ms ended_ms interval_ms timeout_ms baseline_capture_id bursts",
  captures:
    "id incident_id peer kind phase trigger tool status reason flow source target reached asked_by started_ms first_hop_ms finished_ms facts hops",
  /** Chunks of one mtr run, fifty to a record: `body` is an array, `[[number, body], …]` of the rows of `lines`, and `first_number` the first that could be in it. */
  lines: "capture_id first_number body",
  verdicts: "event_id version at_ms sentence verdict facts",
  blind: "started_ms cause ended_ms detail",
  peers: "name address interval_ms first_reply_ms active agent_epoch agent_silent_ms",
  node: "only body",
  hop_names: "address since_ms name asked_ms used_ms",
  samples: "incident_id epoch start_slot started_ms interval_ms data",
};

/** One minute of one peer, from rollups_1m. `at` in seconds. */
export const ROLLUP_COLUMNS: readonly string[] =
  "at peer sent received lost late duplicate foreign_replies send_failed skipped blind doubtful rtt_min_us rtt_max_us error_max_us heard_expected heard_received histogram".split(
    " ",
  );

export type RecordType = "incident" | "verdict" | `row.${EvidenceTable}` | "rollup";

/** Lane 0, `incident`: what is known of one by now. Without what is evidence; of the bursts as many of the newest as fit. */
export type IncidentHead = Omit<ReportIncident, "captures" | "strip" | "strip_started_at" | "verdict"> & {
  readonly bursts_in_all: number;
  /** SHA-256 over the stored rows, once nothing will be added to them; null before. */
  readonly evidence: { readonly format: string; readonly sha256: string; readonly rows: number; readonly bytes: number } | null;
};

/** Lane 0, `verdict`: the newest of an event. `findings` and `counts` are left out where it would be too long. */
export type VerdictHead = ReportVerdict & { readonly event_id: string };

export type Cell = string | number | null;

export const LANE_OF: Readonly<Record<RecordType, Lane>> = {
  incident: 0,
  verdict: 0,
  "row.incidents": 1,
  "row.captures": 1,
  "row.lines": 1,
  "row.verdicts": 1,
  "row.blind": 1,
  "row.peers": 1,
  "row.node": 1,
  "row.hop_names": 1,
  "row.samples": 3,
  rollup: 2,
};

const COLUMN_LISTS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(EVIDENCE_COLUMNS).map(([table, columns]) => [table, columns.split(" ")]),
);

export function columnsOf(table: EvidenceTable): readonly string[] {
  return COLUMN_LISTS.get(table) ?? [];
}

export function isRecordType(type: string): type is RecordType {
  return Object.hasOwn(LANE_OF, type);
}

/** The work of `meshprobe export`. */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { remoteFiles, ticketFiles, type ExportedTicket } from "../archive/export-files.ts";
import { withManifest } from "../archive/manifest.ts";
import { pack } from "../archive/pack.ts";
import { count, plural } from "../report/figures.ts";
import { renderJson } from "../report/json.ts";
import { renderText } from "../report/text.ts";
import { evidenceLines } from "../store/evidence-lines.ts";
import { readReport } from "../store/query.ts";
import { StoreError, storeError } from "../store/store-error.ts";
import { digestEvidence, readTicket, settledMs } from "../store/ticket-reader.ts";
import { VERSION } from "../version.ts";
import type { World } from "./command.ts";
import { dataDirOf, localZone } from "./data-dir.ts";
import { requireTicket, withEvidence, type Evidence, type Ticket } from "./open-evidence.ts";
import { renderTicket } from "./report-ticket.ts";
import { parseTime } from "./time-option.ts";
import { UsageError } from "./usage-error.ts";

/** The pages in an export are of one width, whatever terminal it was made at. */
const COLUMNS = 100;

export interface ExportOptions {
  readonly ids: readonly string[];
  readonly peer: string | undefined;
  readonly since: string;
  readonly until: string | undefined;
  readonly output: string;
  readonly dataDir: string | undefined;
  readonly config: string;
}

export async function runExport(options: ExportOptions, world: World): Promise<number> {
  if (existsSync(options.output)) throw new UsageError(`${options.output} is there already; move it away or name another`);
  const dataDir = await dataDirOf(options, world);
  const warn = (line: string): void => world.stderr(`meshprobe export: ${line}\n`);
  try {
    const { bytes, tickets } = await withEvidence(dataDir, warn, (evidence) => build(evidence, { options, world }));
    write(options.output, bytes);
    world.stderr(`${options.output}: ${plural(tickets.length, "ticket")}, ${count(bytes.length)} bytes\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    warn(error.message);
    return 3;
  }
}

interface Asked {
  readonly options: ExportOptions;
  readonly world: World;
}

async function build(
  evidence: Evidence,
  { options, world }: Asked,
): Promise<{ readonly bytes: Uint8Array; readonly tickets: readonly ExportedTicket[] }> {
  const { reader, db } = evidence;
  const range = options.peer === undefined ? null : rangeOf(options, world);
  const found =
    range === null ? null : readReport(reader, { ...range, peer: options.peer ?? null, detailUpTo: Number.POSITIVE_INFINITY, roundTrips: true });
  const ids = found === null ? options.ids : found.incidents.map(({ id }) => id);
  const chosen = [...new Map(ids.map((id) => requireTicket(db, id)).map((ticket) => [ticket.id, ticket])).values()];
  const remote = found === null || found.remote_captures.length === 0 ? [] : [tracedForOthers(evidence, found)];
  const tickets = [...chosen.map((ticket) => exportTicket(evidence, { ticket, nowMs: world.now() })), ...remote];
  if (tickets.length === 0)
    throw new UsageError(`nothing with ${JSON.stringify(options.peer)} is stored from ${found?.since ?? ""} to ${found?.until ?? ""}`);
  const node = readReport(reader, { sinceMs: 0, untilMs: 1, nowMs: 0, peer: "", detailUpTo: 0 }).node;
  const about = { node: { name: node.name, address: node.address }, version: VERSION, tickets: tickets.map(({ ticket }) => ticket) };
  const files = withManifest(
    tickets.flatMap((ticket) => ticket.files),
    about,
  );
  const newest = settledMs(
    db,
    chosen.flatMap(({ incidentIds }) => incidentIds),
    range?.untilMs ?? world.now(),
  );
  return { bytes: await pack(files, { mtimeMs: newest }), tickets };
}

/** As of when its last row was written, so that the same rows always give the same bytes. */
function exportTicket({ reader, db }: Evidence, { ticket, nowMs }: { readonly ticket: Ticket; readonly nowMs: number }): ExportedTicket {
  const source = readTicket(reader, db, { ...ticket, nowMs: settledMs(db, ticket.incidentIds, nowMs), wallMs: nowMs });
  const rows = [...evidenceLines(db, { incidentIds: ticket.incidentIds })];
  const page = (format: "text" | "html" | "json"): string => renderTicket(source, [], { format, columns: COLUMNS });
  return ticketFiles(source, { rows, pages: { text: page("text"), html: page("html"), json: page("json") } });
}

function tracedForOthers({ db }: Evidence, found: ReturnType<typeof readReport>): ExportedTicket {
  const keys = { incidentIds: [], captureIds: found.remote_captures.map(({ id }) => id) };
  const evidence = digestEvidence(db, keys);
  const report = {
    ...found,
    generated_at: found.until,
    last_data_at: null,
    peers: [],
    blind: [],
    events: [],
    incidents: [],
    requested_captures: [],
    evicted: [],
  };
  const text = renderText(report, { columns: COLUMNS, zone: localZone, full: true });
  const pages = { text: `${text}\nSHA-256 over the stored rows: ${evidence.sha256}\n`, html: null, json: renderJson(report) };
  return remoteFiles(evidence, { rows: [...evidenceLines(db, keys)], pages });
}

function rangeOf({ since, until }: ExportOptions, world: World): { readonly sinceMs: number; readonly untilMs: number; readonly nowMs: number } {
  const nowMs = world.now();
  const sinceMs = parseTime("since", since, nowMs);
  const untilMs = until === undefined ? nowMs : parseTime("until", until, nowMs);
  if (untilMs <= sinceMs) throw new UsageError("--until must be later than --since");
  return { sinceMs, untilMs, nowMs };
}

/** Whole or not at all. */
function write(file: string, bytes: Uint8Array): void {
  const part = `${file}.part`;
  try {
    writeFileSync(part, bytes, { flag: "wx" });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw storeError(error, "write", file);
  }
}

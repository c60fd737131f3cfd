/** One ticket, or what was traced for others, → the files of its directory in an export. */
import type { Evidence, TicketSource } from "../report/page/ticket.ts";
import { EVIDENCE_FILE, REPORT_FILE } from "./check.ts";
import { ROOT, type ManifestTicket } from "./manifest.ts";
import { safeName } from "./names.ts";
import type { ArchiveFile } from "./pack.ts";
import { rawFiles, textFile } from "./raw-files.ts";

export interface ExportedTicket {
  readonly ticket: ManifestTicket;
  readonly files: readonly ArchiveFile[];
}

export interface TicketPages {
  readonly text: string;
  readonly html: string | null;
  readonly json: string;
}

/** `rows` is the canonical evidence, a line each. */
export function ticketFiles(
  source: TicketSource,
  { rows, pages }: { readonly rows: readonly string[]; readonly pages: TicketPages },
): ExportedTicket {
  const { id, kind, evidence } = source;
  return { ticket: { id, kind, directory: safeName(id), evidence }, files: directory(safeName(id), { rows, pages }) };
}

/** Traces that no incident of this node's own belongs to. */
export function remoteFiles(evidence: Evidence, { rows, pages }: { readonly rows: readonly string[]; readonly pages: TicketPages }): ExportedTicket {
  const name = "traced-for-others";
  return { ticket: { id: name, kind: "remote", directory: name, evidence }, files: directory(name, { rows, pages }) };
}

function directory(name: string, { rows, pages }: { readonly rows: readonly string[]; readonly pages: TicketPages }): ArchiveFile[] {
  const files = [
    textFile("page.txt", pages.text),
    ...(pages.html === null ? [] : [textFile("page.html", pages.html)]),
    textFile(REPORT_FILE, pages.json),
    textFile(EVIDENCE_FILE, rows.join("")),
    ...rawFiles(rows),
  ];
  return files.map((file) => ({ name: `${ROOT}/${name}/${file.name}`, bytes: file.bytes }));
}

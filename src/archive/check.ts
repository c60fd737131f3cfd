/**
 * Whether an export is as it was packed. Equal sums show that nothing was changed by accident, on a disk or on the way. They are no signature: whoever can write the
 * file can also write new sums.
 */
import { unpack } from "./unpack.ts";
import { ArchiveError } from "./archive-error.ts";
import { MANIFEST, readManifest, ROOT, sha256, type Manifest, type ManifestTicket } from "./manifest.ts";
import type { ArchiveFile } from "./pack.ts";

export const EVIDENCE_FILE = "evidence.jsonl";
export const REPORT_FILE = "report.json";
const PAGES = ["page.txt", "page.html"] as const;

export interface CheckedExport {
  /** Null when nothing could be read of it. */
  readonly manifest: Manifest | null;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** One line each; empty when all is as it was packed. */
  readonly findings: readonly string[];
}

export async function checkExport(bytes: Uint8Array): Promise<CheckedExport> {
  let unpacked: ArchiveFile[];
  try {
    unpacked = await unpack(bytes);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { manifest: null, files: new Map(), findings: [error.message] };
  }
  const files = new Map(unpacked.map((file) => [file.name, file.bytes]));
  const text = files.get(`${ROOT}/${MANIFEST}`);
  const manifest = text === undefined ? null : readManifest(text);
  if (manifest === null) return { manifest, files, findings: [text === undefined ? `${MANIFEST} is missing` : `${MANIFEST} is not readable`] };
  return { manifest, files, findings: [...fileFindings(manifest, files), ...manifest.tickets.flatMap((ticket) => ticketFindings(ticket, files))] };
}

function fileFindings({ files: listed }: Manifest, files: ReadonlyMap<string, Uint8Array>): string[] {
  const names = new Set(listed.map(({ name }) => name));
  const unknown = [...files.keys()]
    .filter((name) => name !== `${ROOT}/${MANIFEST}` && !names.has(name))
    .map((name) => `${name} is not in the manifest`);
  const wrong = listed.flatMap(({ name, bytes, sha256: expected }) => {
    const found = files.get(name);
    if (found === undefined) return [`${name} is missing`];
    if (found.length !== bytes) return [`${name} has ${found.length} bytes and not ${bytes}`];
    return sha256(found) === expected ? [] : [`${name} has changed: SHA-256 ${sha256(found)} and not ${expected}`];
  });
  return [...unknown, ...wrong];
}

/** The sum that is printed on the pages is that of the evidence beside them. */
function ticketFindings({ directory, id, evidence }: ManifestTicket, files: ReadonlyMap<string, Uint8Array>): string[] {
  const found = files.get(`${ROOT}/${directory}/${EVIDENCE_FILE}`);
  if (found === undefined) return [`the evidence of ${id} is missing`];
  if (sha256(found) !== evidence.sha256) return [`the evidence of ${id} has changed: SHA-256 ${sha256(found)} and not ${evidence.sha256}`];
  return PAGES.flatMap((name) => {
    const page = files.get(`${ROOT}/${directory}/${name}`);
    if (page === undefined || Buffer.from(page).includes(evidence.sha256)) return [];
    return [`${directory}/${name} gives another SHA-256 than its evidence has`];
  });
}

/** What an export says of itself: every file with its length and SHA-256, and the sum over the evidence of each ticket. */
import { createHash } from "node:crypto";
import type { Evidence } from "../report/page/ticket.ts";
import type { ArchiveFile } from "./pack.ts";

export const MANIFEST = "manifest.json";
export const EXPORT_SCHEMA = "meshprobe.export/1";
/** One directory, so that unpacking by hand litters nothing. */
export const ROOT = "meshprobe-export";

export interface ManifestTicket {
  readonly id: string;
  readonly kind: "incident" | "event" | "remote";
  readonly directory: string;
  readonly evidence: Evidence;
}

export interface Manifest {
  readonly schema: typeof EXPORT_SCHEMA;
  readonly node: { readonly name: string | null; readonly address: string | null };
  readonly version: string;
  readonly tickets: readonly ManifestTicket[];
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The files with their manifest among them. */
export function withManifest(files: readonly ArchiveFile[], about: Omit<Manifest, "schema" | "files">): ArchiveFile[] {
  const listed = files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }));
  const manifest: Manifest = { schema: EXPORT_SCHEMA, ...about, files: listed };
  return [...files, { name: `${ROOT}/${MANIFEST}`, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) }];
}

/** Null for anything that is no manifest of ours. Names and sums are compared later; here only their kinds count. */
export function readManifest(bytes: Uint8Array): Manifest | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
  if (!isRecord(value) || value["schema"] !== EXPORT_SCHEMA || typeof value["version"] !== "string" || !isRecord(value["node"])) return null;
  const { files, tickets, node } = value;
  if (!Array.isArray(files) || !files.every(isFile) || !Array.isArray(tickets) || !tickets.every(isTicket)) return null;
  const text = (name: string): string | null => (typeof node[name] === "string" ? node[name] : null);
  return { schema: EXPORT_SCHEMA, node: { name: text("name"), address: text("address") }, version: value["version"], tickets, files };
}

function isFile(value: unknown): value is Manifest["files"][number] {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["bytes"] === "number" && typeof value["sha256"] === "string";
}

function isTicket(value: unknown): value is ManifestTicket {
  if (!isRecord(value) || typeof value["id"] !== "string" || typeof value["directory"] !== "string" || !isRecord(value["evidence"])) return false;
  const { kind, evidence } = value;
  return (
    (kind === "incident" || kind === "event" || kind === "remote") && typeof evidence["sha256"] === "string" && typeof evidence["rows"] === "number"
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What goes into one request: some lanes of some database files, and the body that they make. */
import { gzipSync } from "node:zlib";
import type { LaneBatch, Outbox } from "./outbox.ts";
import type { Lane, SyncRequest } from "./wire.ts";

/** For everything in a body that is not a record. */
export const ENVELOPE_BYTES = 4_096;
/** Smaller bodies gain nothing: they leave in one packet anyway. */
const WORTH_COMPRESSING_BYTES = 1_000;

export interface Parcel {
  readonly outbox: Outbox;
  /** Of the outbox when this was made: its id changes when it turns out to be an old copy. */
  readonly db: string;
  readonly lane: Lane;
  /** Null: only asks how far the collector is. */
  readonly batch: LaneBatch | null;
}

export interface RequestBody {
  readonly bytes: Uint8Array;
  readonly encoding: "gzip" | null;
  /** Before compression. */
  readonly plainBytes: number;
}

/** `head`: the request without its files. */
export function requestBody(head: Omit<SyncRequest, "files">, parcels: readonly Parcel[]): RequestBody {
  const byDb = Map.groupBy(parcels, ({ db }) => db);
  // The records are JSON already.
  const files = [...byDb].map(([db, lanes]) => `{"db":${JSON.stringify(db)},"lanes":[${lanes.map(laneText).join(",")}]}`);
  const plain = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"files":[${files.join(",")}]}`, "utf8");
  const isSmall = plain.length < WORTH_COMPRESSING_BYTES;
  return { bytes: isSmall ? plain : gzipSync(plain), encoding: isSmall ? null : "gzip", plainBytes: plain.length };
}

function laneText({ lane, batch }: Parcel): string {
  return `{"lane":${lane},"records":[${(batch?.records ?? []).join(",")}],"tombstones":${JSON.stringify(batch?.tombstones ?? [])}}`;
}

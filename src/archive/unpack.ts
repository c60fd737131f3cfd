/**
 * A .tar.gz from elsewhere → its files, in memory only: nothing of it is ever written to a disk. It may have been made to harm, so everything has a limit before it
 * is looked at: bytes packed and unpacked, number of files, their names, their kinds.
 */
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { ArchiveError } from "./archive-error.ts";
import type { ArchiveFile } from "./pack.ts";

/** An event of a thousand peers packs to some ten megabytes. */
export const MAX_PACKED_BYTES: number = 64 * 1024 * 1024;
export const MAX_UNPACKED_BYTES: number = 256 * 1024 * 1024;
export const MAX_FILES = 10_000;
const MAX_NAME = 200;
/** Parts of letters, digits and . _ -, none of them beginning with a dot: no root, no way up, nothing that a terminal would act on. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Throws ArchiveError. */
export async function unpack(bytes: Uint8Array): Promise<ArchiveFile[]> {
  if (bytes.length > MAX_PACKED_BYTES) throw new ArchiveError(`it is larger than ${MAX_PACKED_BYTES} bytes`);
  const names = new Set<string>();
  try {
    const entries = await unpackTar(inflate(bytes), { strict: true, filter: (header) => accept(header, names) });
    return entries.map(({ header, data }) => ({ name: header.name, bytes: data ?? new Uint8Array() }));
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`it is damaged: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw new ArchiveError(`unpacked it is larger than ${MAX_UNPACKED_BYTES} bytes`, { cause: error });
    throw error;
  }
}

function accept({ name, type = "file" }: { readonly name: string; readonly type?: string }, names: Set<string>): boolean {
  const said = JSON.stringify(name.slice(0, MAX_NAME));
  if (type !== "file") throw new ArchiveError(`${said} in it is a ${type}; an export holds plain files only`);
  if (name.length > MAX_NAME || !NAME.test(name)) throw new ArchiveError(`${said} in it is no name that an export has`);
  if (names.has(name)) throw new ArchiveError(`${said} is in it twice`);
  if (names.size >= MAX_FILES) throw new ArchiveError(`it holds more than ${MAX_FILES} files`);
  names.add(name);
  return true;
}

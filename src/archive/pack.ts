/** Files → one .tar.gz with the same bytes for the same files: names in order, one time, no owner, and nothing of the machine in the gzip header. */
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";

export interface ArchiveFile {
  /** With slashes, relative. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const FILE_MODE = 0o644;
/** Its place in a gzip header, RFC 1952 section 2.3; 255 is "unknown". zlib writes what it was built on. */
const OS_OFFSET = 9;
const UNKNOWN_OS = 255;

export async function pack(files: readonly ArchiveFile[], { mtimeMs }: { readonly mtimeMs: number }): Promise<Uint8Array> {
  const mtime = new Date(Math.floor(mtimeMs / 1000) * 1000);
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tar = await packTar(
    sorted.map(({ name, bytes }) => ({ header: { name, size: bytes.length, mtime, mode: FILE_MODE, uid: 0, gid: 0 }, body: bytes })),
  );
  const packed = gzipSync(tar, { level: 9 });
  packed[OS_OFFSET] = UNKNOWN_OS;
  return packed;
}

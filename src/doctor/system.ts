/** The machine as the checks see it: files, links, disks and programs, and nothing else. The real one is this-system.ts. */
export interface FileFacts {
  readonly kind: "file" | "directory" | "other";
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, 0o000 to 0o7777. */
  readonly mode: number;
  readonly bytes: number;
}

export type ToolEnd =
  | { readonly kind: "missing" }
  /** Did not end within its time. */
  | { readonly kind: "slow" }
  | { readonly kind: "ended"; readonly exitCode: number; readonly stdout: string; readonly stderr: string };

export interface System {
  /** A small file, null when it cannot be read. */
  readFile(path: string): string | null;
  /** Where a symbolic link points to, null when it cannot be read. */
  readLink(path: string): string | null;
  /** Null when there is none, or it cannot be seen. */
  file(path: string): FileFacts | null;
  /** Bytes that an ordinary user may still write there; null when there is no such directory. */
  freeBytes(directory: string): number | null;
  run(program: string, args: readonly string[]): Promise<ToolEnd>;
}

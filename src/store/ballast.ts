/**
 * A file that holds nothing but space. When the disk is full it is deleted, so that the incident in progress still commits; it comes back when there is room again.
 */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "./store-error.ts";

const LARGEST_BYTES = 64 * 1024 * 1024;
/** Share of the byte budget, where that is smaller. */
const BUDGET_SHARE = 32;
/** It is only made while this many times its size is free: taking the last space would cause what it is there against. */
const FREE_TIMES = 4;
const CHUNK_BYTES = 1024 * 1024;

export interface BallastOptions {
  readonly maxBytes: number;
  /** One line for the log. */
  readonly note: (line: string) => void;
}

export class Ballast {
  readonly #dir: string;
  readonly #file: string;
  readonly #note: (line: string) => void;
  /** Size it has when it is there. */
  readonly bytes: number;
  #said: string | null = null;

  constructor(dir: string, options: BallastOptions) {
    this.#dir = dir;
    this.#file = join(dir, "ballast");
    this.#note = options.note;
    this.bytes = Math.min(LARGEST_BYTES, Math.floor(options.maxBytes / BUDGET_SHARE));
  }

  /** Bytes on the disk now. */
  heldBytes(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Makes the file if it is not there and there is room; says so if not, never throws. Cheap when it is there. */
  create(): void {
    if (this.heldBytes() === this.bytes) return;
    try {
      const disk = statfsSync(this.#dir);
      if (disk.bavail * disk.bsize < this.bytes * FREE_TIMES) {
        rmSync(this.#file, { force: true });
        return this.#say(`no ballast file: less than ${FREE_TIMES} × ${this.bytes} bytes are free in ${this.#dir}`);
      }
      this.#fill();
      this.#said = null;
    } catch (error) {
      this.#forgetIncomplete();
      this.#say(`Cannot create ballast file ${this.#file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Gives the space back. True when there was any. */
  give(): boolean {
    if (this.heldBytes() === 0) return false;
    try {
      rmSync(this.#file);
    } catch (error) {
      this.#note(`Cannot delete ballast file ${this.#file}: ${errorCode(error)}`);
      return false;
    }
    this.#note(`disk full: gave ${this.bytes} bytes of ballast back so that evidence is still kept; free some space in ${this.#dir}`);
    return true;
  }

  /** What has its name and is no file (a directory) is not ours and stays. */
  #forgetIncomplete(): void {
    if (statSync(this.#file, { throwIfNoEntry: false })?.isFile() === true) rmSync(this.#file, { force: true });
  }

  /** A reason that lasts is said once. */
  #say(line: string): void {
    if (line !== this.#said) this.#note(line);
    this.#said = line;
  }

  #fill(): void {
    // Not zeros: a file system that compresses would hold no space for them. xorshift32 is plenty.
    const words = new Uint32Array(CHUNK_BYTES / 4);
    let state = 0x9e3779b9;
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    const chunk = new Uint8Array(words.buffer);
    const fd = openSync(this.#file, "w", 0o600);
    try {
      for (let written = 0; written < this.bytes;) written += writeSync(fd, chunk, 0, Math.min(CHUNK_BYTES, this.bytes - written));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

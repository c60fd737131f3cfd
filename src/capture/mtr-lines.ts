/**
 * Bytes of an mtr's stdout → stamped lines → chunks. A line is stamped when its end arrives (mtr flushes each one); lines are collected for at most
 * MTR_CHUNK_MS and then handed over together, because each chunk is one commit. What exceeds a limit is cut or dropped, and counted.
 */
import { StringDecoder } from "node:string_decoder";
import { parseMtrLine, type StampedLine } from "../path/mtr-raw.ts";

/** The longest line of mtr 0.95 has 60 characters. */
export const MAX_LINE_CHARACTERS = 512;
/** 75 cycles through 30 hops print 4,500 lines, and a few thousand more when every answer comes from another address. */
export const MAX_LINES = 20_000;
/** How long lines wait for company. */
export const MTR_CHUNK_MS = 250;

export interface MtrCounts {
  readonly lines: number;
  /** Lines that are not mtr's format; handed over with the others. */
  readonly garbage: number;
  readonly answers: number;
  /** Lines cut at MAX_LINE_CHARACTERS. */
  readonly cut: number;
  /** Lines beyond MAX_LINES. */
  readonly dropped: number;
}

export const NO_LINES: MtrCounts = { lines: 0, garbage: 0, answers: 0, cut: 0, dropped: 0 };

export interface MtrLinesOptions {
  readonly nowMs: () => number;
  readonly onLines: (lines: StampedLine[]) => void;
}

export class MtrLines {
  readonly #options: MtrLinesOptions;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  /** The line being read is longer than allowed: its end is still to come. */
  #overlong = false;
  #chunk: StampedLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #counts: { -readonly [key in keyof MtrCounts]: number } = { ...NO_LINES };
  firstGarbage: string | null = null;

  constructor(options: MtrLinesOptions) {
    this.#options = options;
  }

  get counts(): MtrCounts {
    return { ...this.#counts };
  }

  push(bytes: Uint8Array): void {
    const atMs = this.#options.nowMs();
    const parts = this.#decoder.write(bytes).split("\n");
    parts.forEach((part, index) => {
      this.#grow(part);
      if (index < parts.length - 1) this.#endLine(atMs);
    });
  }

  /** The output has ended: a last line without its newline counts, and everything is handed over. */
  end(): void {
    this.#grow(this.#decoder.end());
    if (this.#rest !== "") this.#endLine(this.#options.nowMs());
    this.#flush();
  }

  #grow(part: string): void {
    const room = MAX_LINE_CHARACTERS - this.#rest.length;
    if (part.length > room) this.#overlong = true;
    this.#rest += part.slice(0, room);
  }

  #endLine(atMs: number): void {
    const text = this.#rest.endsWith("\r") ? this.#rest.slice(0, -1) : this.#rest;
    const wasCut = this.#overlong;
    this.#rest = "";
    this.#overlong = false;
    if (text === "") return;
    if (this.#counts.lines >= MAX_LINES) {
      this.#counts.dropped++;
      return;
    }
    this.#counts.lines++;
    if (wasCut) this.#counts.cut++;
    this.#judge(text);
    const first = this.#chunk[0];
    if (first !== undefined && atMs - first.atMs >= MTR_CHUNK_MS) this.#flush();
    this.#chunk.push({ atMs, text });
    this.#timer ??= setTimeout(() => this.#flush(), MTR_CHUNK_MS);
  }

  #judge(text: string): void {
    const line = parseMtrLine(text);
    if (line?.kind === "answer") this.#counts.answers++;
    if (line !== null) return;
    this.#counts.garbage++;
    this.firstGarbage ??= text;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#chunk;
    if (lines.length === 0) return;
    this.#chunk = [];
    this.#options.onLines(lines);
  }
}

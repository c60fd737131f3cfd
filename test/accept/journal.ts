/**
 * What is known of one row: a file of JSON lines, samples first and at last the result. Each line is appended whole, so that a run killed at any moment loses
 * the sample under way and nothing else; half a line at the end is dropped.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { RowResult, Sample } from "./row.ts";

interface Line {
  readonly sample?: Sample;
  readonly result?: RowResult;
  /** Time spent on the row until then, all its runs together. */
  readonly took_s: number;
}

export class Journal {
  readonly #file: string;
  readonly #lines: Line[] = [];
  readonly #openedMs = performance.now();
  readonly #beforeS: number;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    for (const line of text.split("\n").slice(0, -1)) this.#lines.push(JSON.parse(line) as Line);
    if (!text.endsWith("\n") && text !== "") writeFileSync(file, text.slice(0, text.lastIndexOf("\n") + 1));
    this.#beforeS = this.#lines.at(-1)?.took_s ?? 0;
  }

  get samples(): readonly Sample[] {
    return this.#lines.flatMap(({ sample }) => (sample === undefined ? [] : [sample]));
  }

  /** Of a run that came to its end; null before. */
  get result(): RowResult | null {
    return this.#lines.at(-1)?.result ?? null;
  }

  get tookS(): number {
    return this.result === null ? this.#now() : (this.#lines.at(-1)?.took_s ?? 0);
  }

  keep(sample: Sample): void {
    this.#append({ sample, took_s: this.#now() });
  }

  finish(result: RowResult): void {
    this.#append({ result, took_s: this.#now() });
  }

  #now(): number {
    return Math.round((this.#beforeS + (performance.now() - this.#openedMs) / 1000) * 10) / 10;
  }

  #append(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
    this.#lines.push(line);
  }
}

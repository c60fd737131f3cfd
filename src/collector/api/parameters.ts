/** Parameters of a query, read once: what is unknown, given twice or wrong is a 400 that says which and what would be right. */
import { parseSince } from "../../report/since.ts";
import { isName } from "../sync/checks.ts";
import { Refusal } from "../http/refusal.ts";

/** Of a path that takes none. */
export function requireNone(query: URLSearchParams): void {
  for (const name of query.keys()) throw unknown(name, []);
}

export class Parameters {
  readonly #query: URLSearchParams;
  readonly #nowMs: number;

  /** `known`: all that there are. */
  constructor(query: URLSearchParams, { known, nowMs }: { readonly known: readonly string[]; readonly nowMs: number }) {
    this.#query = query;
    this.#nowMs = nowMs;
    for (const name of new Set(query.keys())) {
      if (!known.includes(name)) throw unknown(name, known);
      if (query.getAll(name).length > 1) throw bad(`${name} is given twice`);
    }
  }

  /** As --since takes it, in UTC: 2h, 2026-11-20, 2026-11-20T10:00:00Z. */
  time(name: string, fallbackMs: number): number {
    const text = this.#query.get(name);
    if (text === null) return fallbackMs;
    try {
      const localMs = (y: number, mo: number, d: number, h: number, mi: number, s: number): number => Date.UTC(y, mo - 1, d, h, mi, s);
      return parseSince(text, { nowMs: this.#nowMs, localMs, zoneName: "UTC", future: true });
    } catch (error) {
      throw bad(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The stretch between `since` and `until`, the latter not before the former. */
  range(backMs: number): { readonly sinceMs: number; readonly untilMs: number } {
    const sinceMs = this.time("since", this.#nowMs - backMs);
    const untilMs = this.time("until", Math.max(this.#nowMs, sinceMs) + 1);
    if (untilMs < sinceMs) throw bad("until is before since");
    return { sinceMs, untilMs };
  }

  name(name: string): string | null {
    const text = this.#query.get(name);
    if (text !== null && !isName(text)) throw bad(`${name} is empty, too long, or has control characters`);
    return text;
  }

  word<T extends string>(name: string, words: readonly T[]): T | null {
    const text = this.#query.get(name);
    const found = words.find((word) => word === text);
    if (text !== null && found === undefined) throw bad(`${name} is none of ${words.join(", ")}`);
    return found ?? null;
  }

  count(name: string, { max, fallback }: { readonly max: number; readonly fallback: number }): number {
    const text = this.#query.get(name);
    if (text === null) return fallback;
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > max) throw bad(`${name} is no whole number from 1 to ${max}`);
    return count;
  }
}

function bad(message: string): Refusal {
  return new Refusal(400, "bad-parameter", { message });
}

function unknown(name: string, known: readonly string[]): Refusal {
  return bad(
    `there is no parameter ${JSON.stringify(name.slice(0, MAX_QUOTED))}; ${known.length === 0 ? "there are none here" : `there are ${known.join(", ")}`}`,
  );
}

const MAX_QUOTED = 40;

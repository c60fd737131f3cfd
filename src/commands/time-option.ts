import { parseSince, type LocalMs } from "../report/since.ts";
import { UsageError } from "./usage-error.ts";

const localMs: LocalMs = (y, mo, d, h, mi, s) => new Date(y, mo - 1, d, h, mi, s).getTime();

/** A time as --since and --until take it, ms since the epoch. Throws UsageError. */
export function parseTime(option: "since" | "until", text: string, nowMs: number): number {
  try {
    return parseSince(text, { nowMs, localMs, future: option === "until" });
  } catch (error) {
    throw new UsageError(`--${option}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

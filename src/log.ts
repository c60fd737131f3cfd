/** The log: one JSON object a line for the journal, one readable line on a terminal. */
import pino, { type Logger } from "pino";
import type { LogLevel } from "./config/config.ts";

const LABELS: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

/** A log line of pino's, made readable: time, level, message, then what else it holds. */
function prettyLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg: string } & Record<string, unknown>;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
  return `${time} ${(LABELS[level] ?? String(level)).padEnd(5)} ${msg}${facts}\n`;
}

export function createLog(options: { readonly level: LogLevel; readonly write: (text: string) => void; readonly pretty: boolean }): Logger {
  const write = options.pretty ? (line: string): void => options.write(prettyLine(line)) : options.write;
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
}

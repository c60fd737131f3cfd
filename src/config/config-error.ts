/** What kind of mistake a configuration holds; messages may change, codes do not. */
export type ConfigErrorCode =
  | "unreadable"
  | "unsafe"
  | "too-large"
  | "encoding"
  | "syntax"
  | "empty"
  | "type"
  | "unknown-key"
  | "duplicate-key"
  | "missing"
  | "unit"
  | "range"
  | "address"
  | "name"
  | "duplicate-peer"
  | "conflict";

/** Where a mistake is; line and column count from 1 and are null when the whole file is meant. */
export interface ConfigPlace {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** A configuration that cannot be used. The message is one line, `FILE:LINE:COLUMN: what is wrong; what to do`, ready to print. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: ConfigErrorCode;
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;

  constructor(code: ConfigErrorCode, reason: string, options: ConfigPlace & { readonly cause?: unknown }) {
    const place = options.line === null ? options.file : `${options.file}:${options.line}:${options.column ?? 1}`;
    super(`${place}: ${reason}`, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.file = options.file;
    this.line = options.line;
    this.column = options.column;
  }
}

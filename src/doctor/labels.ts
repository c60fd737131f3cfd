/** Every word of the doctor on a screen that is no finding's, in one table a language. */
import type { Translate } from "../phrases/phrase.ts";
import type { Counted } from "../report/page/labels.ts";
import type { Level } from "./finding.ts";

export interface DoctorLabels {
  readonly level: Readonly<Record<Level, string>>;
  /** Columns of the level and of what was looked at. */
  readonly columns: { readonly level: number; readonly check: number };
  readonly well: string;
  readonly failures: Counted;
  readonly warnings: Counted;
  readonly joint: string;
  /** Findings and their mends, which are made in English. */
  readonly said: Translate;
  /** Names of what was looked at. */
  readonly check: Translate;
}

export const DOCTOR_ENGLISH: DoctorLabels = {
  level: { ok: "ok", warn: "warn", fail: "FAIL" },
  columns: { level: 6, check: 15 },
  well: "all is well",
  failures: { one: "{n} failure", many: "{n} failures" },
  warnings: { one: "{n} warning", many: "{n} warnings" },
  joint: ", ",
  said: (text) => text,
  check: (text) => text,
};

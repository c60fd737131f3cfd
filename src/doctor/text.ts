/** One line for each finding, and one for all of them. What others have written is made harmless for the terminal. */
import { escapeForTerminal } from "../report/escape.ts";
import { counted } from "../report/page/wording.ts";
import { padEnd } from "../report/width.ts";
import type { Finding, Level } from "./finding.ts";
import type { DoctorLabels } from "./labels.ts";

export function findingLine({ check, level, text, mend }: Finding, { level: words, columns, said, check: name }: DoctorLabels): string {
  const head = `${padEnd(words[level], columns.level)}${padEnd(escapeForTerminal(name(check)), columns.check - 1)} `;
  return `${head}${escapeForTerminal(said(text))}${mend === null ? "" : `  → ${escapeForTerminal(said(mend))}`}`;
}

export function sumLine(findings: readonly Finding[], { well, failures, warnings, joint }: DoctorLabels): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [warned, failed] = [count("warn"), count("fail")];
  return warned + failed === 0 ? well : counted(failed, failures) + joint + counted(warned, warnings);
}

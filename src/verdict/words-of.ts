/** The words of a language. Only those that are asked for are loaded. */
import type { Language } from "../report/language.ts";
import type { Words } from "./words.ts";

/** Null for those that verdicts are stored with. */
export async function verdictWords(language: Language): Promise<Words | null> {
  return language === "en" ? null : (await import("./words-zh.ts")).chinese;
}

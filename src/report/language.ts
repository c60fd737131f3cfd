/** In which language a report speaks. */
export type Language = "en" | "zh";

export const LANGUAGES: readonly Language[] = ["en", "zh"];

/** As the locale has it: the first of these that is set decides, as for every other program. */
const VARIABLES = ["LC_ALL", "LC_MESSAGES", "LANG"] as const;

export function localeLanguage(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = VARIABLES.map((name) => env[name]).find((value) => value !== undefined && value !== "") ?? "";
  return /^zh(?:[^a-z]|$)/i.test(locale) ? "zh" : "en";
}

/** The language in which a command speaks, and its tables. Only those that are asked for are loaded. */
import type { ControlLabels } from "../control/labels.ts";
import type { DoctorLabels } from "../doctor/labels.ts";
import { LANGUAGES, localeLanguage, type Language } from "../report/language.ts";
import type { FleetLabels } from "../report/fleet/fleet-labels.ts";
import type { ListLabels } from "../report/list-labels.ts";
import type { Labels } from "../report/page/labels.ts";
import type { ValueOption, World } from "./command.ts";

/** `what` it is the language of. */
export function langOption(what: string): ValueOption & { readonly words: readonly Language[] } {
  return {
    argument: "LANGUAGE",
    text: `of ${what}; without it the locale decides (LC_ALL, LC_MESSAGES, LANG), and json is in English`,
    words: LANGUAGES,
  };
}

/** Programs read the JSON: without `--lang` it is the same wherever it is made. */
export function languageOf({ lang, format }: { readonly lang: Language | undefined; readonly format: string }, env: World["env"]): Language {
  if (lang !== undefined) return lang;
  return format === "json" ? "en" : localeLanguage(env);
}

export async function pageLabels(language: Language): Promise<Labels> {
  return language === "en" ? (await import("../report/page/labels.ts")).ENGLISH : (await import("../report/page/labels-zh.ts")).CHINESE;
}

export async function listLabels(language: Language): Promise<ListLabels> {
  return language === "en" ? (await import("../report/list-labels.ts")).LIST_ENGLISH : (await import("../report/list-labels-zh.ts")).LIST_CHINESE;
}

export async function controlLabels(language: Language): Promise<ControlLabels> {
  return language === "en" ? (await import("../control/labels.ts")).CONTROL_ENGLISH : (await import("../control/labels-zh.ts")).CONTROL_CHINESE;
}

export async function doctorLabels(language: Language): Promise<DoctorLabels> {
  return language === "en" ? (await import("../doctor/labels.ts")).DOCTOR_ENGLISH : (await import("../doctor/labels-zh.ts")).DOCTOR_CHINESE;
}

export async function fleetLabels(language: Language): Promise<FleetLabels> {
  return language === "en"
    ? (await import("../report/fleet/fleet-labels.ts")).FLEET_ENGLISH
    : (await import("../report/fleet/fleet-labels-zh.ts")).FLEET_CHINESE;
}

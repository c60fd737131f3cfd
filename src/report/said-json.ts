/** JSON in a language that was asked for: sentences that stand beside the figures are put into it. Keys, and words that programs compare, never are. */
import type { Translate } from "../phrases/phrase.ts";

/** Of captures, hops and blind times. Words under the same keys elsewhere ("budget") are no sentences that are known, and stay. */
const SENTENCES: readonly string[] = ["reason", "note", "detail"];
/** Of nodes and traces: lists of them. */
const LISTS: readonly string[] = ["notes"];

/** For `JSON.stringify`. */
export function inLanguage(said: Translate): (key: string, value: unknown) => unknown {
  return (key, value) => {
    if (SENTENCES.includes(key) && typeof value === "string") return said(value);
    if (LISTS.includes(key) && Array.isArray(value)) return value.map((entry: unknown) => (typeof entry === "string" ? said(entry) : entry));
    return value;
  };
}

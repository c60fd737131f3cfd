import { withLoneNotes } from "./lone-traces.ts";
import type { Translate } from "../phrases/phrase.ts";
import { withHopNotes } from "./phase-tables.ts";
import type { Report } from "./report.ts";
import { inLanguage } from "./said-json.ts";

const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The contract, one document, indented by two. The hops carry what their losses mean, as in the text. In English unless `said` is another. */
export function renderJson(report: Report, said: Translate = (text) => text): string {
  const noted = {
    ...report,
    incidents: report.incidents.map(withHopNotes),
    remote_captures: withLoneNotes(report.remote_captures),
    requested_captures: withLoneNotes(report.requested_captures),
  };
  return `${escapeJson(JSON.stringify(noted, inLanguage(said), 2))}\n`;
}

/** JSON leaves characters as they are that a terminal acts on (C1 controls) or that reorder and hide text. As \uNNNN they mean the same. */
function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

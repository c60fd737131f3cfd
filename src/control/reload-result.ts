/** What the agent answers to a reload, and the line that says it. */
import { escapeForTerminal } from "../report/escape.ts";
import { plural } from "../report/figures.ts";

export interface ReloadResult {
  readonly unchanged: number;
  /** Names. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Their address or interval is another. */
  readonly changed: readonly string[];
  /** As in the log at a start. */
  readonly notes: readonly string[];
}

/** Names in a line; more would not be read. */
const MAX_NAMES = 10;

export function reloadLines({ unchanged, added, removed, changed, notes }: ReloadResult): string[] {
  const part = (names: readonly string[], what: string): string[] => (names.length === 0 ? [] : [`${what}: ${list(names)}`]);
  const parts = [...part(added, "added"), ...part(removed, "removed"), ...part(changed, "changed")];
  return [
    parts.length === 0 ? `${plural(unchanged, "peer")}, none of them changed` : `${plural(unchanged, "peer")} unchanged; ${parts.join("; ")}`,
    ...notes.map((note) => `note: ${escapeForTerminal(note)}`),
  ];
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(escapeForTerminal).join(", ");
  return names.length <= MAX_NAMES ? shown : `${shown} and ${names.length - MAX_NAMES} more`;
}

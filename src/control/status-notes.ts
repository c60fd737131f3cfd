/** What is turned off or missing on this node, and what the agent has learned to do without: a line each, with the mend. */
import type { Config } from "../config/config.ts";
import { say, sayPart } from "../phrases/control.ts";
import { count } from "../report/figures.ts";

/** What the wire has said of itself; null while it has not. */
export interface WireWords {
  readonly receiveBuffer: { readonly got: number; readonly wanted: number } | null;
  readonly sendErrors: Readonly<Record<string, number>>;
}

export function statusNotes(
  config: Pick<Config, "notes" | "mesh" | "capture">,
  known: { readonly wire: WireWords; readonly mtrMissing: boolean },
): string[] {
  const { receiveBuffer, sendErrors } = known.wire;
  const notes = [...config.notes];
  if (!config.capture.mtr) notes.push(say("mtrOff"));
  else if (known.mtrMissing) notes.push(say("mtrMissing"));
  if (config.mesh.keyFile === null) notes.push(say("noKey"));
  if (receiveBuffer !== null && receiveBuffer.got > 0 && receiveBuffer.got < receiveBuffer.wanted)
    notes.push(say("smallBuffer", { n: receiveBuffer.wanted / 2 }));
  const refused = Object.entries(sendErrors);
  if (refused.length > 0)
    notes.push(say("sendRefused", { ERRORS: refused.map(([code, times]) => sayPart("sendError", { code, n: count(times) })).join(", ") }));
  return notes;
}

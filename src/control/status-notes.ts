/** What is turned off or missing on this node, and what the agent has learned to do without: a line each, with the mend. */
import type { Config } from "../config/config.ts";
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
  if (!config.capture.mtr) notes.push("mtr is off (capture.mtr): sweeps at one a second take its place");
  else if (known.mtrMissing) notes.push("mtr cannot be run: sweeps at one a second take its place (apt-get install mtr-tiny)");
  if (config.mesh.keyFile === null)
    notes.push("no mesh key (mesh.key_file): the direction of a loss is never more than possible, and no node traces back");
  if (receiveBuffer !== null && receiveBuffer.got > 0 && receiveBuffer.got < receiveBuffer.wanted)
    notes.push(`the receive buffer is small, a stall may overflow it: sysctl -w net.core.rmem_max=${receiveBuffer.wanted / 2}, then restart`);
  const refused = Object.entries(sendErrors);
  if (refused.length > 0)
    notes.push(`the kernel refused to send: ${refused.map(([code, times]) => `${code} ${count(times)} times`).join(", ")}; a fault of this node`);
  return notes;
}

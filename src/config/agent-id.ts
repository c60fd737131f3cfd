import { createHash } from "node:crypto";

/** The agent id of a node, as its probes carry it at byte 4: the first 4 bytes of SHA-256 over the UTF-8 name, an unsigned 32-bit number. */
export function agentId(name: string): number {
  return createHash("sha256").update(name, "utf8").digest().readUInt32BE(0);
}

/** What systemd-analyze says of a unit. */
import assert from "node:assert/strict";
import type { BootedNode } from "./booted-node.ts";

const EXPOSURE_MAX = 1.7;

/** Nothing to complain of, and hardly exposed. Returns the exposure. */
export async function requireSound(node: BootedNode, unit: string): Promise<number> {
  const verified = await node.exec(["systemd-analyze", "verify", unit]);
  assert.deepEqual(verified, { code: 0, stdout: "", stderr: "" });
  const words = await node.run(["systemd-analyze", "security", "--no-pager", unit]);
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(words)?.[1]);
  assert.ok(exposure <= EXPOSURE_MAX, `exposure ${exposure}`);
  return exposure;
}

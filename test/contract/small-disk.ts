/** A disk of a few megabytes, in memory; only root may mount one. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { onProcessEnd } from "../netns/namespaces.ts";

export const skipSmallDisk: string | false = process.getuid?.() === 0 ? false : "needs root to mount a small disk";

/** Mounted while `work` runs. */
export async function onSmallDisk(megabytes: number, work: (directory: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "meshprobe-disk-"));
  const disk = join(home, "disk");
  mkdirSync(disk);
  // PostgreSQL runs as somebody else.
  chmodSync(home, 0o755);
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", disk], { encoding: "utf8" });
  if (mount.status !== 0) throw new Error(`Cannot mount a small disk: ${mount.stderr}`);
  const remove = (): void => {
    forget();
    spawnSync("umount", ["-l", disk]);
    rmSync(home, { recursive: true, force: true });
  };
  const forget = onProcessEnd(remove);
  try {
    await work(disk);
  } finally {
    remove();
  }
}

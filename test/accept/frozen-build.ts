/**
 * A copy of the built program under a name made from its content. The rows take hours, and the checkout may be edited and built again meanwhile; and samples of
 * two different programs must never be added up.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

export interface FrozenBuild {
  /** Ten hexadecimal digits. */
  readonly id: string;
  readonly cli: string;
}

/** Builds and freezes, or takes up an earlier one. `store` must be inside the checkout: the copy finds its packages from there. */
export function freezeBuild(root: string, { store, id }: { readonly store: string; readonly id?: string | undefined }): FrozenBuild {
  if (id !== undefined) {
    const cli = join(store, `build-${id}`, "cli.js");
    if (!existsSync(cli)) throw new Error(`Cannot go on with build ${id}: there is no ${cli}`);
    return { id, cli };
  }
  for (const script of ["packaging/native.ts", "packaging/build.ts"]) {
    if (spawnSync(process.execPath, [join(root, script)], { cwd: root, stdio: ["ignore", 2, 2] }).status !== 0)
      throw new Error("Cannot run the rows: the build failed");
  }
  const dist = join(root, "dist");
  const hash = createHash("sha256");
  for (const file of globSync("**/*.js", { cwd: dist }).sort()) hash.update(`${file}\0`).update(readFileSync(join(dist, file)));
  const fresh = hash.digest("hex").slice(0, 10);
  const target = join(store, `build-${fresh}`);
  if (!existsSync(target)) {
    // Two runs may begin at once; both copy the same files.
    const own = `${target}.${process.pid}`;
    cpSync(dist, own, { recursive: true });
    if (existsSync(target)) rmSync(own, { recursive: true });
    else renameSync(own, target);
  }
  return { id: fresh, cli: join(target, "cli.js") };
}

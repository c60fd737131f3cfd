/** Which packages run on a node: what our dependencies need, as package-lock.json has it, without what is only compiled against. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Headers for native modules; they are in the binaries. */
const BUILD_ONLY = new Set(["nan", "node-addon-api"]);

/** Names, sorted. Throws when the lock file nests packages, which the tree on the node does not. */
export function productionPackages(root: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const names = new Set(Object.keys(packages[""]?.dependencies ?? {}));
  for (const name of names) {
    const locked = packages[`node_modules/${name}`];
    if (locked === undefined) throw new Error(`package-lock.json does not hold ${name}`);
    for (const dependency of Object.keys(locked.dependencies ?? {})) {
      if (packages[`node_modules/${name}/node_modules/${dependency}`] !== undefined && !BUILD_ONLY.has(dependency))
        throw new Error(`${name} has a ${dependency} of its own; packaging/stage.ts would leave it out`);
      if (!BUILD_ONLY.has(dependency)) names.add(dependency);
    }
  }
  return [...names].sort();
}

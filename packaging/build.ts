/**
 * Compiles src/ to dist/, ready to run as `node_modules/.bin/node dist/cli.js …` from any directory.
 * Compiled beside and then moved into place, so that no file of an earlier build stays behind and a failed build leaves the last good one.
 * Usage: npm run build
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

const root = dirname(import.meta.dirname);
const cache = join(root, "node_modules/.cache");
const compiler = join(root, "node_modules/typescript/bin/tsc");
const SHEBANG = "#!/usr/bin/env node\n";

function build(): string | null {
  if (!existsSync(compiler)) return "the TypeScript compiler is not installed. Run: npm ci";
  if (!existsSync(join(root, "src/cli.ts"))) return "src/cli.ts is missing";
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "dist-"));
  try {
    const compiled = spawnSync(process.execPath, [compiler, "-p", root, "--outDir", fresh, "--pretty", "false"], { encoding: "utf8" });
    if (compiled.status !== 0) return `the compiler found errors\n${compiled.stdout}${compiled.stderr}`.trimEnd();
    const entry = join(fresh, "cli.js");
    if (!readFileSync(entry, "utf8").startsWith(SHEBANG)) return `src/cli.ts must begin with ${SHEBANG.trim()}`;
    chmodSync(entry, 0o755);
    chmodSync(fresh, 0o755);
    const old = `${fresh}.old`;
    if (existsSync(join(root, "dist"))) renameSync(join(root, "dist"), old);
    renameSync(fresh, join(root, "dist"));
    rmSync(old, { recursive: true, force: true });
    return null;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const failure = build();
if (failure !== null) {
  console.error(`Cannot build dist: ${failure}`);
  process.exitCode = 3;
}

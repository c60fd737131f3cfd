/**
 * Writes the man pages and the completion to build/docs (or the directory given), and config/peers.yaml and config/collector.yaml anew.
 * Usage: npm run docs [-- DIRECTORY]. The date in the pages is SOURCE_DATE_EPOCH's where that is set: the same bytes twice.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { constants, gzipSync } from "node:zlib";
import { COMMANDS } from "../src/commands/commands.ts";
import { bashCompletion } from "./docs/bash-completion.ts";
import { collectorPage } from "./docs/collector-page.ts";
import { collectorYaml } from "./docs/collector-yaml.ts";
import { peersPage } from "./docs/peers-page.ts";
import { peersYaml } from "./docs/peers-yaml.ts";
import { programPage } from "./docs/program-page.ts";

const root = dirname(import.meta.dirname);

/** Paths below `share/` as they are installed, with their content. */
export function documents(date: string): ReadonlyMap<string, string> {
  const declarations = COMMANDS.map(({ declaration }) => declaration);
  return new Map([
    ["man/man1/meshprobe.1", programPage(declarations, date)],
    ["man/man5/meshprobe-peers.5", peersPage(date)],
    ["man/man5/meshprobe-collector.5", collectorPage(date)],
    ["bash-completion/completions/meshprobe", bashCompletion(declarations)],
  ]);
}

/** Day of the pages, ISO. */
export function pageDate(env: NodeJS.ProcessEnv, nowMs: number): string {
  const epoch = Number(env["SOURCE_DATE_EPOCH"] ?? Number.NaN);
  return new Date(Number.isFinite(epoch) ? epoch * 1000 : nowMs).toISOString().slice(0, 10);
}

/** `compress` as Debian wants its man pages: gzip -9n. The package calls it with `usr/share` of its tree. */
export function writeDocuments(directory: string, { date, compress }: { readonly date: string; readonly compress: boolean }): void {
  for (const [path, content] of documents(date)) {
    const isPacked = compress && path.startsWith("man/");
    const file = join(directory, isPacked ? `${path}.gz` : path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, isPacked ? gzipSync(content, { level: constants.Z_BEST_COMPRESSION }) : content);
  }
}

if (import.meta.main) {
  const directory = process.argv[2] ?? join(root, "build/docs");
  writeDocuments(directory, { date: pageDate(process.env, Date.now()), compress: false });
  writeFileSync(join(root, "config/peers.yaml"), peersYaml());
  writeFileSync(join(root, "config/collector.yaml"), collectorYaml());
  console.log(`man pages and completion: ${directory}`);
}

/** The work of `meshprobe verify`. */
import { readFileSync, statSync } from "node:fs";
import { checkExport } from "../archive/check.ts";
import { MAX_PACKED_BYTES } from "../archive/unpack.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { count, plural } from "../report/figures.ts";
import { StoreError, storeError } from "../store/store-error.ts";
import { digestEvidence } from "../store/ticket-reader.ts";
import type { World } from "./command.ts";
import { dataDirOf } from "./data-dir.ts";
import { requireTicket, withEvidence } from "./open-evidence.ts";
import { UsageError } from "./usage-error.ts";

const MEANING =
  "Equal sums show that nothing was changed by accident; whoever can write it can also make new sums, so this is no proof against forgery.\n";

export interface VerifyOptions {
  readonly what: string;
  readonly sha256: string | undefined;
  readonly dataDir: string | undefined;
  readonly config: string;
}

export async function runVerify(options: VerifyOptions, world: World): Promise<number> {
  const isFile = isExport(options.what);
  if (isFile && options.sha256 !== undefined)
    throw new UsageError("--sha256 goes with an incident; an export brings its own; see meshprobe verify --help");
  try {
    return isFile ? await verifyExport(options.what, world) : await verifyStored(options, world);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    world.stderr(`meshprobe verify: ${error.message}\n`);
    return 3;
  }
}

function isExport(what: string): boolean {
  return /\.(tar\.gz|tgz)$/.test(what) || (statSync(what, { throwIfNoEntry: false })?.isFile() ?? false);
}

async function verifyExport(file: string, world: World): Promise<number> {
  const { manifest, files, findings } = await checkExport(readBounded(file));
  const name = escapeForTerminal(file);
  if (manifest === null || findings.length > 0) {
    world.stdout(`${name} is not as it was packed:\n${findings.map((finding) => `  ${escapeForTerminal(finding)}\n`).join("")}`);
    return 1;
  }
  const node = escapeForTerminal(manifest.node.name ?? "an unknown node");
  world.stdout(`${name}: ${plural(files.size, "file")} as packed by ${node}, meshprobe ${escapeForTerminal(manifest.version)}\n`);
  for (const { id, evidence } of manifest.tickets) {
    world.stdout(`  ${escapeForTerminal(id)}  SHA-256 ${evidence.sha256} over ${plural(evidence.rows, "row")}\n`);
  }
  world.stdout(MEANING);
  return 0;
}

/** A file that no export can be as large as is not read. */
function readBounded(file: string): Uint8Array {
  try {
    if (statSync(file).size > MAX_PACKED_BYTES)
      throw new StoreError("unreadable", `Cannot read ${file}: it is larger than ${count(MAX_PACKED_BYTES)} bytes`);
    return readFileSync(file);
  } catch (error) {
    throw storeError(error, "read", file);
  }
}

async function verifyStored({ what, sha256, ...place }: VerifyOptions, world: World): Promise<number> {
  const dataDir = await dataDirOf(place, world);
  const warn = (line: string): void => world.stderr(`meshprobe verify: ${line}\n`);
  return withEvidence(dataDir, warn, ({ db }) => {
    const { id, incidentIds } = requireTicket(db, what);
    const found = digestEvidence(db, { incidentIds });
    const said = `${escapeForTerminal(id)}: SHA-256 ${found.sha256} over ${plural(found.rows, "row")}, ${count(found.bytes)} bytes`;
    if (sha256 !== undefined && sha256 !== found.sha256) {
      world.stdout(
        `${said}\nThat is not ${sha256}: what is stored has changed, or the sum is of another incident, or was taken before its last trace and samples were stored (two minutes after its end).\n`,
      );
      return 1;
    }
    world.stdout(`${said}\n${sha256 === undefined ? "Compare it with the sum on the page.\n" : MEANING}`);
    return 0;
  });
}

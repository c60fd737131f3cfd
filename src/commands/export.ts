/** `meshprobe export`: incidents in one file that checks itself, for a ticket, for another node, for the archive. */
import { parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const DEFAULT_SINCE = "24h";
/** More are asked for by --peer. */
const MAX_INCIDENTS = 100;

const DECLARATION = declare({
  name: "export",
  summary: "incidents in one file that checks itself",
  description: [
    "For each incident: the page as text and html, report.json (meshprobe.report/1), every line of mtr with its time, every sample as CSV, and the stored rows that the SHA-256 on the page is made of. manifest.json has the SHA-256 of every file. The same data give the same bytes.",
  ],
  forms: ["INCIDENT… -o FILE.tar.gz [OPTIONS]", "--peer NAME [--since TIME] [--until TIME] -o FILE.tar.gz [OPTIONS]"],
  operands: {
    min: 0,
    max: MAX_INCIDENTS,
    entries: [{ name: "INCIDENT", text: "id of an incident or an event, or its beginning (6 characters or more)" }],
  },
  options: {
    peer: { argument: "NAME", text: "every incident with this peer, and every trace made because it asked" },
    since: { argument: "TIME", text: `with --peer: from here on (default ${DEFAULT_SINCE}), written as for report` },
    until: { argument: "TIME", text: "with --peer: up to here (default now)" },
    output: { argument: "FILE", short: "o", text: "where to; an existing file is not overwritten", completes: "file" },
    "data-dir": { argument: "DIR", text: "read this directory; no configuration is needed then", completes: "directory" },
    config: { ...CONFIG_OPTION, text: "configuration that names the data directory" },
  },
  examples: [
    { command: "meshprobe export 20261121T041203-4f2a -o ticket.tar.gz" },
    { command: "meshprobe export --peer sh-a1 --since 2026-11-21T04:11:00Z -o reverse.tar.gz", text: "on the far end, for the page here" },
    { command: "meshprobe verify ticket.tar.gz" },
  ],
  exitCodes: { 2: "wrong usage or configuration", 3: "the data cannot be read or the file not written" },
});

export const exportCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values, operands: ids } = parseCommandLine(DECLARATION, args);
  const { peer, since, until, output, config } = values;
  const wrong = (what: string): never => {
    throw new UsageError(`${what}; see meshprobe export --help`);
  };
  if (output === undefined) return wrong("say where to: -o FILE.tar.gz");
  if ((ids.length === 0) === (peer === undefined)) return wrong("name the incidents, or a --peer");
  if (peer === undefined && (since !== undefined || until !== undefined)) return wrong("--since and --until go with --peer");
  const { runExport } = await import("./export-run.ts");
  return runExport({ ids, peer, since: since ?? DEFAULT_SINCE, until, output, dataDir: values["data-dir"], config }, world);
}

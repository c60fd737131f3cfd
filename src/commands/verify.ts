/** `meshprobe verify`: whether an export, or what is stored of an incident, is still what the page's SHA-256 was made of. */
import { parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const DECLARATION = declare({
  name: "verify",
  summary: "is the evidence still what it was?",
  description: [
    "Of an export every file is compared with the manifest, and the evidence with the pages; of an incident what is stored with the SHA-256 on its page.",
    "Equal sums show that nothing was changed by accident. They are no proof against forgery: whoever can write the file or the database can also make a new sum.",
  ],
  forms: ["FILE.tar.gz", "INCIDENT [--sha256 SUM] [OPTIONS]"],
  operands: {
    min: 1,
    max: 1,
    entries: [
      { name: "FILE", text: "made by meshprobe export" },
      { name: "INCIDENT", text: "id of an incident or an event, or its beginning (6 characters or more)" },
    ],
    completes: "file",
  },
  options: {
    sha256: { argument: "SUM", text: "the sum on the page of INCIDENT; without it the sum is only printed" },
    "data-dir": { argument: "DIR", text: "read this directory; no configuration is needed then", completes: "directory" },
    config: { ...CONFIG_OPTION, text: "configuration that names the data directory" },
  },
  examples: [{ command: "meshprobe verify ticket.tar.gz" }, { command: "meshprobe verify 20261121T041203-4f2a --sha256 9f86d081884c7d65…" }],
  exitCodes: { 0: "as it was", 1: "something differs", 2: "wrong usage or configuration", 3: "it cannot be read" },
});

export const verifyCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values, operands } = parseCommandLine(DECLARATION, args);
  const [what = ""] = operands;
  const sha256 = values.sha256?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw new UsageError("--sha256 is 64 hexadecimal digits; see meshprobe verify --help");
  const { runVerify } = await import("./verify-run.ts");
  return runVerify({ what, sha256, dataDir: values["data-dir"], config: values.config }, world);
}

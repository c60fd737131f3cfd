/** `meshprobe collector`: takes what the nodes tell, keeps it, and answers for it; and the tokens with which nodes and readers come. */
import { DEFAULT_COLLECTOR_CONFIG } from "../collector/config/collector-config.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, declare, type World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const DEFAULT_OVERLAP = "24h";
const ACTIONS = ["add", "revoke", "rotate", "list"] as const;

const DECLARATION = declare({
  name: "collector",
  summary: "take what the nodes tell, keep it, and answer for it",
  description: [
    "Listens for the nodes whose configuration names it (collector.url), keeps incidents, evidence and rollups in SQLite or PostgreSQL, and answers over HTTP: config/openapi.yaml describes it. Runs until SIGTERM or SIGINT. The log goes to stdout, one JSON object a line (readable lines on a terminal).",
    "Nobody comes without a token. token add prints a new one once, as its last word; only its SHA-256 is kept. A node token writes as the node of that name and reads nothing, a reader token reads everything and writes nothing. A running collector takes a changed list by itself, and several may share one file.",
  ],
  forms: [
    "[--config FILE]",
    "token add NAME --role node|reader [--config FILE]",
    "token rotate NAME [--overlap TIME] [--config FILE]",
    "token revoke NAME [--config FILE]",
    "token list [--config FILE]",
  ],
  operands: {
    min: 0,
    max: 3,
    entries: [
      { name: "token", text: "with add, rotate, revoke or list: change or show the list of tokens" },
      { name: "NAME", text: "whose token it is: of a node its node.name, of a reader any" },
    ],
    words: ["token", ...ACTIONS],
  },
  options: {
    role: { argument: "ROLE", text: "what a new token may do: write as that node, or read", words: ["node", "reader"] },
    overlap: { argument: "TIME", text: `how long the old tokens stay valid after rotate (default ${DEFAULT_OVERLAP})` },
    config: { argument: "FILE", text: "configuration", default: DEFAULT_COLLECTOR_CONFIG, completes: "file" },
  },
  examples: [
    { command: "meshprobe collector --config /etc/meshprobe/collector.yaml" },
    { command: "meshprobe collector token add sh-a1 --role node", text: "put its last word into the node's collector.token_file" },
    { command: "meshprobe collector token rotate sh-a1 --overlap 7d" },
  ],
  exitCodes: { 0: "stopped when it was told to, or done", 3: "it cannot run, or go on" },
});

export const collectorCommand: Command = { declaration: DECLARATION, run };

async function run(args: readonly string[], world: World): Promise<number> {
  const { values, operands } = parseCommandLine(DECLARATION, args);
  const [first, action, name] = operands;
  const wrong = (what: string): never => {
    throw new UsageError(`${what}; see meshprobe collector --help`);
  };
  if (first === undefined) {
    if (values.role !== undefined || values.overlap !== undefined) return wrong("--role and --overlap go with token");
    const { runCollector } = await import("./collector-run.ts");
    return runCollector(values.config, world);
  }
  const known = ACTIONS.find((one) => one === action);
  if (first !== "token" || known === undefined)
    return wrong(`unknown words ${JSON.stringify(operands.slice(0, 2).join(" "))}: it is token add, rotate, revoke or list`);
  if ((known === "list") !== (name === undefined)) return wrong(known === "list" ? "token list takes no NAME" : `token ${known} needs a NAME`);
  if ((known === "add") !== (values.role !== undefined))
    return wrong(known === "add" ? "say what it may do: --role node or --role reader" : "--role goes with token add");
  if (known !== "rotate" && values.overlap !== undefined) return wrong("--overlap goes with token rotate");
  const { runToken } = await import("./collector-token.ts");
  return runToken({ action: known, name: name ?? "", role: values.role, overlap: values.overlap ?? DEFAULT_OVERLAP, config: values.config }, world);
}

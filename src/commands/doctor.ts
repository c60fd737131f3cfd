/** `meshprobe doctor`: what keeps the agent on this node from its work, and the mend of each. */
import type { Config } from "../config/config.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Trial } from "../sync/trial.ts";
import { VERSION } from "../version.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Command, CONFIG_OPTION, declare, type World } from "./command.ts";
import { doctorLabels, langOption, languageOf } from "./language-option.ts";

const DECLARATION = declare({
  name: "doctor",
  summary: "what is missing on this node, and how to mend it",
  description: [
    "Looks at the configuration and the modes of its files, the capability to send raw ICMP, the network namespace, the kernel's answers to pings, the receive buffer, mtr, the clock, the disk, each peer's answer, whether the collector takes deliveries, and the databases; one line each: ok, warn (it works, but the evidence is poorer, or something is not known) or FAIL, with the mend behind the arrow.",
    "Changes nothing. While an agent runs its stored answers are read, else each peer is sent one echo request and given 2 s; a collector is sent an empty delivery; that needs CAP_NET_RAW. Files and capability are judged for the user of the running agent or of the installed service, so run it as root.",
  ],
  options: {
    config: CONFIG_OPTION,
    format: { argument: "FORMAT", text: "text, or json: schema meshprobe.doctor/1", words: ["text", "json"], default: "text" },
    lang: langOption("findings and mends"),
    strict: { text: "a warning is a finding too: exit code 1" },
  },
  examples: [
    { command: "meshprobe doctor", text: "after an installation, before the first start" },
    { command: "meshprobe doctor --format json | jq -r '.findings[] | select(.level == \"fail\") | .mend'" },
  ],
  exitCodes: { 0: "no FAIL", 1: "at least one FAIL (with --strict: or warn)", 2: "wrong usage or configuration", 3: "runtime" },
});

export const doctorCommand: Command = { declaration: DECLARATION, run };

const SCHEMA = "meshprobe.doctor/1";

async function run(args: readonly string[], world: World): Promise<number> {
  const { values } = parseCommandLine(DECLARATION, args);
  const [{ findingLine, sumLine }, labels] = await Promise.all([import("../doctor/text.ts"), doctorLabels(languageOf(values, world.env))]);
  const findings: Finding[] = [];
  const { found, node, isUsable } = await look(values.config, world);
  for await (const finding of found) {
    if (world.signal.aborted) return 3;
    findings.push(finding);
    if (values.format === "text") world.stdout(`${findingLine(finding, labels)}\n`);
  }
  // The names of the checks are words that programs compare.
  const told = findings.map(({ text, mend, ...rest }) => ({ ...rest, text: labels.said(text), mend: mend === null ? null : labels.said(mend) }));
  const report = { schema: SCHEMA, generated_at: new Date(world.now()).toISOString(), node, findings: told };
  world.stdout(values.format === "text" ? `${sumLine(findings, labels)}\n` : `${JSON.stringify(report, null, 2)}\n`);
  if (!isUsable) return 2;
  return findings.some(({ level }) => level === "fail" || (values.strict && level === "warn")) ? 1 : 0;
}

interface Look {
  readonly found: AsyncGenerator<Finding>;
  /** Name of this node, as far as it is known. */
  readonly node: string;
  /** Whether the configuration can be used. */
  readonly isUsable: boolean;
}

/** A configuration that cannot be used is a finding too; the host is looked at all the same. */
async function look(file: string, world: World): Promise<Look> {
  const [{ loadConfig }, { loadMeshKeys }, { ConfigError }, { examine, examineHost }, { THIS_SYSTEM }] = await Promise.all([
    import("../config/load.ts"),
    import("../config/mesh-keys.ts"),
    import("../config/config-error.ts"),
    import("../doctor/doctor.ts"),
    import("../doctor/this-system.ts"),
  ]);
  try {
    const config = loadConfig(file, { hostName: world.hostName });
    // A key that this user cannot read is told with the modes of the files.
    if (config.mesh.keyFile !== null && THIS_SYSTEM.readFile(config.mesh.keyFile) !== null) loadMeshKeys(config.mesh.keyFile);
    const [{ storedHere }, { askPeers }] = await Promise.all([import("../doctor/stored.ts"), import("../doctor/ask-peers.ts")]);
    const askCollector = async ({ collector, node }: Pick<Config, "collector" | "node">): Promise<readonly Trial[]> =>
      collector === null ? [] : (await import("../sync/trial.ts")).tryCollector(collector, { name: node.name, version: VERSION });
    const ports = { system: THIS_SYSTEM, stored: storedHere(THIS_SYSTEM), nowMs: world.now, ask: askPeers, askCollector };
    return { found: examine(config, ports), node: config.node.name, isUsable: true };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { found: withConfigError(error.message, examineHost(THIS_SYSTEM)), node: world.hostName, isUsable: false };
  }
}

/** The message says what to do behind its first semicolon. */
async function* withConfigError(message: string, host: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  const { say, sayCheck } = await import("../doctor/phrases.ts");
  const at = message.indexOf("; ");
  const [text, mend] = at < 0 ? [message, say("correct")] : [message.slice(0, at), message.slice(at + 2)];
  yield { check: sayCheck("configuration"), level: "fail", text, mend };
  yield* host;
}

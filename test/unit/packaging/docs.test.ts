import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parseCollectorConfig } from "../../../src/collector/config/parse.ts";
import { type Declaration, declare } from "../../../src/commands/command.ts";
import { bashCompletion } from "../../../packaging/docs/bash-completion.ts";
import { collectorYaml } from "../../../packaging/docs/collector-yaml.ts";
import { peersYaml } from "../../../packaging/docs/peers-yaml.ts";
import { programPage } from "../../../packaging/docs/program-page.ts";
import { entry, escapeRoff, textLines } from "../../../packaging/docs/roff.ts";
import { documents, pageDate, writeDocuments } from "../../../packaging/docs.ts";

const SAMPLE: Declaration = declare({
  name: "sample",
  summary: "does a thing",
  description: [".so /etc/passwd is no macro here, nor is \\fBthis"],
  operands: { min: 1, max: 9, entries: [{ name: "FILE", text: "what is read" }], completes: "file" },
  options: {
    format: { argument: "FORMAT", text: "how", words: ["text", "json"], default: "text" },
    since: { argument: "TIME", text: "since when" },
    "data-dir": { argument: "DIR", text: "where", completes: "directory", short: "d" },
    full: { text: "all of it" },
  },
  examples: [{ command: "meshprobe sample --since '2h'" }],
  exitCodes: {},
});

test("config/peers.yaml and config/collector.yaml are what npm run docs makes of the documentation", () => {
  const shipped = (name: string): string => readFileSync(new URL(`../../../config/${name}`, import.meta.url), "utf8");
  assert.equal(shipped("peers.yaml"), peersYaml());
  assert.equal(shipped("collector.yaml"), collectorYaml());
  assert.deepEqual(parseCollectorConfig(collectorYaml(), "/c.yaml"), parseCollectorConfig("log: {}", "/c.yaml"), "its values are the defaults");
});

test("text stays text in roff: no character starts a command or stands for another", () => {
  assert.equal(escapeRoff("a-b \\n '~^`\""), "a\\-b \\en \\(aq\\(ti\\(ha\\(ga\\(dq");
  assert.deepEqual(textLines(".so x"), ["\\&.so x"]);
  assert.deepEqual(textLines("see --data-dir, and a-b"), ["see \\fB\\-\\-data\\-dir\\fR, and a\\-b"]);
  assert.deepEqual(entry("head", ["one", "two"]), [".TP", "head", "one", ".IP", "two"]);
  const long = textLines("word ".repeat(100));
  assert.ok(long.every((line) => line.length <= 78) && long.join(" ") === "word ".repeat(100).trim());
});

test("the page is dated by SOURCE_DATE_EPOCH, and the same twice", () => {
  assert.equal(pageDate({ SOURCE_DATE_EPOCH: "1700000000" }, 0), "2023-11-14");
  assert.equal(pageDate({}, Date.UTC(2026, 10, 21)), "2026-11-21");
  assert.deepEqual(documents("2026-11-21"), documents("2026-11-21"));
  assert.match(programPage([SAMPLE], "2026-11-21"), /^\.TH MESHPROBE 1 "2026-11-21" /);
});

test("the package has its man pages compressed, the same bytes twice", (t) => {
  const read = (): Buffer => {
    const dir = mkdtempSync(join(tmpdir(), "meshprobe-docs-"));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    writeDocuments(dir, { date: "2026-11-21", compress: true });
    assert.match(readFileSync(join(dir, "bash-completion/completions/meshprobe"), "utf8"), /complete -F/);
    return readFileSync(join(dir, "man/man5/meshprobe-peers.5.gz"));
  };
  const packed = read();
  assert.match(gunzipSync(packed).toString("utf8"), /^\.TH MESHPROBE\\-PEERS 5 "2026-11-21"/);
  assert.deepEqual(packed, read());
});

test("the synopsis sets what is typed bold and what stands for something else slanted", () => {
  const forms = programPage([{ ...SAMPLE, forms: ["FILE.tar.gz… -o OUT", "--peer NAME [OPTIONS]"] }], "2026-11-21");
  assert.ok(forms.includes("\\fBmeshprobe\\fR \\fBsample\\fR \\fIFILE.tar.gz\\fR… \\fB\\-o\\fR \\fIOUT\\fR\n.br\n"), forms);
  assert.ok(forms.includes("\\fB\\-\\-peer\\fR \\fINAME\\fR [\\fIOPTIONS\\fR]\n"), forms);
});

/** What bash would offer for the words typed so far; the last one is being typed. */
function offered(...words: readonly string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(" ");
  const script = `${bashCompletion([SAMPLE])}\nCOMP_WORDS=(${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _meshprobe; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-uc", script], { encoding: "utf8", cwd: new URL("../../../", import.meta.url) });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

test("bash offers commands, options, words and files, and nothing where anything may stand", () => {
  assert.deepEqual(offered("meshprobe", ""), ["--help", "--version", "help", "sample"]);
  assert.deepEqual(offered("meshprobe", "sa"), ["sample"]);
  assert.deepEqual(offered("meshprobe", "sample", "--f"), ["--format", "--full"]);
  assert.deepEqual(offered("meshprobe", "sample", "--"), ["--data-dir", "--format", "--full", "--help", "--since"]);
  assert.deepEqual(offered("meshprobe", "sample", "--format", ""), ["json", "text"]);
  assert.deepEqual(offered("meshprobe", "sample", "--format", "="), ["json", "text"]);
  assert.deepEqual(offered("meshprobe", "sample", "--format", "=", "j"), ["json"]);
  assert.deepEqual(offered("meshprobe", "sample", "--since", ""), []);
  assert.deepEqual(offered("meshprobe", "sample", "--data-dir", "packag"), ["packaging"]);
  assert.deepEqual(offered("meshprobe", "sample", "-d", "packag"), ["packaging"]);
  assert.deepEqual(offered("meshprobe", "sample", "packag"), ["package-lock.json", "package.json", "packaging"]);
  assert.deepEqual(offered("meshprobe", "help", ""), ["sample"]);
  assert.deepEqual(offered("meshprobe", "nonsense", "--"), []);
});

test("the shell offers the words that an operand may be", () => {
  const declaration = { ...SAMPLE, operands: { min: 0, max: 2, entries: [{ name: "token", text: "what" }], words: ["token", "add"] } };
  assert.match(bashCompletion([declaration]), /sample\) mapfile -t COMPREPLY < <\(compgen -W 'token add' -- "\$current"\)/);
});

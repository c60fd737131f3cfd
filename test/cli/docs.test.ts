/** The man pages as mandoc reads them: no complaint, and everything that the declarations say is on the page. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { optionUsage } from "../../src/commands/help.ts";
import { declare } from "../../src/commands/command.ts";
import { COMMANDS } from "../../src/commands/commands.ts";
import { COLLECTOR_ENTRIES } from "../../src/collector/config/documentation.ts";
import { DATA_DIR, PEER_KEYS, SECTIONS } from "../../src/config/documentation.ts";
import { type KeyText, keyParagraph } from "../../src/config/key-text.ts";
import { missingSystemPackages } from "../../packaging/system-packages.ts";
import { programPage } from "../../packaging/docs/program-page.ts";
import { documents } from "../../packaging/docs.ts";

const skip = missingSystemPackages(["mandoc"]).length === 0 ? false : "mandoc is not installed";
const pages = documents("2026-11-21");

function page(path: string): string {
  return pages.get(path) ?? assert.fail(path);
}

/** As read on a terminal, without its bold and underlining, one space between words. */
function rendered(path: string): string {
  const { stdout, status } = spawnSync("mandoc", ["-T", "utf8", "-O", "width=300"], { input: page(path), encoding: "utf8" });
  assert.equal(status, 0);
  return stdout.replace(/.\x08/g, "").replace(/\s+/g, " ");
}

for (const path of ["man/man1/meshprobe.1", "man/man5/meshprobe-peers.5", "man/man5/meshprobe-collector.5"]) {
  test(`mandoc finds nothing to say about ${path}`, { skip }, () => {
    const { stdout, stderr, status } = spawnSync("mandoc", ["-T", "lint"], { input: page(path), encoding: "utf8" });
    assert.deepEqual([stdout, stderr, status], ["", "", 0]);
  });
}

test("mandoc takes all that a declaration may hold", { skip }, () => {
  const everything = declare({
    name: "everything",
    summary: "has one of each",
    description: [".TH is no macro here", "'neither is this', nor \\(this, nor -that-"],
    forms: ["INCIDENT… -o FILE.tar.gz", "[PEER|--peer NAME]"],
    operands: { min: 0, max: 9, entries: [{ name: "INCIDENT", text: "id" }] },
    options: { output: { argument: "FILE", text: "where → there", short: "o" }, with: { argument: "FILE", text: ".w", many: true } },
    examples: [{ command: ".everything '~^`\\'", text: "odd" }],
    exitCodes: { 1: "'one'" },
  });
  const { stdout, status } = spawnSync("mandoc", ["-T", "lint"], { input: programPage([everything], "2026-11-21"), encoding: "utf8" });
  assert.deepEqual([stdout, status], ["", 0]);
});

test("meshprobe(1) has every command, option, example and exit code", { skip }, () => {
  const text = rendered("man/man1/meshprobe.1");
  for (const { declaration } of COMMANDS) {
    const { name, description, options, examples, exitCodes } = declaration;
    const wanted = [
      `meshprobe ${name}`,
      ...description,
      ...Object.entries(options).map(([option, value]) => `${optionUsage(option, value)} ${value.text}`),
      ...examples.map(({ command }) => command),
      ...Object.values(exitCodes),
    ];
    for (const words of wanted) assert.ok(text.includes(words), `${name}: ${words}`);
  }
});

const FILES: Readonly<Record<string, readonly KeyText[]>> = {
  "meshprobe-peers": [DATA_DIR, ...PEER_KEYS, ...SECTIONS.flatMap((section) => section.keys)],
  "meshprobe-collector": COLLECTOR_ENTRIES.flatMap((one) => ("section" in one ? one.keys : [one])),
};

for (const [name, keys] of Object.entries(FILES)) {
  test(`${name}(5) has every key with its text`, { skip }, () => {
    const text = rendered(`man/man5/${name}.5`);
    for (const key of keys) assert.ok(text.includes(`${key.key}: ${key.value} ${keyParagraph(key)}`), key.key);
  });
}

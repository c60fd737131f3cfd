/** README.zh.md says what README.md says: the same sections, the same commands, the same figures in the samples, the same links and names. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const ENGLISH = readFileSync(join(ROOT, "README.md"), "utf8");
const CHINESE = readFileSync(join(ROOT, "README.zh.md"), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocks(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = "", body = ""]) => ({ language, text: body }));
}

function prose(text: string): string {
  return text.replace(/^```\w*\n[^]*?^```$/gm, "");
}

/** Without the comments behind them. */
function commands(text: string): string[] {
  return blocks(text)
    .filter(({ language }) => language === "sh")
    .flatMap((block) => block.text.trimEnd().split("\n"))
    .map((line) => line.replace(/ +# .*$/, ""));
}

/** Each once: English spells small ones in sentences. */
function figures(text: string): string[] {
  return distinct(text, /([\w-]*\d[\w-]*(?:[.,:]\d+)*)/g);
}

function distinct(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, found = ""]) => found))].sort();
}

test("each links to the other at its top", () => {
  assert.match(ENGLISH, /^# meshprobe\n\n\[中文\]\(README\.zh\.md\)\n/);
  assert.match(CHINESE, /^# meshprobe\n\n\[English\]\(README\.md\)\n/);
});

test("the same headings, points and rows, level by level", () => {
  const shape = (text: string): string[] => prose(text).match(/^(?:#+(?= )|\* |\|(?=.*\|$))/gm) ?? [];
  assert.deepEqual(shape(CHINESE), shape(ENGLISH));
});

test("the same commands in the same order", () => {
  assert.ok(commands(ENGLISH).length >= 9);
  assert.deepEqual(commands(CHINESE), commands(ENGLISH));
});

test("samples of what is printed are as many, with the same figures", () => {
  const [english, chinese] = [blocks(ENGLISH), blocks(CHINESE)];
  assert.deepEqual(
    chinese.map(({ language }) => language),
    english.map(({ language }) => language),
  );
  english.forEach((block, index) => {
    if (block.language === "") assert.deepEqual(figures(chinese[index]?.text ?? ""), figures(block.text), block.text);
  });
});

test("the same links, and the same names of commands, files and keys", () => {
  const links = (text: string): string[] => distinct(text, /\]\(([^)]+)\)/g).filter((link) => !link.startsWith("README"));
  assert.deepEqual(links(CHINESE), links(ENGLISH));
  const names = (text: string): string[] => distinct(prose(text), /`([^`]+)`/g);
  assert.deepEqual(names(CHINESE), names(ENGLISH));
});

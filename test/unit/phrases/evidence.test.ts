/** Everything that is stored as an English sentence has its Chinese, and nothing is stored that the table does not hold. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mtrVerdict, type MtrEnd } from "../../../src/capture/mtr-outcome.ts";
import { stretchIntervals } from "../../../src/config/stretch.ts";
import { EVIDENCE_DICTIONARY, evidenceInChinese } from "../../../src/phrases/evidence-zh.ts";
import { inLanguage } from "../../../src/report/said-json.ts";
import { assertTranslates } from "./tables.ts";

/** Tools, keys of the configuration, and what Chinese desks write in Latin letters too. */
const LATIN = /\b(?:mtr|capture\.mtr|probe\.max_rate|peers)\b/g;
const SRC = join(import.meta.dirname, "../../../src");

test("every phrase is known again and Chinese, with the same values", () => {
  assertTranslates(EVIDENCE_DICTIONARY, LATIN);
});

test("the ends of mtr and the stretched intervals come out in Chinese", () => {
  const counts = { lines: 9, answers: 0, garbage: 2, cut: 1 } as const;
  const ends: MtrEnd[] = [
    { kind: "complete" },
    { kind: "missing", binary: "mtr" },
    { kind: "exit", exitCode: 1, message: null },
    { kind: "exit", exitCode: 1, message: "7: 8" },
    { kind: "hang", deadlineMs: 90_500 },
  ];
  assert.deepEqual(
    ends.map((end) => evidenceInChinese(mtrVerdict({ ...end, counts } as Parameters<typeof mtrVerdict>[0]).reason ?? "")),
    [
      "没有任何一跳应答，2 行无法解读，1 行被截断",
      "未安装 mtr",
      "mtr 退出，退出码 1",
      "mtr 退出，退出码 1：7: 8",
      "mtr 运行 90.5 秒仍未结束，被终止",
    ],
  );
  const peers = [10, 20, 30, 40].map((intervalMs) => ({ name: `p${intervalMs}`, host: "10.0.0.1", intervalMs, labels: {} }));
  const { note } = stretchIntervals(peers, 100);
  assert.equal(
    evidenceInChinese(note ?? ""),
    "4 个对端的探测间隔被拉长，10ms 改为 21ms，20ms 改为 42ms，30ms 改为 63ms，…：原间隔每秒需要 209 个探测包，而 probe.max_rate 只允许每秒 100 个",
  );
});

function sources(...folders: readonly string[]): { readonly file: string; readonly text: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !/labels(?:-zh)?\.ts$/.test(name))
      .map((name) => ({ file: `${folder}/${name}`, text: readFileSync(join(SRC, folder, name), "utf8") })),
  );
}

test("no reason, note or detail is written as a text of its own: it would have no Chinese", () => {
  const texts = sources("capture", "wire", "path", "agent", "control").flatMap(({ file, text }) =>
    [...text.matchAll(/(?:\b(?:reason|note|detail):|notes\.push\(|(?<!\.)\bskip\([^"`\n]*,|endAfters\(|\.note =) *["`].*/g)].map(
      ([found]) => `${file}: ${found}`,
    ),
  );
  assert.deepEqual(texts, []);
});

test("reasons that SQL writes are known", () => {
  const reasons = sources("store").flatMap(({ text }) => [...text.matchAll(/\breason = '([^']+ [^']+)'/g)].map(([, reason = ""]) => reason));
  assert.ok(reasons.length > 0);
  for (const reason of reasons) assert.notEqual(evidenceInChinese(reason), reason);
});

test("in JSON only sentences are put into the language; words that programs compare are not", () => {
  const value = {
    status: "skipped",
    reason: "agent stopped",
    notes: ["agent stopped", "other"],
    hops: [{ note: "no hop answered" }],
    kind: "agent stopped",
  };
  assert.deepEqual(JSON.parse(JSON.stringify(value, inLanguage(evidenceInChinese))), {
    status: "skipped",
    reason: "探测代理停止",
    notes: ["探测代理停止", "other"],
    hops: [{ note: "没有任何一跳应答" }],
    kind: "agent stopped",
  });
});

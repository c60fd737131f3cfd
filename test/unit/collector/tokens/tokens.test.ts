import assert from "node:assert/strict";
import crypto from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { newToken, TokenBook, tokenSum } from "../../../../src/collector/tokens/token-book.ts";
import { changeTokens, changeTokensInTurn, readTokens } from "../../../../src/collector/tokens/token-file.ts";
import {
  addToken,
  nameProblem,
  revokeTokens,
  rotateToken,
  TokenError,
  type TokenEntry,
  tokensFromText,
  tokensToText,
} from "../../../../src/collector/tokens/token-list.ts";
import { FakeLog } from "../../capture/fake-log.ts";
import { tempDir } from "../../store/temp-dir.ts";

const NOW = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;

function entry(name: string, token: string, more: Partial<TokenEntry> = {}): TokenEntry {
  return { name, role: "node", sha256: tokenSum(token), createdMs: NOW, endsMs: null, ...more };
}

test("a token has 32 random bytes as base64url, and only its sum is in the file, for its owner alone", (t) => {
  const file = join(tempDir(t), "tokens.json");
  const token = newToken();
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(Buffer.from(token, "base64url").length, 32);
  assert.notEqual(token, newToken());
  changeTokens(file, (list) => addToken(list, entry("sh-a1", token)));
  const text = readFileSync(file, "utf8");
  assert.ok(!text.includes(token) && text.includes(tokenSum(token)));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readTokens(file), [entry("sh-a1", token)]);
});

test("a name has one token; rotating gives it a second, and the old one ends after the overlap", () => {
  const one = addToken([], entry("sh-a1", "a"));
  assert.throws(() => addToken(one, entry("sh-a1", "b")), /already/);
  const both = rotateToken(one, { name: "sh-a1", sha256: tokenSum("b"), nowMs: NOW + HOUR, overlapMs: 24 * HOUR });
  const ends = (list: readonly TokenEntry[]): unknown[] => list.map(({ endsMs }) => endsMs);
  assert.deepEqual(ends(both), [NOW + 25 * HOUR, null]);
  const again = rotateToken(both, { name: "sh-a1", sha256: tokenSum("c"), nowMs: NOW + 2 * HOUR, overlapMs: 48 * HOUR });
  assert.deepEqual(ends(again), [NOW + 25 * HOUR, NOW + 50 * HOUR, null], "none lives longer than was said before");
  assert.deepEqual(ends(rotateToken(one, { name: "sh-a1", sha256: tokenSum("b"), nowMs: NOW + HOUR, overlapMs: 0 })), [null]);
  assert.deepEqual(revokeTokens(both, "sh-a1"), []);
  assert.throws(() => revokeTokens(one, "nobody"), /no token for "nobody"/);
  assert.throws(() => rotateToken([], { name: "x", sha256: "", nowMs: NOW, overlapMs: 0 }), /no token/);
});

test("a book knows whose a token is, during the overlap both, and no longer", (t) => {
  const file = join(tempDir(t), "tokens.json");
  let nowMs = NOW;
  const book = new TokenBook({ file, log: new FakeLog(), nowMs: () => nowMs });
  book.open();
  assert.equal(book.holderOf("a"), null);
  changeTokens(file, (list) => addToken(list, entry("sh-a1", "a")));
  assert.equal(book.holderOf("a"), null, "not looked at within a second");
  nowMs += 1_000;
  assert.deepEqual(book.holderOf("a"), { name: "sh-a1", role: "node" });
  changeTokens(file, (list) => rotateToken(list, { name: "sh-a1", sha256: tokenSum("b"), nowMs, overlapMs: HOUR }));
  nowMs += HOUR - 1;
  assert.deepEqual([book.holderOf("a")?.name, book.holderOf("b")?.name], ["sh-a1", "sh-a1"]);
  nowMs += 1;
  assert.deepEqual([book.holderOf("a"), book.holderOf("b")?.name], [null, "sh-a1"]);
  for (const near of ["", "B", "b ", "bb", "b".repeat(200)]) assert.equal(book.holderOf(near), null);
});

test("a token that was added a moment ago is known when it is used", (t) => {
  const file = join(tempDir(t), "tokens.json");
  let nowMs = NOW;
  const book = new TokenBook({ file, log: new FakeLog(), nowMs: () => nowMs });
  changeTokens(file, (list) => addToken(list, entry("sh-a1", "a")));
  book.open();
  nowMs += 2_000;
  assert.equal(book.holderOf("a")?.name, "sh-a1");
  nowMs += 50;
  changeTokens(file, (list) => addToken(list, entry("ops", "b")));
  assert.equal(book.holderOf("b")?.name, "ops");
});

test("what is presented is compared in constant time, also where nothing is found", (t) => {
  const file = join(tempDir(t), "tokens.json");
  changeTokens(file, (list) => addToken(list, entry("sh-a1", "a")));
  const compared: number[] = [];
  const equal = crypto.timingSafeEqual;
  t.after(syncBuiltinESMExports);
  t.mock.method(crypto, "timingSafeEqual", (a: Uint8Array, b: Uint8Array) => {
    compared.push(a.length);
    return equal(a, b);
  });
  syncBuiltinESMExports();
  const book = new TokenBook({ file, log: new FakeLog(), nowMs: () => NOW });
  book.open();
  assert.ok(book.holderOf("a") !== null && book.holderOf("b") === null);
  assert.deepEqual(compared, [32, 32]);
});

test("a file that cannot be used leaves the last good list in force, and is an error at the start", (t) => {
  const file = join(tempDir(t), "tokens.json");
  let nowMs = NOW;
  const log = new FakeLog();
  const book = new TokenBook({ file, log, nowMs: () => nowMs });
  changeTokens(file, (list) => addToken(list, entry("sh-a1", "a")));
  book.open();
  writeFileSync(file, readFileSync(file, "utf8").slice(0, 50));
  for (let looks = 0; looks < 2; looks++) {
    nowMs += 1_000;
    assert.equal(book.holderOf("a")?.name, "sh-a1");
  }
  assert.deepEqual(log.said, ["warn tokens_file cannot be used; the tokens of before stay valid"]);
  assert.throws(() => new TokenBook({ file, log, nowMs: () => nowMs }).open(), /Cannot read .*tokens.json: it is not JSON/);
});

test("what is not whole is refused: half a list would lock nodes out", () => {
  const good = tokensToText([entry("sh-a1", "a", { endsMs: NOW })]);
  assert.deepEqual(tokensFromText(good), [entry("sh-a1", "a", { endsMs: NOW })]);
  const mistakes = [
    ["tokens/1", "tokens/2"],
    ["node", "root"],
    ["sha256", "sha1"],
    ["2026-", "later "],
    ["sh-a1", ""],
    ["sh-a1", "a\\u0000"],
  ] as const;
  for (const [from, to] of mistakes) assert.throws(() => tokensFromText(good.replaceAll(from, to)), TokenError, to);
  for (const text of ["", "null", "[]", '{"format":"meshprobe.tokens/1","tokens":{}}', '{"format":"meshprobe.tokens/1","tokens":[null]}'])
    assert.throws(() => tokensFromText(text), TokenError);
  assert.equal(nameProblem("sh-a1"), null);
  for (const name of ["", " a", "a\n", "a\u202e", "\ud800", "a".repeat(254)]) assert.notEqual(nameProblem(name), null, name);
});

test("a change that fails leaves the file as it was, and two at once are kept apart", (t) => {
  const dir = tempDir(t);
  const file = join(dir, "tokens.json");
  changeTokens(file, (list) => addToken(list, entry("sh-a1", "a")));
  const before = readFileSync(file, "utf8");
  assert.throws(() => changeTokens(file, () => assert.fail("stop")), /^TokenError: Cannot write /);
  assert.throws(() => changeTokens(file, (list) => addToken(list, entry("sh-a1", "b"))), /^TokenError: there is a token for "sh-a1" already; /);
  assert.equal(readFileSync(file, "utf8"), before);
  assert.deepEqual(readdirSync(dir), ["tokens.json"], "nothing is left behind");
  changeTokens(file, (list) => {
    assert.throws(() => changeTokens(file, (inner) => inner), /somebody else is changing it/);
    return list;
  });
  writeFileSync(`${file}.new`, "killed while writing");
  assert.throws(() => changeTokens(file, (list) => list), /somebody else/);
  utimesSync(`${file}.new`, 0, 0);
  changeTokens(file, (list) => list);
  assert.equal(existsSync(`${file}.new`), false);
  assert.equal(readFileSync(file, "utf8"), before);
  chmodSync(file, 0o644);
  changeTokens(file, (list) => list);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a change that comes during another one waits for it", async (t) => {
  const file = join(tempDir(t), "tokens.json");
  writeFileSync(`${file}.new`, "somebody's change");
  const waiting = changeTokensInTurn(file, (list) => addToken(list, entry("sh-a1", "a")));
  assert.equal(existsSync(file), false);
  rmSync(`${file}.new`);
  await waiting;
  assert.deepEqual(readTokens(file), [entry("sh-a1", "a")]);
  await assert.rejects(
    changeTokensInTurn(file, (list) => addToken(list, entry("sh-a1", "b"))),
    /already/,
    "what is wrong with the change itself is said at once",
  );
});

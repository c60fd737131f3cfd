import assert from "node:assert/strict";
import { test } from "node:test";
import { changeTokens } from "../../../../src/collector/tokens/token-file.ts";
import { revokeTokens } from "../../../../src/collector/tokens/token-list.ts";
import { call, codeOf, postSync, startCollector } from "../running-collector.ts";
import { smallRequest } from "../sample-records.ts";

const READS = [
  "/api/v1/incidents",
  "/api/v1/incidents/x",
  "/api/v1/incidents/x/records",
  "/api/v1/events",
  "/api/v1/nodes",
  "/api/v1/matrix",
  "/api/v1/report",
];

test("who may do what: a node writes as itself, a reader reads, nobody else does anything", async (t) => {
  const { port, tokens, store } = await startCollector(t);
  const own = smallRequest("sh-a1");
  const table: readonly (readonly [token: string | null, body: unknown, status: number, code: string | null])[] = [
    [null, own, 401, "unauthorised"],
    ["", own, 401, "unauthorised"],
    [`${tokens.node}x`, own, 401, "unauthorised"],
    [tokens.node.slice(1), own, 401, "unauthorised"],
    [tokens.reader, own, 403, "forbidden"],
    [tokens.other, own, 403, "foreign-node"],
    [tokens.node, own, 200, null],
    [tokens.other, smallRequest("bj-b1", [], "db of sh-a1"), 403, "foreign-file"],
    [tokens.other, smallRequest("bj-b1"), 200, null],
  ];
  for (const [token, body, status, code] of table) {
    const reply = await postSync(port, token, body);
    assert.equal(reply.status, status, reply.text);
    if (code !== null) assert.equal(codeOf(reply), code);
    assert.equal(reply.headers["www-authenticate"]?.startsWith('Bearer realm="meshprobe"') ?? false, status === 401);
  }
  assert.deepEqual(
    store.all().map(({ node }) => node),
    ["sh-a1", "bj-b1"],
  );
  for (const path of READS) {
    assert.equal((await call(port, path)).status, 401, path);
    assert.equal((await call(port, path, { token: tokens.node })).status, 403, path);
    assert.match(String((await call(port, path, { token: tokens.reader })).status), /^(200|404)$/, path);
  }
});

test("another kind of Authorization is told from a token that is not valid", async (t) => {
  const { port, tokens } = await startCollector(t);
  const said = async (authorization: string): Promise<string> => (await call(port, "/api/v1/nodes", { headers: { authorization } })).text;
  assert.match(await said(`Basic ${tokens.reader}`), /there is no Authorization: Bearer"/);
  assert.match(await said(tokens.reader), /there is no Authorization: Bearer"/);
  assert.match(await said(`Bearer ${tokens.reader}x`), /the token is not valid"/);
  assert.match(await said("Bearer"), /the token is not valid"/);
});

test("who asks is known before the body is read", async (t) => {
  const { port, tokens } = await startCollector(t);
  const headers = { "content-length": "500000", "content-type": "application/json" };
  const nobody = await call(port, "/api/v1/sync", { method: "POST", headers, body: "" });
  assert.equal(nobody.status, 401, "although not a byte of the body was sent");
  assert.equal(nobody.headers.connection, "close");
  assert.equal((await call(port, "/api/v1/sync", { method: "POST", headers, body: "", token: tokens.reader })).status, 403);
});

test("the scheme is Bearer in any case, and nothing else; two headers are none", async (t) => {
  const { port, tokens } = await startCollector(t);
  const status = async (authorization: string | string[]): Promise<number> =>
    (await call(port, "/api/v1/nodes", { headers: { authorization } })).status;
  assert.equal(await status(`bearer ${tokens.reader}`), 200);
  assert.equal(await status(`BEARER   ${tokens.reader}`), 200);
  for (const wrong of [
    tokens.reader,
    `Basic ${tokens.reader}`,
    `Bearer ${tokens.reader} x`,
    `Bearer,${tokens.reader}`,
    `Bearer ${"a".repeat(8_000)}`,
  ])
    assert.equal(await status(wrong), 401, wrong.slice(0, 20));
  assert.equal(await status([`Bearer ${tokens.reader}`, `Bearer ${tokens.reader}`]), 401);
});

test("metrics are for this machine and for readers, not for what came through a proxy; health is everybody's", async (t) => {
  const { port, tokens } = await startCollector(t);
  assert.equal((await call(port, "/metrics")).status, 200);
  assert.equal((await call(port, "/metrics", { headers: { "x-forwarded-for": "192.0.2.1" } })).status, 401);
  assert.equal((await call(port, "/metrics", { headers: { "x-forwarded-for": "192.0.2.1" }, token: tokens.reader })).status, 200);
  assert.equal((await call(port, "/metrics", { token: tokens.node })).status, 403);
  assert.equal((await call(port, "/healthz")).status, 200);
  assert.equal((await call(port, "/readyz")).status, 200);
});

test("a revoked token is refused within a second, by a collector that runs on", async (t) => {
  let nowMs = Date.now();
  const { port, tokens, tokensFile } = await startCollector(t, { nowMs: () => nowMs });
  assert.equal((await postSync(port, tokens.node, smallRequest("sh-a1"))).status, 200);
  changeTokens(tokensFile, (list) => revokeTokens(list, "sh-a1"));
  nowMs += 1_000;
  assert.equal((await postSync(port, tokens.node, smallRequest("sh-a1"))).status, 401);
  assert.equal((await postSync(port, tokens.other, smallRequest("bj-b1"))).status, 200);
});

test("neither the log nor an answer nor the metrics ever hold a token or a piece of a body", async (t) => {
  const { port, tokens, log } = await startCollector(t);
  const secret = "body-secret-7c1f";
  const replies = [
    await postSync(port, tokens.node, { api: 1, node: secret }),
    await postSync(port, tokens.node, { ...smallRequest("sh-a1"), sent_at: secret }),
    await postSync(port, tokens.other, smallRequest("sh-a1", [], secret)),
    await call(port, "/api/v1/sync", { method: "POST", token: tokens.node, body: `{"${secret}` }),
    await postSync(port, `${tokens.node}${secret}`, {}),
    await call(port, "/metrics"),
  ];
  const said = [...log.said, ...replies.map(({ text }) => text)].join("\n");
  assert.match(said, /refused/);
  for (const word of [secret, tokens.node, tokens.other]) assert.ok(!said.includes(word), said);
});

/** What becomes of the queue with each kind of answer, and what is said about it. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Exchanged } from "../../../src/sync/exchange.ts";
import { tempDir } from "../store/temp-dir.ts";
import type { FakeExchange } from "./fake-exchange.ts";
import { bench, type Bench } from "./sync-bench.ts";

const URL_OF = "https://c.example";
const SECRET = "s3cret-token-0123456789";

/** Answers requests of lane 1 by the rule, and all others well. */
const forEvidence =
  (rule: (exchange: FakeExchange, ids: readonly string[]) => Exchanged) =>
  ({ exchange }: Bench): FakeExchange["rule"] =>
  ({ body }) => {
    const ids = body.files.flatMap(({ lanes }) => lanes.flatMap(({ records }) => records.map(({ id }) => id)));
    return ids.length === 0 || body.files[0]?.lanes[0]?.lane === 0 ? exchange.kept(body) : rule(exchange, ids);
  };

for (const [status, words] of [
  [401, "it wants a token: set collector.token_file (401)"],
  [403, "the token is not this node's (403: another node)"],
  [404, "there is no collector at this address (404)"],
  [500, "it answers 500: another node"],
  [503, "it is not ready (503: another node)"],
] as const)
  test(`${status} is named in the status and said once in the log`, async (t) => {
    const text = JSON.stringify({ error: { code: "x", message: "another node" } });
    const { clock, sync, log } = await bench(t, {
      fill: (outbox) => outbox.add(0, "i1"),
      rule:
        ({ exchange }) =>
        () =>
          exchange.answered(status, text),
    });
    await clock.advance(60_000);
    const { last_error: error, reachable, last_success_at: success } = sync.status();
    assert.deepEqual([error?.text, error?.over, reachable, success], [`${URL_OF}: ${words}`, false, true, null]);
    assert.deepEqual(log.said, [`warn cannot deliver to the collector: ${URL_OF}: ${words}`]);
  });

test("a redirect is refused, and where to is said without what may be secret in it", async (t) => {
  const { clock, sync } = await bench(t, {
    rule:
      ({ exchange }) =>
      () =>
        exchange.answered(308, "", { location: "https://user:pw@other.example:444/x?key=1" }),
  });
  await clock.advance(1_000);
  assert.equal(
    sync.status().last_error?.text,
    `${URL_OF}: it redirects to https://other.example:444 (308); redirects are not followed, set collector.url`,
  );
});

for (const [name, text] of [
  ["a page", "<html>welcome</html>"],
  ["nothing", ""],
  ["another version", '{"api":2,"acks":[],"rejected":[],"received_at":"2026-01-01T00:00:00Z","answered_at":"2026-01-01T00:00:00Z"}'],
  ["acks that are none", '{"api":1,"acks":7,"rejected":[],"received_at":"2026-01-01T00:00:00Z","answered_at":"2026-01-01T00:00:00Z"}'],
  ["a time that is none", '{"api":1,"acks":[],"rejected":[],"received_at":"now","answered_at":"2026-01-01T00:00:00Z"}'],
] as const)
  test(`200 with ${name} is no answer: nothing leaves the queue`, async (t) => {
    const { clock, sync, outbox } = await bench(t, {
      fill: (queue) => queue.add(0, "i1"),
      rule:
        ({ exchange }) =>
        () =>
          exchange.answered(200, text),
    });
    await clock.advance(1_000);
    assert.match(sync.status().last_error?.text ?? "", /no collector of this version/);
    assert.deepEqual(outbox.outcomes, []);
  });

test("acknowledgements of what was not asked about are ignored, and one that is missing is an error", async (t) => {
  const { clock, sync, outbox } = await bench(t, {
    fill: (queue) => queue.add(0, "i1"),
    rule:
      ({ exchange }) =>
      ({ body }) =>
        exchange.kept(body, { acks: [{ db: "other", lane: 0, seq: 1 }] }),
  });
  await clock.advance(1_000);
  assert.deepEqual(outbox.outcomes, []);
  assert.match(sync.status().last_error?.text ?? "", /does not say how far it is/);
});

test("a collector that keeps nothing is not asked without pause", async (t) => {
  const { clock, exchange, sync } = await bench(t, {
    fill: (queue) => queue.add(1, "e1"),
    rule:
      ({ exchange }) =>
      ({ body }) =>
        exchange.kept(body, { acks: body.files.flatMap(({ db, lanes }) => lanes.map(({ lane }) => ({ db, lane, seq: 0 }))) }),
  });
  await clock.advance(10_000);
  assert.match(sync.status().last_error?.text ?? "", /keeps nothing of what is sent/);
  assert.ok(exchange.requests.length < 15, `${exchange.requests.length} requests in 10 s`);
});

test("a poisoned record is set aside, named, and holds nothing up", async (t) => {
  const { clock, sync, outbox, log } = await bench(t, {
    fill: (queue) => ["e1", "e2", "e3"].forEach((id) => queue.add(1, id)),
    rule:
      ({ exchange }) =>
      ({ body }) => {
        const bad = body.files[0]?.lanes[0]?.records.some(({ id }) => id === "e2") === true;
        return bad
          ? exchange.kept(body, { acks: [{ db: "db1", lane: 1, seq: 1 }], rejected: [{ db: "db1", lane: 1, seq: 2, code: "malformed" }] })
          : exchange.kept(body);
      },
  });
  await clock.advance(5_000);
  assert.equal(outbox.next(1, 1_000), null);
  const { refused, last_error: error } = sync.status();
  assert.deepEqual([refused.count, refused.records[0]?.id, refused.records[0]?.code, error], [1, "e2", "malformed", null]);
  assert.equal(log.said.filter((line) => line.startsWith("warn the collector refuses a record")).length, 1);
});

test("a rejection of what was not sent refuses nothing", async (t) => {
  const { clock, outbox } = await bench(t, {
    fill: (queue) => queue.add(1, "e1"),
    rule:
      ({ exchange }) =>
      ({ body }) =>
        exchange.kept(body, {
          rejected: [
            { db: "db1", lane: 1, seq: 7, code: "malformed" },
            { db: "x", lane: 1, seq: 1, code: "malformed" },
          ],
        }),
  });
  await clock.advance(5_000);
  assert.equal(outbox.refused(9).count, 0);
});

test("413 halves what is sent until it fits, without setting anything aside", async (t) => {
  const sizes: number[] = [];
  const { clock, outbox } = await bench(t, {
    fill: (queue) => Array.from({ length: 40 }, (_, at) => queue.add(1, `e${at}`)),
    rule: (on) => {
      const rule = forEvidence((exchange, ids) => {
        sizes.push(ids.length);
        return exchange.answered(413);
      })(on);
      return (request) => ((request.body.files[0]?.lanes[0]?.records.length ?? 0) > 10 ? rule(request) : on.exchange.kept(request.body));
    },
  });
  await clock.advance(20_000);
  assert.equal(outbox.next(1, 1_000), null);
  assert.equal(outbox.refused(9).count, 0);
  assert.deepEqual(sizes, [40, 20]);
});

for (const lane of [0, 1] as const)
  test(`one record that is too large alone is set aside, the others of lane ${lane} arrive`, async (t) => {
    const { clock, outbox, sync, log } = await bench(t, {
      fill: (queue) => ["a", "b", "big", "c"].forEach((id) => queue.add(lane, id)),
      rule:
        ({ exchange }) =>
        ({ body }) =>
          body.files[0]?.lanes[0]?.records.some(({ id }) => id === "big") === true ? exchange.answered(413) : exchange.kept(body),
    });
    await clock.advance(20_000);
    assert.equal(outbox.next(lane, 1_000), null);
    assert.deepEqual(
      outbox.refused(9).records.map(({ id, code }) => [id, code]),
      [["big", "too-large"]],
    );
    assert.equal(sync.status().refused.count, 1);
    assert.equal(log.said.filter((line) => line.startsWith("warn the collector refuses a record")).length, 1);
  });

test("Retry-After overrides every pace, in every lane, until its time", async (t) => {
  const { clock, exchange, sync } = await bench(t, {
    fill: (queue) => [0, 1].forEach((lane) => queue.add(lane as 0 | 1, "x")),
    rule:
      ({ exchange }) =>
      () =>
        exchange.answered(503, "", { retryAfter: "45" }),
  });
  const first = exchange.requests.length;
  await clock.advance(44_000);
  assert.equal(exchange.requests.length, first);
  assert.match(sync.status().paused ?? "", /asks to be left alone until 2026-11-21T04:12:45/);
  await clock.advance(2_000);
  assert.ok(exchange.requests.length > first);
});

test("a collector that is too busy for bulk gets the heads all the same", async (t) => {
  const { clock, outbox, sync, write, of } = await bench(t, {
    fill: (queue) => queue.add(1, "x"),
    rule: forEvidence((exchange) => exchange.answered(503, "", { retryAfter: "45" })),
  });
  await clock.advance(1_000);
  write(0, "i1");
  await clock.advance(3_000);
  assert.equal(outbox.backlog(0).records, 0);
  assert.match(sync.status().paused ?? "", /the collector is busy: all but heads waits until 2026-11-21T04:12:45/);
  const asked = of(1).length;
  await clock.advance(40_000);
  assert.equal(of(1).length, asked);
  await clock.advance(2_000);
  assert.ok(of(1).length > asked);
});

test("of several addresses the next is asked when one fails, and it stays with the one that works", async (t) => {
  const { clock, exchange, sync } = await bench(t, {
    urls: ["https://a.example", "https://b.example/mesh/"],
    fill: (queue) => queue.add(0, "i1"),
    rule:
      ({ exchange }) =>
      ({ url, body }) =>
        url.startsWith("https://a") ? { kind: "failed", why: "connect", text: "refused" } : exchange.kept(body),
  });
  await clock.advance(200_000);
  const urls = exchange.requests.map(({ url }) => url);
  assert.equal(urls[0], "https://a.example/api/v1/sync");
  assert.deepEqual(new Set(urls.slice(2)), new Set(["https://b.example/mesh/api/v1/sync"]));
  const { url, last_error: error } = sync.status();
  assert.deepEqual([url, error?.over, error?.text], ["https://b.example/mesh/", true, "https://a.example: refused"]);
});

test("Retry-After is the pause, however often it comes: nothing grows meanwhile", async (t) => {
  const { clock, of } = await bench(t, {
    fill: (queue) => queue.add(1, "x"),
    rule: forEvidence((exchange) => exchange.answered(503, "", { retryAfter: "5" })),
    random: () => 0.999,
  });
  await clock.advance(1_000);
  const before = of(1).length;
  await clock.advance(100_000);
  assert.equal(of(1).length - before, 20);
});

test("while bulk is told to come later, heads stay with the address that takes them: the next one may be dead", async (t) => {
  const { clock, sync, write, of } = await bench(t, {
    urls: ["https://a.example", "https://b.example"],
    fill: (queue) => queue.add(1, "x"),
    rule: (all) => {
      const busy = forEvidence((exchange) => exchange.answered(503, "", { retryAfter: "5" }))(all);
      return (request) => (request.url.startsWith("https://b") ? { kind: "failed", why: "connect", text: "refused" } : busy(request));
    },
  });
  for (let head = 0; head < 30; head++) {
    await clock.advance(2_000);
    write(0, `i${head}`);
  }
  await clock.advance(2_000);
  const placesOf = (lane: number): Set<string> => new Set(of(lane).map(({ url }) => new URL(url).host));
  assert.deepEqual([...placesOf(1)], ["a.example", "b.example"]);
  assert.deepEqual([[...placesOf(0)], sync.status().url], [["a.example"], "https://a.example"]);
});

test("a collector that knows more than this database, or has lost something, is said", async (t) => {
  const { clock, log, outbox, exchange, write } = await bench(t);
  await clock.advance(1_000);
  exchange.rule = ({ body }) =>
    exchange.kept(body, { acks: body.files.flatMap(({ db, lanes }) => lanes.map(({ lane }) => ({ db, lane, seq: 99 }))) });
  write(0, "i1");
  await clock.advance(100);
  assert.notEqual(outbox.db, "db1");
  assert.match(log.said.join("\n"), /warn the collector knows more of this database than it holds: it is an old copy/);
});

test("the token goes with each request, is read again when it changes, and stands in no log and no status", async (t) => {
  const tokenFile = join(tempDir(t), "token");
  writeFileSync(tokenFile, `${SECRET}\n`, { mode: 0o600 });
  const { clock, exchange, sync, log, write } = await bench(t, {
    tokenFile,
    rule:
      ({ exchange }) =>
      () =>
        exchange.answered(401, JSON.stringify({ error: { code: "x", message: `unknown token ${SECRET}` } })),
  });
  assert.equal(exchange.requests[0]?.headers["authorization"], `Bearer ${SECRET}`);
  await clock.advance(1_000);
  assert.equal(sync.status().last_error?.text, `${URL_OF}: it does not know our token (401: unknown token …)`);
  writeFileSync(tokenFile, "another-token\n");
  exchange.rule = ({ body }) => exchange.kept(body);
  const before = exchange.connections;
  write(0, "i1");
  await clock.advance(3_000);
  assert.equal(exchange.requests.at(-1)?.headers["authorization"], "Bearer another-token");
  assert.ok(exchange.connections > before, "not over a connection of the old one");
  assert.equal(JSON.stringify([log.said, sync.status()]).includes(SECRET), false);
});

test("a token that others may read is not used: nothing is sent, the status says what to do, and its mend is noticed", async (t) => {
  const tokenFile = join(tempDir(t), "token");
  writeFileSync(tokenFile, SECRET, { mode: 0o644 });
  const { clock, exchange, sync, write } = await bench(t, { tokenFile });
  write(0, "i1");
  await clock.advance(10_000);
  assert.equal(exchange.requests.length, 0);
  assert.match(sync.status().last_error?.text ?? "", /token may be used by other users \(mode 0644\) and is not used; chmod o= /);
  chmodSync(tokenFile, 0o600);
  await clock.advance(3_100);
  assert.equal(exchange.requests.length > 0, true);
});

test("a full disk under the queue ends nothing: it is said, heads are tried again in seconds, the rest later, and all of it goes once there is room", async (t) => {
  const { clock, outbox, write, of, sync, log, exchange } = await bench(t);
  await clock.advance(10_000);
  outbox.trouble = new Error("Cannot write /var/lib/meshprobe/evidence.db: the disk is full");
  write(0, "i1");
  write(1, "c1");
  await clock.advance(70_000);
  const { last_error: error, reachable } = sync.status();
  assert.match(error?.text ?? "", /^what waits on this node cannot be read or written now: Cannot write .*: the disk is full$/);
  assert.deepEqual([error?.over, reachable], [false, true]);
  const said = log.said.filter((line) => line.includes("the disk is full"));
  assert.deepEqual(said.length, new Set(said).size, "each once");
  const before = of(0).length;
  outbox.trouble = null;
  await clock.advance(3_000);
  assert.equal(of(0).length, before + 1);
  await clock.advance(300_000);
  assert.deepEqual([outbox.next(0, 1000), outbox.next(1, 1000), sync.status().last_error?.over], [null, null, true]);
  write(0, "i2");
  exchange.rule = ({ body }) => {
    outbox.trouble = new Error("the disk is full");
    return exchange.kept(body);
  };
  await clock.advance(1_000);
  outbox.trouble = null;
  exchange.rule = ({ body }) => exchange.kept(body);
  await clock.advance(4_000);
  assert.equal(outbox.next(0, 1000), null, "an answer that could not be written down is asked for again");
});

/** config/openapi.yaml against a running collector: the same paths, and every answer as it is described there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { createEndpoints, readingEndpoints } from "../../../../src/collector/api/endpoints.ts";
import { Tally } from "../../../../src/collector/http/tally.ts";
import { createReports } from "../../../../src/collector/reports/reports.ts";
import { FakeLog } from "../../capture/fake-log.ts";
import { MemoryStore } from "../memory-store.ts";
import { call, type Call, type Reply, type RunningCollector, startCollector } from "../running-collector.ts";
import { fullRequest, gzipped, HEAD, START_MS } from "../sample-records.ts";

interface Answer {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: object }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string; readonly in?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

const document = parse(readFileSync(new URL("../../../../config/openapi.yaml", import.meta.url), "utf8")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
ajv.addVocabulary(["openapi", "info", "paths", "components", "security"]);
ajv.addSchema({ $id: "file", ...document });

function pointed(reference: string): unknown {
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
}

function validator(schema: object): ValidateFunction {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"file#/')) as object);
}

/** The path as it is described, and the operation. */
function described(method: string, path: string): { readonly name: string; readonly operation: Operation } {
  const [bare = ""] = path.split("?");
  const exact =
    Object.keys(document.paths).find((name) => new RegExp(`^${name.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(bare)) ??
    assert.fail(`${path} is not described`);
  return { name: exact, operation: document.paths[exact]?.[method.toLowerCase()] ?? assert.fail(`${method} ${path} is not described`) };
}

function requireDescribed(reply: Reply, operation: Operation, where: string): void {
  const found = operation.responses[String(reply.status)] ?? assert.fail(`${where}: ${reply.status} is not described: ${reply.text}`);
  const answer = found.$ref === undefined ? found : (pointed(found.$ref) as Answer);
  const type = String(reply.headers["content-type"]).split(";")[0] ?? "";
  const { schema } = answer.content?.[type] ?? assert.fail(`${where}: ${type} is not described`);
  const validate = validator(schema);
  const value: unknown = type === "application/json" ? JSON.parse(reply.text) : reply.text;
  assert.ok(validate(value), `${where}: ${ajv.errorsText(validate.errors)} in ${reply.text.slice(0, 2_000)}`);
  for (const [name, header] of Object.entries(answer.headers ?? {}))
    assert.ok(validator(header.schema)(reply.headers[name.toLowerCase()]), `${where}: ${name}`);
}

/** What is asked of each path, with a collector that has something, and one whose store is away. */
function calls({ tokens }: RunningCollector): readonly (readonly [path: string, call: Call, status: number])[] {
  const reader = { token: tokens.reader };
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, token: string | null = tokens.node): Call => ({
    method: "POST",
    token,
    body,
    headers,
  });
  const gzip = { "content-encoding": "gzip" };
  const sync = "/api/v1/sync";
  return [
    [sync, post(gzipped(fullRequest()), gzip), 200],
    [
      sync,
      post(
        JSON.stringify({
          ...fullRequest(),
          files: [{ db: "db of sh-a1", lanes: [{ lane: 0, records: [{ seq: 9, type: "?", id: "x", version: 1, data: 0 }], tombstones: [] }] }],
        }),
      ),
      200,
    ],
    [sync, post("{}"), 400],
    [sync, post("{}", {}, null), 401],
    [sync, post("{}", {}, tokens.reader), 403],
    [sync, post(gzipped(fullRequest()), gzip, tokens.other), 403],
    [sync, post(Buffer.alloc(600_000, 0x20)), 413],
    [sync, post("{}", { "content-encoding": "br" }), 415],
    ...[
      "/api/v1/incidents",
      "/api/v1/events",
      "/api/v1/report",
      "/api/v1/nodes",
      "/api/v1/matrix",
      "/api/v1/incidents/nothing",
      "/api/v1/incidents/nothing/records",
    ].flatMap((path) => [[path, {}, 401] as const, [path, { token: tokens.node }, 403] as const, [`${path}?what=ever`, reader, 400] as const]),
    ["/api/v1/incidents?since=2026-11-20", reader, 200],
    ["/api/v1/incidents?scope=path&since=2026-11-20&limit=1", reader, 200],
    [`/api/v1/incidents/${HEAD.id}`, reader, 200],
    [`/api/v1/incidents/${HEAD.id}/records`, reader, 200],
    ["/api/v1/incidents/nothing", reader, 404],
    ["/api/v1/incidents/nothing/records", reader, 404],
    ["/api/v1/events?since=2026-11-20", reader, 200],
    ["/api/v1/nodes", reader, 200],
    [`/api/v1/matrix?at=${new Date(START_MS).toISOString()}`, reader, 200],
    ["/api/v1/report?since=2026-11-20&node=sh-a1", reader, 200],
    ["/healthz", {}, 200],
    ["/readyz", {}, 200],
    ["/metrics", {}, 200],
    ["/metrics", { headers: { via: "1.1 x" } }, 401],
    ["/metrics", { token: tokens.node }, 403],
  ];
}

test("every answer of every path is as it is described, errors too", async (t) => {
  const running = await startCollector(t, { nowMs: () => START_MS + 120_000 });
  const seen = new Set<string>();
  for (const [path, asked, status] of calls(running)) {
    const method = asked.method ?? "GET";
    const { name, operation } = described(method, path);
    const reply = await call(running.port, path, asked);
    assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
    requireDescribed(reply, operation, `${method} ${path}`);
    seen.add(`${method} ${name} ${status}`);
  }
  running.store.isAway = true;
  for (const [path, asked, status] of calls(running)) {
    if (status !== 200 || path === "/healthz" || path === "/metrics" || path === "/readyz") continue;
    const { name, operation } = described(asked.method ?? "GET", path);
    const reply = await call(running.port, path, asked);
    assert.equal(reply.status, 503, path);
    requireDescribed(reply, operation, path);
    seen.add(`${asked.method ?? "GET"} ${name} 503`);
  }
  // A sender that is too slow, and a request without a length, are in limits.test.ts; the store is asked once a second, and those that need none are only busy while the collector stops.
  const elsewhere = new Set(["POST /api/v1/sync 408", "POST /api/v1/sync 411", "GET /readyz 503", "GET /healthz 503", "GET /metrics 503"]);
  for (const [name, operations] of Object.entries(document.paths))
    for (const [method, { responses }] of Object.entries(operations))
      for (const status of Object.keys(responses)) {
        const one = `${method.toUpperCase()} ${name} ${status}`;
        assert.ok(seen.has(one) || elsewhere.has(one), `${one} is described and was not seen`);
      }
});

test("the file has the paths of the server, their methods and who may ask, and no others", () => {
  const store = new MemoryStore();
  const nowMs = (): number => 0;
  const endpoints = createEndpoints({
    store,
    reading: readingEndpoints(store, createReports(store, nowMs)),
    tally: new Tally(new FakeLog(), nowMs),
    families: () => [],
    version: "",
    nowMs,
  });
  const inServer = endpoints.map(({ method, path, access }) => `${method} ${path} ${access}`).sort();
  const inFile = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = [{ reader: [] }] }]) => {
      const access = security.length === 0 ? "open" : security.length > 1 ? "local" : (Object.keys(security[0] ?? {})[0] ?? "");
      return `${method.toUpperCase()} ${path} ${access}`;
    }),
  );
  assert.deepEqual(inFile.sort(), inServer);
});

test("the parameters of the file are those that the server knows", async (t) => {
  const { port, tokens } = await startCollector(t);
  for (const [path, operations] of Object.entries(document.paths)) {
    const { parameters = [] } = operations["get"] ?? {};
    const names = parameters
      .map((one) => (one.$ref === undefined ? one : (pointed(one.$ref) as { name: string; in: string })))
      .filter((one) => one.in === "query");
    if (!path.startsWith("/api/") || operations["get"] === undefined) continue;
    const { text } = await call(port, `${path.replace("{id}", "x")}?what=ever`, { token: tokens.reader });
    const known = names.length === 0 ? "there are none here" : `there are ${names.map(({ name }) => name).join(", ")}`;
    assert.ok(text.includes(`; ${known}"`), `${path}: ${text}`);
  }
});

test("what a node sends is as it is described", () => {
  const schema = document.paths["/api/v1/sync"]?.["post"]?.requestBody?.content["application/json"]?.schema ?? assert.fail();
  const validate = validator(schema);
  assert.ok(validate(fullRequest()), ajv.errorsText(validate.errors));
  assert.equal(validate({ ...fullRequest(), api: 2 }), false);
});

/** `meshprobe report --collector` against a server on the loopback that gives the reports of a list of records. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { askCollector } from "../../src/collector/client/ask.ts";
import { createReports } from "../../src/collector/reports/reports.ts";
import type { CollectorStore } from "../../src/collector/store/port.ts";
import { collectorAccess } from "../../src/commands/collector-access.ts";
import type { World } from "../../src/commands/command.ts";
import { reportCommand } from "../../src/commands/report.ts";
import type { FleetReport } from "../../src/report/fleet/fleet.ts";
import type { Ticket } from "../../src/report/page/ticket.ts";
import type { Report } from "../../src/report/report.ts";
import { readHtml } from "../unit/report/page/read-html.ts";
import { fleetOf, HERE_ID, NOW, THERE_ID } from "../unit/collector/reports/two-nodes.ts";
import { tempDir } from "../unit/store/temp-dir.ts";

const TOKEN = "a-reader-token";
const CLOCKS = { here: { offsetMs: 5_000, errorMs: 4 }, there: { offsetMs: -36_000, errorMs: 6.5 }, thereAheadMs: 41_000 };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], more: Partial<World> = {}): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const world: World = {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    now: () => NOW,
    isTty: false,
    columns: 100,
    rows: 24,
    onHangup: () => {},
    env: {},
    hostName: "centre",
    signal: new AbortController().signal,
    ...more,
  };
  return { code: await reportCommand.run(["--config", "/nonexistent/peers.yaml", ...args], world), stdout, stderr };
}

async function listen(t: TestContext, server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(t: TestContext, listener: RequestListener): Promise<string> {
  return listen(t, createHttp(listener)).then((place) => `http://${place}`);
}

/** As a collector answers. */
function api(store: CollectorStore): RequestListener {
  const reports = createReports(store, () => NOW);
  const find = (url: URL): Promise<unknown> => {
    const [, id, part] = /^\/api\/v1\/incidents\/([^/]+)(\/records)?$/.exec(url.pathname) ?? [];
    const node = url.searchParams.get("node");
    if (id !== undefined) return part === undefined ? reports.incident(decodeURIComponent(id), node) : reports.records(decodeURIComponent(id), node);
    const time = (name: string): number => Date.parse(url.searchParams.get(name) ?? "");
    if (url.pathname !== "/api/v1/report") return Promise.resolve(null);
    return reports.report({
      sinceMs: time("since"),
      untilMs: time("until"),
      node,
      peer: url.searchParams.get("peer"),
      language: url.searchParams.get("lang") === "zh" ? "zh" : "en",
    });
  };
  return (request, response) => {
    const say = (status: number, value: unknown): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return say(401, { error: { code: "token", message: "no" } });
    void find(new URL(request.url ?? "", "http://c")).then((value) =>
      value === null ? say(404, { error: { code: "not-found", message: "there is none" } }) : say(200, value),
    );
  };
}

function tokenFile(t: TestContext, token = TOKEN): string {
  const file = join(tempDir(t), "reader.token");
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
}

async function fleet(t: TestContext): Promise<{ readonly args: readonly string[]; readonly url: string }> {
  const url = await serve(t, api(fleetOf(t, CLOCKS).store));
  return { url, args: ["--collector", url, "--token-file", tokenFile(t)] };
}

test("the list is of all nodes with both sides together, as text and JSON, in two languages, narrowed to a node or a peer", async (t) => {
  const { args, url } = await fleet(t);
  const text = await run([...args, "--since", "1h"]);
  assert.deepEqual([text.code, text.stderr], [0, ""]);
  assert.match(text.stdout, /^3 nodes at the collector\n[^\n]*\n3 events, 4 incidents\n/);
  assert.match(
    text.stdout,
    new RegExp(` 1 [^\\n]* sh-a1 +bj-b1 [^\\n]*${HERE_ID}\\n +[^\\n]* bj-b1 +sh-a1 [^\\n]* \\+41000 ± 11 ms +${THERE_ID}\\n`),
  );
  assert.ok(text.stdout.includes(`meshprobe report --collector ${url} ID`));
  const json = JSON.parse((await run([...args, "--since", "1h", "--format", "json"])).stdout) as FleetReport;
  assert.deepEqual([json.schema, json.node.name, json.incidents.length, json.events[0]?.sides.length], ["meshprobe.report/1", null, 4, 2]);
  const chinese = (await run([...args, "--since", "1h", "--lang", "zh"])).stdout;
  assert.match(chinese, /^收集端共 3 个节点\n/);
  assert.match(chinese, /结论\n +1 [^\n]*丢包率/);
  const node = JSON.parse((await run([...args, "--since", "1h", "--node", "sh-a1", "--format", "json"])).stdout) as FleetReport;
  assert.deepEqual([node.peers_omitted, node.peers.map(({ peer }) => peer), node.incidents.length], [false, ["bj-b1", "gz-c1"], 3]);
  assert.match((await run([...args, "--since", "1h", "--peer", "gz-c1"])).stdout, /PEERS[^\n]*\n[^\n]*\n[^\n]*bj-b1 to gz-c1[^]*sh-a1 to gz-c1/);
});

test("the page has both sides and the receipt, in every format, and the sum that is worked out here", async (t) => {
  const { args } = await fleet(t);
  const text = await run([...args, HERE_ID]);
  assert.deepEqual([text.code, text.stderr], [0, ""]);
  assert.match(text.stdout, /^Packet loss from sh-a1 to bj-b1\n/);
  assert.match(text.stdout, /What bj-b1 has sent to the collector:/);
  assert.match(text.stdout, /Rows +all 12 are here, and are what sh-a1 had when it closed the incident\n/);
  const json = JSON.parse((await run([...args, HERE_ID, "--format", "json"])).stdout) as Report & { ticket: Ticket };
  assert.deepEqual([json.ticket.receipts[0]?.state, json.ticket.receipts[0]?.sha256], ["complete", json.ticket.evidence.sha256]);
  for (const format of ["text", "markdown", "html"])
    assert.ok((await run([...args, HERE_ID, "--format", format])).stdout.includes(json.ticket.evidence.sha256));
  readHtml((await run([...args, HERE_ID, "--format", "html", "--lang", "zh"])).stdout);
  assert.match((await run([...args, `e${HERE_ID}`, "--node", "sh-a1"])).stdout, /^Packet loss from sh-a1/);
});

test("an id that is none, too short or not enough is refused with one line, as on the node", async (t) => {
  const { args } = await fleet(t);
  const refused = (id: string, message: RegExp, more: readonly string[] = []): Promise<void> =>
    assert.rejects(run([...args, id, ...more]), (error) => error instanceof Error && error.name === "UsageError" && message.test(error.message));
  await refused("nothing-here", /^the collector has no incident or event "nothing-here"; without INCIDENT the report lists them$/);
  await refused("2026", /^"2026" is too short/);
  await refused("20261119T2012", /^"20261119T2012" is the beginning of several: 20261119T201203-4f2a of sh-a1, /);
  await refused(HERE_ID, /no incident or event/, ["--node", "bj-b1"]);
  await refused(HERE_ID, /--since is for the list/, ["--since", "1h"]);
  await refused(HERE_ID, /--with is not needed/, ["--with", "x.tar.gz"]);
});

test("a collector of before, which knows no languages, is asked in English: the report is Chinese but for its sentences", async (t) => {
  const now = api(fleetOf(t, CLOCKS).store);
  const asked: boolean[] = [];
  const url = await serve(t, (request, response) => {
    const isSpoken = new URL(request.url ?? "", "http://c").searchParams.has("lang");
    asked.push(isSpoken);
    if (!isSpoken) return now(request, response);
    response.writeHead(400).end('{"error":{"code":"bad-parameter","message":"there is no parameter \\"lang\\""}}');
  });
  const { code, stdout, stderr } = await run(["--collector", url, "--token-file", tokenFile(t), "--since", "1h", "--lang", "zh"]);
  assert.deepEqual([code, stderr, asked], [0, "", [true, false]]);
  assert.match(stdout, /^收集端共 3 个节点\n/);
  assert.match(stdout, /of packets from sh-a1 to bj-b1 were lost/);
});

test("what cannot be used is refused before anything is sent", async (t) => {
  const wrong = (args: readonly string[], message: RegExp): Promise<void> =>
    assert.rejects(run(args), (error) => error instanceof Error && error.name === "UsageError" && message.test(error.message));
  await wrong(["--collector", "collector"], /"collector" is not the address of a collector; write it like https:/);
  await wrong(["--collector", "ftp://c"], /is not the address/);
  await wrong(["--collector", "https://u:p@c"], /a password does not belong in the address/);
  await wrong(["--collector", "https://c", "--token-file", "/nonexistent"], /cannot read the token from \/nonexistent: it does not exist/);
  await wrong(["--collector", "https://c", "--token-file", tokenFile(t, "two words")], /does not hold a token/);
  await wrong(["--collector", "https://c", "--data-dir", "/tmp"], /two places/);
  await wrong(["--collector", "https://c", "--format", "html"], /--format html is for one INCIDENT/);
  await wrong(["--node", "x"], /--node goes with --collector/);
  await wrong(["--token-file", "x"], /--token-file goes with --collector/);
});

test("a collector that cannot be asked is one line that says what to do, and exit code 3", async (t) => {
  const says = async (url: string, message: RegExp, more: readonly string[] = []): Promise<void> => {
    const { code, stdout, stderr } = await run(["--collector", url, "--token-file", tokenFile(t), ...more]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /^meshprobe report: [^\n]*\n$/);
    assert.match(stderr, message);
  };
  const answer = (status: number, body: string, headers = {}): Promise<string> =>
    serve(t, (_, response) => void response.writeHead(status, headers).end(body));
  const gone = await serve(t, () => {});
  const closed = createHttp();
  const place = await listen(t, closed);
  closed.close();
  await says(`http://${place}`, /nothing listens at http:\/\/127\.0\.0\.1:\d+; is the collector running there/);
  const { url } = await fleet(t);
  const bad = await run(["--collector", url, "--token-file", tokenFile(t, "wrong")]);
  assert.deepEqual(
    [bad.code, /does not know this token; a reader's token \(meshprobe collector token add NAME --role reader/.test(bad.stderr)],
    [3, true],
  );
  const none = await run(["--collector", url, "--config", "/nonexistent/peers.yaml"]);
  assert.deepEqual([none.code, /wants a token, and none was given; a reader's token/.test(none.stderr)], [3, true], none.stderr);
  await assert.rejects(
    run(["--collector", url, "--token-file", tokenFile(t), "--node", "sh-a11"]),
    (error) =>
      error instanceof Error &&
      error.name === "UsageError" &&
      error.message === 'the collector knows no node "sh-a11"; without --node the report lists them',
  );
  await assert.rejects(
    run(["--collector", url, "--token-file", tokenFile(t), "--peer", "gz-c11"]),
    /nothing about a peer "gz-c11" in that time; without --peer the report lists what it has/,
  );
  await assert.rejects(
    run(["--collector", url, "--token-file", tokenFile(t), "--peer", "10.20.3.2"]),
    /nothing about a peer "10\.20\.3\.2" in that time \(it knows peers by name, not by address\); without --peer/,
  );
  await says(`${url}/api/v1`, /there are no reports at http:\S+\/api\/v1; is it the address of a collector, without a path of its own\?/);
  await says(await answer(403, "{}"), /gives no reports for this token/);
  await says(
    await answer(503, '{"error":{"code":"busy","message":"the store does not answer"}}', { "retry-after": "4" }),
    /: the store does not answer; try again in 4 s/,
  );
  await says(await answer(500, "<html>"), /answers 500\n/);
  await says(await answer(302, "", { location: gone }), /answers 302/);
  await says(await answer(200, "<html>"), /does not answer as a collector does/);
  await says(await answer(200, '{"schema":"other"}'), /no report of this version/);
  await says(await answer(200, '{"schema":"meshprobe.records/1"}'), /no report of this version/, [HERE_ID]);
  await says(url.replace("http:", "https:"), /does not speak TLS: is it http:\/\/ there\?/);
  await says(await answer(400, JSON.stringify({ error: { message: "\u001b[31mred" } })), /answers 400: \\x1b\[31mred/);
});

test("limits of time and size hold, and an answer that never ends does not either", async (t) => {
  const ask = (url: string, limits: Parameters<typeof askCollector>[1]): Promise<unknown> =>
    askCollector({ url, path: "/x", query: {}, token: null, ca: null, signal: new AbortController().signal, onProgress: () => {} }, limits);
  const silent = await serve(t, () => {});
  await assert.rejects(ask(silent, { totalMs: 200 }), /did not answer within 0\.2 s/);
  const slow = await serve(t, (_, response) => void response.writeHead(200).write("["));
  await assert.rejects(ask(slow, { totalMs: 200 }), /did not answer within 0\.2 s/);
  const large = await serve(t, (_, response) => void response.writeHead(200).end("x".repeat(3_000_000)));
  await assert.rejects(ask(large, { maxBytes: 2_000_000 }), /answers with more than 2 MB/);
  const stop = AbortSignal.abort();
  await assert.rejects(askCollector({ url: silent, path: "/x", query: {}, token: null, ca: null, signal: stop, onProgress: () => {} }));
});

test("TLS: with the authority it is trusted, without it the line says how, and another name is another machine", async (t) => {
  const dir = tempDir(t);
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const make = (name: string): void =>
    void execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-subj",
        "/CN=c",
        "-addext",
        `subjectAltName=${name}`,
      ],
      { stdio: "ignore" },
    );
  const listener = api(fleetOf(t, CLOCKS).store);
  const start = async (name: string): Promise<string> => {
    make(name);
    return `https://${await listen(t, createHttps({ key: readFileSync(key), cert: readFileSync(cert) }, listener))}`;
  };
  const url = await start("IP:127.0.0.1");
  const args = ["--collector", url, "--since", "1h", "--token-file", tokenFile(t)];
  // The clock of the test is years off the certificate's only if that of the machine is.
  const trusted = await run([...args, "--ca-file", cert]);
  assert.deepEqual([trusted.code, trusted.stderr], [0, ""]);
  const untrusted = await run(args);
  assert.match(untrusted.stderr, /not by an authority that is known here \(DEPTH_ZERO_SELF_SIGNED_CERT\); name its file with --ca-file/);
  const other = await start("DNS:elsewhere.example");
  assert.match((await run(["--collector", other, "--ca-file", cert, "--token-file", tokenFile(t)])).stderr, /is for another name/);
});

test("token and authority of the configuration go to the collector that it names, and to no other", async (t) => {
  const seen: (string | undefined)[] = [];
  const listener = api(fleetOf(t, CLOCKS).store);
  const recording = (): Promise<string> => serve(t, (request, response) => (seen.push(request.headers.authorization), listener(request, response)));
  const [url, other] = [await recording(), await recording()];
  const config = join(tempDir(t), "peers.yaml");
  const peers = "peers:\n  - { name: a, address: 10.0.0.1 }\n";
  writeFileSync(config, `${peers}collector: { url: "${url}/", token_file: ${tokenFile(t)} }\n`);
  assert.equal((await run(["--collector", url, "--since", "1h", "--config", config])).code, 0);
  assert.equal((await run(["--collector", other, "--since", "1h", "--config", config])).code, 3);
  assert.deepEqual(seen, [`Bearer ${TOKEN}`, undefined]);
});

test("on a terminal the progress is shown and wiped out again", async (t) => {
  const { args } = await fleet(t);
  const { stderr } = await run([...args, HERE_ID], { isTty: true });
  assert.match(stderr, /^\r\u001b\[Kasking http:\/\/127\.0\.0\.1:\d+ …\r\u001b\[K\d+ kB of /);
  assert.ok(stderr.endsWith("\r\u001b[K"));
});

test("a token file that every user may read is used and warned of", async (t) => {
  const { url } = await fleet(t);
  const file = tokenFile(t);
  const ask = (): Promise<Outcome> => run(["--collector", url, "--token-file", file, "--since", "1h"]);
  chmodSync(file, 0o644);
  const open = await ask();
  assert.deepEqual([open.code, open.stderr], [0, `meshprobe report: ${file} may be used by every user of this machine; chmod o= ${file}\n`]);
  chmodSync(file, 0o640);
  assert.equal((await ask()).stderr, "");
});

test("a token that would go over the network in the clear is warned of, on the loopback it is not", (t) => {
  const warned = (url: string): string => {
    let stderr = "";
    const world = { hostName: "centre", stderr: (text: string) => void (stderr += text) } as World;
    collectorAccess({ url, tokenFile: tokenFile(t), caFile: undefined, config: "/nonexistent/peers.yaml" }, world);
    return stderr;
  };
  assert.match(
    warned("http://10.0.0.1:8443"),
    /^meshprobe report: http:\/\/10\.0\.0\.1:8443 is not encrypted: whoever is on the way can read the token\n$/,
  );
  for (const url of ["https://10.0.0.1", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"]) assert.equal(warned(url), "");
});

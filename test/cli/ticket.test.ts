/** The page of one incident, its export and its check, through the commands. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Command, World } from "../../src/commands/command.ts";
import { exportCommand } from "../../src/commands/export.ts";
import { reportCommand } from "../../src/commands/report.ts";
import { verifyCommand } from "../../src/commands/verify.ts";
import type { Report } from "../../src/report/report.ts";
import type { Ticket } from "../../src/report/page/ticket.ts";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { MetricsStore } from "../../src/store/metrics.ts";
import { judge } from "../../src/verdict/judge.ts";
import * as world from "../unit/verdict/facts-builder.ts";
import { burst, capture, incident, rollup, sampleBlock, T0 } from "../unit/store/sample-rows.ts";
import { tempDir } from "../unit/store/temp-dir.ts";
import { readHtml } from "../unit/report/page/read-html.ts";

const NOW = T0 + 600_000;
const ID = "20261119T201203-4f2a";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: Command, args: readonly string[], nowMs = NOW, env: World["env"] = {}): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const world: World = {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    now: () => nowMs,
    isTty: false,
    columns: 100,
    rows: 24,
    onHangup: () => {},
    env,
    hostName: "sh-a1",
    signal: new AbortController().signal,
  };
  return { code: await command.run(args, world), stdout, stderr };
}

interface Node {
  readonly name: string;
  readonly address: string;
  readonly peer: string;
  readonly peerAddress: string;
  readonly id: string;
}

const HERE: Node = { name: "sh-a1", address: "10.20.1.2", peer: "bj-b1", peerAddress: "10.20.3.2", id: ID };
const THERE: Node = { name: "bj-b1", address: "10.20.3.2", peer: "sh-a1", peerAddress: "10.20.1.2", id: "20261119T201204-0001" };

/** A node with one incident, a baseline, a sweep and an mtr of three cycles. */
function fill(dir: string, node: Node = HERE): void {
  const { name, address, peer, peerAddress, id } = node;
  const evidence = new EvidenceStore(dir);
  evidence.putNode({ name, id: "5f1d1c55", address, version: "0.1.0", intervalMs: 100, timeoutMs: 2000, notes: [] });
  const about = { incidentId: id, peer, target: peerAddress, source: address };
  const baseline = capture({ ...about, id: `c0-${name}`, incidentId: null, phase: "before", trigger: "baseline", startedMs: T0 - 9_000 });
  const mtr = capture({ ...about, id: `m1-${name}`, kind: "mtr", tool: "mtr --raw -n -e", hops: [], reached: null });
  evidence.openIncident(incident({ id, eventId: `e${id}`, peer, address: peerAddress, baselineCaptureId: `c0-${name}`, bursts: [burst()] }), [
    baseline,
    capture({ ...about, id: `c1-${name}` }),
    mtr,
  ]);
  const texts = [0, 1, 2].flatMap((cycle) => [
    `x 0 ${33_000 + cycle}`,
    ...(cycle === 0 ? ["h 0 10.20.1.1"] : []),
    `p 0 ${400 + 100 * cycle} ${33_000 + cycle}`,
  ]);
  evidence.appendLines({ captureId: `m1-${name}`, number: 1, lines: texts.map((text, index) => ({ atMs: T0 + 300 + index * 10, text })) });
  evidence.putSamples([sampleBlock("..x.xx..", { incidentId: id, startedMs: T0 - 200 })]);
  evidence.putCapture(
    capture({ id: `r1-${name}`, incidentId: null, peer, trigger: "remote", askedBy: `${peer} incident 3`, target: peerAddress, startedMs: T0 + 500 }),
  );
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup({ peer }), rollup({ peer: "gz-c1", sent: 100, received: 100, lost: 0 })]);
  metrics.close();
}

function filled(t: TestContext, node?: Node): string {
  const dir = tempDir(t);
  fill(dir, node);
  return dir;
}

async function sumOf(dir: string): Promise<string> {
  const { stdout } = await run(reportCommand, [ID, "--format", "json", "--data-dir", dir]);
  return (JSON.parse(stdout) as { ticket: Ticket }).ticket.evidence.sha256;
}

test("report INCIDENT is the page, by id, beginning or event, in four formats of the same facts", async (t) => {
  const dir = filled(t);
  const text = await run(reportCommand, [ID, "--data-dir", dir]);
  assert.deepEqual([text.code, text.stderr], [0, ""]);
  assert.match(text.stdout, /^Packet loss from sh-a1 to bj-b1\n/);
  assert.match(text.stdout, /Loss +45 of 123 probes \(36\.6 %\), longest run 7\n/);
  assert.match(text.stdout, /20:12:02\.920 +\.\.x\.xx\.\.\n/);
  // Of the sweep 400 µs, of the mtr 400, 500 and 600.
  assert.match(text.stdout, /DURING[^\n]*1 sweep and 1 mtr run[^]*?\n {4}1\.\|-- 10\.20\.1\.1 +0\.0% +4 +0\.6 +0\.5 +0\.4 +0\.6 +0\.1\n/);
  assert.match(text.stdout, /gz-c1 +- +100 +0 +0\.0 % +0\.4 +good\n/);
  assert.equal((await run(reportCommand, ["20261119T2012", "--data-dir", dir])).stdout, text.stdout);
  const event = await run(reportCommand, [`e${ID}`, "--data-dir", dir]);
  assert.equal(event.stdout.replaceAll(`verify e${ID}`, `verify ${ID}`), text.stdout);
  const markdown = await run(reportCommand, [ID, "--data-dir", dir, "--format", "markdown"]);
  assert.match(markdown.stdout, /^# Packet loss from sh-a1 to bj-b1\n[^]*\n```text\nHOST: /);
  const html = await run(reportCommand, [ID, "--data-dir", dir, "--format", "html"]);
  assert.ok(readHtml(html.stdout).elements.length > 100);
  const json = JSON.parse((await run(reportCommand, [ID, "--data-dir", dir, "--format", "json"])).stdout) as Report & { ticket: Ticket };
  assert.deepEqual(
    [json.schema, json.incidents.length, json.ticket.kind, json.ticket.incidents[0]?.tables.length],
    ["meshprobe.report/1", 1, "incident", 3],
  );
  for (const page of [text, markdown, html]) assert.ok(page.stdout.includes(json.ticket.evidence.sha256));
});

test("the locale decides in which language a page and a list are, --lang before it, and JSON is in English unless --lang says otherwise", async (t) => {
  const dir = filled(t);
  const evidence = new EvidenceStore(dir);
  const facts = world.event([world.incident(1, { peer: "bj-b1" })]);
  const verdict = judge(facts);
  evidence.putVerdict({ eventId: `e${ID}`, version: 1, atMs: T0, verdict, sentence: "as it was judged", facts });
  const hops = capture().hops.map((hop) => ({ ...hop, sent: 0, received: 0, lossPct: null, rttMs: null, note: "not asked: hop budget" }));
  evidence.putCapture(capture({ id: "c9", incidentId: ID, status: "partial", hops }));
  evidence.close();
  const say = async (args: readonly string[], env: World["env"]): Promise<string> =>
    (await run(reportCommand, [...args, "--data-dir", dir], NOW, env)).stdout;
  const [english, chinese] = [/as it was judged/, /sh-a1 到 bj-b1 的丢包率为 100 %/];
  const china = { LANG: "zh_CN.UTF-8" };
  for (const what of [[ID], [ID, "--format", "markdown"], [ID, "--format", "html"], ["--since", "1h"]]) {
    assert.match(await say(what, {}), english);
    assert.match(await say(what, china), chinese);
    assert.match(await say([...what, "--lang", "en"], china), english);
    assert.equal(await say([...what, "--lang", "zh"], {}), await say(what, china));
    assert.match(await say(what, { ...china, LC_ALL: "C" }), english);
  }
  for (const what of [[ID], ["--since", "1h"]]) {
    const sentenceOf = async (args: readonly string[]): Promise<string | undefined> =>
      (JSON.parse(await say([...what, "--format", "json", ...args], china)) as Report).incidents[0]?.verdict?.sentence;
    assert.equal(await sentenceOf([]), "as it was judged");
    assert.match((await sentenceOf(["--lang", "zh"])) ?? "", chinese);
    assert.match(await say([...what, "--format", "json"], china), /"note": "not asked: hop budget"/);
    const json = await say([...what, "--format", "json", "--lang", "zh"], {});
    assert.match(json, /"note": "未询问：该跳的应答限额已用完"/);
    assert.doesNotMatch(json, /"note": "[^"]*[a-z]/);
  }
  await assert.rejects(run(reportCommand, [ID, "--lang", "de"]), { name: "UsageError", message: 'unknown --lang "de": it is en or zh' });
});

test("a trace that somebody asked for is in the list and not on the page; --peer finds a host that is no peer by it", async (t) => {
  const dir = filled(t);
  const page = await run(reportCommand, [ID, "--data-dir", dir, "--format", "json"]);
  const evidence = new EvidenceStore(dir);
  const requested = { incidentId: null, trigger: "request", target: "192.0.2.7", peer: "192.0.2.7" } as const;
  evidence.putCapture(capture({ ...requested, id: "q1", startedMs: T0 + 500 }));
  evidence.close();
  assert.equal((await run(reportCommand, [ID, "--data-dir", dir, "--format", "json"])).stdout, page.stdout);
  const list = await run(reportCommand, ["--since", "1h", "--data-dir", dir]);
  assert.match(list.stdout, /\nTRACED ON REQUEST\n.* sweep to 192\.0\.2\.7, complete\n/);
  const narrow = await run(reportCommand, ["--since", "1h", "--data-dir", dir, "--peer", "192.0.2.7", "--format", "json"]);
  const { incidents, peers, requested_captures: captures } = JSON.parse(narrow.stdout) as Report;
  assert.deepEqual([narrow.code, incidents, peers, captures.map(({ id }) => id)], [0, [], [], ["q1"]]);
  await assert.rejects(run(reportCommand, ["--since", "1h", "--data-dir", dir, "--peer", "192.0.2.8"]), /no peer "192\.0\.2\.8"/);
});

test("an id that is none, too short or not enough is refused with one line", async (t) => {
  const dir = filled(t);
  const evidence = new EvidenceStore(dir);
  evidence.openIncident(incident({ id: "20261119T201203-4f2b", eventId: "e2", startedMs: T0 + 1 }), []);
  evidence.close();
  const refused = (id: string, message: RegExp): Promise<void> =>
    assert.rejects(run(reportCommand, [id, "--data-dir", dir]), (error: Error) => error.name === "UsageError" && message.test(error.message));
  await refused("20261119T2012", /^"20261119T2012" is the beginning of several: 20261119T201203-4f2a, 20261119T201203-4f2b$/);
  await refused("2026", /^"2026" is too short for an incident/);
  await refused("99999999", /^no incident or event "99999999" is stored; meshprobe report --since 30d lists them$/);
});

test("an export gives the same bytes at any later time, verifies, and every kind of damage is exit code 1", async (t) => {
  const dir = filled(t);
  const place = tempDir(t);
  const [one, two] = [join(place, "one.tar.gz"), join(place, "two.tar.gz")];
  assert.equal((await run(exportCommand, [ID, "-o", one, "--data-dir", dir])).code, 0);
  assert.equal((await run(exportCommand, [`e${ID}`.slice(1), "--output", two, "--data-dir", dir], NOW + 86_400_000)).code, 0);
  assert.deepEqual(readFileSync(one), readFileSync(two));
  const verified = await run(verifyCommand, [one]);
  assert.equal(verified.code, 0, verified.stdout);
  assert.ok(verified.stdout.includes(`${ID}  SHA-256 ${await sumOf(dir)} over 6 rows`), verified.stdout);
  assert.match(verified.stdout, /no proof against forgery/);
  await assert.rejects(run(exportCommand, [ID, "-o", one, "--data-dir", dir]), /is there already/);
  const bytes = readFileSync(one);
  for (const at of [20, bytes.length >> 1, bytes.length - 6]) {
    const broken = Buffer.from(bytes);
    broken[at] = (broken[at] as number) ^ 0x55;
    writeFileSync(two, broken);
    const { code, stdout } = await run(verifyCommand, [two]);
    assert.deepEqual([code, /is not as it was packed:\n {2}\S/.test(stdout)], [1, true], `byte ${at}`);
  }
  truncateSync(two, 100);
  assert.equal((await run(verifyCommand, [two])).code, 1);
  const missing = await run(verifyCommand, [join(place, "none.tar.gz")]);
  assert.deepEqual([missing.code, missing.stdout], [3, ""]);
  assert.match(missing.stderr, /^meshprobe verify: Cannot read .*none\.tar\.gz: no such file or directory\n$/);
});

test("verify INCIDENT compares what is stored with the sum on the page", async (t) => {
  const dir = filled(t);
  const sum = await sumOf(dir);
  assert.equal((await run(verifyCommand, [ID, "--sha256", sum.toUpperCase(), "--data-dir", dir])).code, 0);
  assert.match((await run(verifyCommand, [ID, "--data-dir", dir])).stdout, new RegExp(`^${ID}: SHA-256 ${sum} over 6 rows`));
  const evidence = new EvidenceStore(dir);
  evidence.putSamples([sampleBlock("..x.xxx.", { incidentId: ID, startedMs: T0 - 200 })]);
  evidence.close();
  const changed = await run(verifyCommand, [ID, "--sha256", sum, "--data-dir", dir]);
  assert.equal(changed.code, 1);
  assert.match(changed.stdout, /That is not [0-9a-f]{64}: what is stored has changed/);
});

test("the export of the far end comes onto the page; that of a stranger, or one that was changed, does not", async (t) => {
  const dir = filled(t);
  const place = tempDir(t);
  const there = filled(t, THERE);
  const reverse = join(place, "reverse.tar.gz");
  const page = (await run(reportCommand, [ID, "--data-dir", dir])).stdout;
  const command = /meshprobe export (--peer sh-a1 --since \S+ --until \S+) -o reverse\.tar\.gz/.exec(page)?.[1] ?? "";
  assert.equal((await run(exportCommand, [...command.split(" "), "-o", reverse, "--data-dir", there])).code, 0, "as the page says");
  const merged = (await run(reportCommand, [ID, "--with", reverse, "--data-dir", dir])).stdout;
  assert.match(
    merged,
    /PATH BACK\n {2}From the export of bj-b1:\n {2}- its incident 20261119T201204-0001[^]*HOST: bj-b1 [^]*TRACED AT OUR REQUEST {2}1 sweep/,
  );
  const strange = join(place, "strange.tar.gz");
  await run(exportCommand, [ID, "-o", strange, "--data-dir", dir]);
  await assert.rejects(run(reportCommand, [ID, "--with", strange, "--data-dir", dir]), {
    name: "UsageError",
    message: `${strange} is of "sh-a1", and this incident is with bj-b1`,
  });
  truncateSync(reverse, statSync(reverse).size - 9);
  await assert.rejects(run(reportCommand, [ID, "--with", reverse, "--data-dir", dir]), /Cannot use .*reverse\.tar\.gz: it is damaged/);
});

test("what cannot be read is said on the page and in the exit code; without the evidence there is no page", async (t) => {
  const dir = filled(t);
  writeFileSync(join(dir, "metrics.db"), "x".repeat(20_000));
  const page = await run(reportCommand, [ID, "--data-dir", dir]);
  assert.equal(page.code, 3);
  assert.match(page.stdout, /\n- NOT COMPLETE: Cannot read \S+metrics\.db: the database is damaged[^]*No other peer was probed\./);
  assert.match(page.stderr, /^meshprobe report: Cannot read .*metrics\.db: the database is damaged .*; the report goes on without it\n$/);
  const bytes = readFileSync(join(dir, "evidence.db"));
  writeFileSync(join(dir, "evidence.db"), bytes.fill(0x55, 4_096));
  for (const [command, args] of [
    [reportCommand, [ID, "--data-dir", dir]],
    [verifyCommand, [ID, "--data-dir", dir]],
    [exportCommand, [ID, "-o", join(dir, "x.tar.gz"), "--data-dir", dir]],
  ] as const) {
    const { code, stdout, stderr } = await run(command, args);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /Cannot read \S+evidence\.db: the database is damaged/);
  }
  assert.equal(existsSync(join(dir, "x.tar.gz")), false);
});

test("wrong usage is refused with one line, and nothing is written", async (t) => {
  const dir = filled(t);
  const out = join(tempDir(t), "x.tar.gz");
  const refused = (command: Command, args: readonly string[], message: RegExp): Promise<void> =>
    assert.rejects(run(command, args), (error: Error) => error.name === "UsageError" && !error.message.includes("\n") && message.test(error.message));
  await refused(exportCommand, [ID], /say where to: -o FILE\.tar\.gz; see meshprobe export --help/);
  await refused(exportCommand, ["-o", out], /name the incidents, or a --peer/);
  await refused(exportCommand, [ID, "--peer", "bj-b1", "-o", out], /name the incidents, or a --peer/);
  await refused(exportCommand, [ID, "--since", "2h", "-o", out], /--since and --until go with --peer/);
  await refused(exportCommand, ["nothing", "-o", out, "--data-dir", dir], /no incident or event "nothing" is stored/);
  await refused(exportCommand, ["--peer", "nobody", "--since", "1d", "-o", out, "--data-dir", dir], /nothing with "nobody" is stored/);
  await refused(verifyCommand, [], /FILE or INCIDENT is missing; see meshprobe verify --help/);
  await refused(verifyCommand, [ID, "--sha256", "abc"], /--sha256 is 64 hexadecimal digits/);
  await refused(verifyCommand, ["x.tar.gz", "--sha256", "0".repeat(64)], /--sha256 goes with an incident/);
  assert.equal(existsSync(out), false);
  const nowhere = await run(exportCommand, [ID, "-o", "/nonexistent/x.tar.gz", "--data-dir", dir]);
  assert.deepEqual([nowhere.code, nowhere.stderr], [3, "meshprobe export: Cannot write /nonexistent/x.tar.gz: no such file or directory\n"]);
});

import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { exposition, EXPOSITION_TYPE } from "../../../src/control/exposition.ts";
import { BUCKETS_S, COUNTERS, type PeerFigures } from "../../../src/control/live-figures.ts";
import { renderMetrics, type MetricsFacts } from "../../../src/control/metrics.ts";
import { MetricsServer } from "../../../src/control/metrics-server.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { parseExposition } from "./exposition-grammar.ts";

const figures: PeerFigures = {
  totals: Object.fromEntries(COUNTERS.map((name, index) => [name, index + 1])) as PeerFigures["totals"],
  buckets: new Float64Array(BUCKETS_S.length + 1).fill(2),
  rttSumS: 1.5,
  rttCount: 2 * (BUCKETS_S.length + 1),
};

const FACTS: MetricsFacts = {
  version: "0.1.0",
  node: { name: "sh-a1", id: "00c0ffee", labels: { site: "sh" } },
  startedMs: 1_700_000_000_500,
  process: { cpuSeconds: 1.25, residentBytes: 80e6 },
  peers: [
    { name: "bj-b1", address: "10.20.3.2", labels: { site: "bj", peer: "own label" }, inBurst: true, figures },
    { name: "new", address: "", labels: {}, inBurst: false, figures: null },
  ],
  states: { burst: 1, cooling: 0, unresolved: 1, "never-answered": 0, well: 0 },
  incidents: { opened: 3, open: 1, closed: { loss: 2, brownout: 0, local: 0 } },
  blind: { count: 1, seconds: 0.25 },
  disk: { used_bytes: 1, max_bytes: 2, free_bytes: null },
  collector: null,
  sendErrors: { EPERM: 4 },
};

async function serve(t: TestContext, render = () => renderMetrics(FACTS)): Promise<{ url: string; log: FakeLog }> {
  const log = new FakeLog();
  const server = new MetricsServer({ listen: { address: "127.0.0.1", port: 0 }, log, render });
  await server.start();
  t.after(() => server.stop());
  return { url: `http://127.0.0.1:${server.port}`, log };
}

test("what is served follows the grammar of the format, family by family", () => {
  const families = parseExposition(renderMetrics(FACTS));
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    [...families.values()].flat().find((sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
      ?.value;
  assert.equal(value("meshprobe_build_info", { version: "0.1.0" }), 1);
  assert.equal(value("meshprobe_probe_sent_total", { peer: "bj-b1" }), 1);
  assert.equal(value("meshprobe_probe_lost_total", { peer: "bj-b1" }), 3);
  assert.equal(value("meshprobe_probe_sent_total", { peer: "new" }), undefined);
  assert.equal(value("meshprobe_probe_rtt_seconds_bucket", { peer: "bj-b1", le: "0.0001" }), 2);
  assert.equal(value("meshprobe_probe_rtt_seconds_bucket", { peer: "bj-b1", le: "+Inf" }), 30);
  assert.equal(value("meshprobe_peer_info", { peer: "bj-b1", label_peer: "own label" }), 1);
  assert.equal(value("meshprobe_incidents_closed_total", { kind: "loss" }), 2);
  assert.equal(value("meshprobe_send_errors_total", { errno: "EPERM" }), 4);
  assert.equal(value("process_start_time_seconds"), 1_700_000_000.5);
  assert.equal(families.has("meshprobe_disk_free_bytes"), false);
});

test("a hostile name stays inside its label", () => {
  const name = 'x"} 1\nmeshprobe_probe_lost_total{peer="y\\';
  const peer = { name, address: name, labels: { site: name }, inBurst: false, figures };
  const families = parseExposition(
    renderMetrics({ ...FACTS, node: { name, id: name, labels: {} }, version: name, peers: [peer], sendErrors: { [name]: 1 } }),
  );
  assert.deepEqual(
    families.get("meshprobe_probe_lost_total")?.map((sample) => sample.labels),
    [{ peer: name }],
  );
});

test("the grammar is not fooled: wrong texts are refused", () => {
  for (const wrong of [
    "a 1",
    "# TYPE a counter\na_total x\n",
    "# HELP a h\n# TYPE a counter\nb 1\n",
    '# HELP a h\n# TYPE a counter\na{l="x} 1\n',
    "# HELP a h\n# TYPE a counter\na 1\na 2\n",
    '# HELP h h\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  ])
    assert.throws(() => parseExposition(wrong), Error, wrong);
  assert.equal(exposition([{ name: "empty", help: "", type: "gauge", samples: [] }]), "");
});

test("GET /metrics answers with the format's type; anything else is told apart", async (t) => {
  const { url, log } = await serve(t);
  const response = await fetch(`${url}/metrics?x=1`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), EXPOSITION_TYPE);
  assert.equal(await response.text(), renderMetrics(FACTS));
  assert.equal((await fetch(`${url}/metrics`, { method: "HEAD" })).status, 200);
  assert.equal((await fetch(`${url}/`)).status, 404);
  assert.equal((await fetch(`${url}/metrics`, { method: "POST", body: "x".repeat(100_000) })).status, 405);
  assert.deepEqual(log.said, ["info metrics are served"]);
});

test("a port that is taken is said and harms nothing; one that others can reach is warned of", async (t) => {
  const { url } = await serve(t);
  const log = new FakeLog();
  const second = new MetricsServer({ listen: { address: "127.0.0.1", port: Number(new URL(url).port) }, log, render: () => "" });
  await second.start();
  await second.stop();
  assert.match(log.said.join(), /warn cannot serve metrics/);
  const open = new MetricsServer({ listen: { address: "0.0.0.0", port: 0 }, log, render: () => "" });
  await open.start();
  await open.stop();
  assert.match(log.said.join(), /warn metrics\.listen is no loopback address/);
});

test("with a collector its backlog by lane, the last success and what was refused are told; without one nothing is", () => {
  assert.doesNotMatch(renderMetrics(FACTS), /meshprobe_collector/);
  const collector: NonNullable<MetricsFacts["collector"]> = {
    url: "https://c.example",
    reachable: false,
    last_success_at: "2026-11-21T18:35:00.500Z",
    last_error: null,
    lanes: [{ lane: 2, records: 1440, oldest_at: null }],
    refused: { count: 3, records: [] },
    clock: null,
    paused: null,
  };
  const families = parseExposition(renderMetrics({ ...FACTS, collector }));
  const values = (name: string): unknown => families.get(`meshprobe_collector_${name}`)?.map(({ value, labels }) => [value, labels]);
  assert.deepEqual(values("backlog_records"), [[1440, { lane: "2" }]]);
  assert.deepEqual(values("reachable"), [[0, {}]]);
  assert.deepEqual(values("last_success_timestamp_seconds"), [[Date.UTC(2026, 10, 21, 18, 35, 0, 500) / 1000, {}]]);
  assert.deepEqual(values("refused_records"), [[3, {}]]);
});

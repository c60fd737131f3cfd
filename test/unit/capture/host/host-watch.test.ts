import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostWatch } from "../../../../src/capture/host/host-watch.ts";
import { snapshotFacts, snapshotRow } from "../../../../src/capture/host/snapshot-row.ts";
import { FakeHost, healthyFiles, pulledFiles, T0, withFiles } from "./host-fixture.ts";

const { signal } = new AbortController();

function watched(): { readonly host: FakeHost; readonly watch: HostWatch } {
  const host = new FakeHost();
  return { host, watch: new HostWatch(host.reader) };
}

/** The rest is as the healthy host. */
const pressure = (totalUs: number) => withFiles(healthyFiles, { "/proc/pressure/cpu": `some avg10=0.00 avg60=0.00 avg300=0.00 total=${totalUs}\n` });

test("a snapshot is compared with the last healthy one and with the one before", async () => {
  const { host, watch } = watched();
  await watch.healthy({ signal });
  host.nowMs += 30_000;
  await watch.at("suspect", { signal });
  host.files = pulledFiles;
  host.nowMs += 300;
  const burst = await watch.at("burst", { signal });
  assert.deepEqual([burst.sinceHealthy?.elapsedMs, burst.sincePrevious?.elapsedMs], [30_300, 300]);
  assert.deepEqual([burst.sinceHealthy?.host.carrierLost, burst.sincePrevious?.host.carrierLost], [true, true]);
  host.nowMs += 5_000;
  const during = await watch.at("during", { signal });
  assert.deepEqual([during.sinceHealthy?.host.tcpRetransmits, during.sincePrevious?.host.tcpRetransmits], [9, 0]);
});

test("tc and ip are asked when healthy and at suspicion, burst and end, not every five seconds", async () => {
  const { host, watch } = watched();
  const asked: number[] = [];
  await watch.healthy({ signal });
  asked.push(host.asked.length);
  for (const trigger of ["suspect", "burst", "during", "during", "end"] as const) {
    await watch.at(trigger, { signal });
    asked.push(host.asked.length);
  }
  assert.deepEqual(asked, [3, 6, 9, 9, 9, 12]);
});

test("files are read at the call, however long the children take", async () => {
  const { host, watch } = watched();
  await watch.healthy({ signal });
  const reading = watch.at("suspect", { signal });
  host.files = pulledFiles;
  host.nowMs += 900;
  assert.equal((await reading).sinceHealthy?.host.carrierLost, false);
});

describe("over an event", () => {
  test("a gateway and a carrier that came back remain a finding", async () => {
    const { host, watch } = watched();
    await watch.healthy({ signal });
    await watch.at("suspect", { signal });
    host.files = pulledFiles;
    host.nowMs += 5_000;
    await watch.at("burst", { signal });
    host.files = withFiles(pulledFiles, { "/proc/net/arp": healthyFiles("/proc/net/arp"), "/sys/class/net/eth0/carrier": "1\n" });
    host.nowMs += 5_000;
    const { sincePrevious, overEvent } = await watch.at("end", { signal });
    assert.equal(sincePrevious?.host.gatewayNeighbour, "reachable");
    assert.deepEqual([overEvent?.host.gatewayNeighbour, overEvent?.host.carrierLost], ["failed", true]);
    // 62.5 MB in five seconds on a link of 1 Gbit/s, and none after.
    assert.equal(overEvent?.host.linkUse, 0.1);
  });

  test("shares of processor time are of the event, not of the healthy minute before it", async () => {
    const { host, watch } = watched();
    const at = (totalUs: number, laterMs: number): void => {
      host.files = pressure(totalUs);
      host.nowMs += laterMs;
    };
    at(0, 0);
    await watch.healthy({ signal });
    at(0, 60_000);
    await watch.at("suspect", { signal });
    at(200_000, 1_000);
    await watch.at("burst", { signal });
    at(2_000_000, 3_000);
    const { overEvent, sinceHealthy } = await watch.at("end", { signal });
    assert.equal(overEvent?.agent.cpuPressure, 0.5);
    assert.equal(sinceHealthy?.agent.cpuPressure, 0.03125);
  });

  test("what was found in the last one does not follow into the next", async () => {
    const { host, watch } = watched();
    await watch.healthy({ signal });
    host.files = pulledFiles;
    await watch.at("burst", { signal });
    await watch.at("end", { signal });
    host.files = healthyFiles;
    await watch.healthy({ signal });
    const { overEvent } = await watch.at("burst", { signal });
    assert.deepEqual([overEvent?.host.gatewayNeighbour, overEvent?.host.carrierLost], ["reachable", false]);
  });

  test("without a healthy snapshot before, it counts from its first one", async () => {
    const { host, watch } = watched();
    const first = await watch.at("burst", { signal });
    assert.deepEqual([first.sinceHealthy, first.sincePrevious, first.overEvent], [null, null, null]);
    host.files = pulledFiles;
    host.nowMs += 5_000;
    const { sinceHealthy, overEvent } = await watch.at("during", { signal });
    assert.deepEqual([sinceHealthy, overEvent?.host.carrierLost, overEvent?.host.tcpRetransmits], [null, true, 9]);
  });
});

describe("row", () => {
  const WHERE = { id: "20261121T041203-4f2a", incidentId: "20261121T041203-0001", peer: "bj-b1", target: "198.51.100.7", source: "192.0.2.10" };

  test("shows the host before, during and after", async () => {
    const { watch } = watched();
    const readings = [await watch.healthy({ signal })];
    for (const trigger of ["suspect", "burst", "during", "end"] as const) readings.push(await watch.at(trigger, { signal }));
    assert.deepEqual(
      readings.map((reading) => snapshotRow(reading, WHERE)).map((row) => [row.phase, row.trigger]),
      [
        ["before", "baseline"],
        ["during", "suspect"],
        ["during", "burst"],
        ["during", "recapture"],
        ["after", "after"],
      ],
    );
  });

  test("has what changed and the figures that explain it, small enough to keep many", async () => {
    const { host, watch } = watched();
    await watch.healthy({ signal });
    host.files = pulledFiles;
    host.nowMs += 10_000;
    const reading = await watch.at("burst", { signal, target: WHERE.target });
    const row = snapshotRow(reading, WHERE);
    assert.deepEqual(
      [row.kind, row.tool, row.status, row.startedMs, row.finishedMs],
      ["snapshot", "meshprobe host", "complete", T0 + 15_000, T0 + 15_000],
    );
    const facts = JSON.parse(JSON.stringify(row.facts)) as Record<string, any>;
    assert.deepEqual(
      [
        facts["interface"],
        facts["gateway"],
        facts["routed_by"],
        facts["carrier"],
        facts["carrier_changes_total"],
        facts["operstate"],
        facts["speed_mbit"],
      ],
      ["eth0", "192.0.2.1", "eth0", false, 3, "lowerlayerdown", 1000],
    );
    assert.deepEqual(
      [facts["since_healthy"].carrier_lost, facts["since_healthy"].tcp_retransmits, facts["over_event"].gateway_neighbour],
      [true, 9, "failed"],
    );
    assert.ok(JSON.stringify(row.facts).length < 3_000);
    assert.deepEqual(snapshotFacts(reading, WHERE.target), row.facts);
  });
});

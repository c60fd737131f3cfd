import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import type { MtrRequest } from "../../../src/capture/mtr-queue.ts";
import { RequestedTraces, TraceRefusal } from "../../../src/capture/requested-traces.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import type { CaptureRow } from "../../../src/store/rows.ts";
import type { AgentCommand } from "../../../src/wire/messages.ts";
import { capture } from "../store/sample-rows.ts";
import { tempDir } from "../store/temp-dir.ts";
import { hop } from "../path/hop-builder.ts";
import { FakeLog } from "./fake-log.ts";

interface Room {
  readonly traces: RequestedTraces;
  readonly sent: AgentCommand[];
  readonly asked: MtrRequest[];
  readonly calls: string[];
  readonly said: string[];
  /** States that the mtr goes through, one a look; the last stays. */
  states: ("waiting" | "running" | "over")[];
  readonly stop: AbortController;
  onMtr: () => void;
  trace(wanted: string): ReturnType<RequestedTraces["trace"]>;
}

function room(
  t: TestContext,
  { allow = "peers", mtr = true, answer = true }: { allow?: "peers" | "any"; mtr?: boolean; answer?: boolean } = {},
): Room {
  const store = new EvidenceStore(tempDir(t));
  const writer = new EvidenceWriter(store, { onError: (error) => assert.fail(String(error)), onRecovered: () => {} });
  t.after(() => {
    writer.close();
    store.close();
  });
  let nowMs = 0;
  const stop = new AbortController();
  const here: Room = {
    sent: [],
    asked: [],
    calls: [],
    said: [],
    states: ["running", "over"],
    stop,
    onMtr: () => {},
    traces: new RequestedTraces(
      { capture: { mtr } as never, trace: { allow } },
      {
        mtr: {
          request: (request) => {
            here.asked.push(request);
            here.onMtr();
          },
          burstEnded: () => void here.calls.push("burstEnded"),
          stop: () => void here.calls.push("stop"),
          stateOf: () => (here.states.length > 1 ? (here.states.shift() ?? "over") : (here.states[0] ?? "over")),
        },
        writer,
        send: (command) => {
          here.sent.push(command);
          if (answer && command.kind === "sweep") here.traces.sweep(swept(command.peer));
        },
        sourceOf: () => null,
        peers: () => [
          { name: "b", address: "10.0.0.2" },
          { name: "c", address: "10.0.0.3" },
          { name: "d", address: "10.0.0.4" },
          { name: "nowhere", address: "" },
          { name: "ll", address: "fe80::1%eth0" },
        ],
        wallMs: () => 1_700_000_000_000 + nowMs,
        nowMs: () => nowMs,
        pause: async (ms) => void (nowMs += ms),
        log: new FakeLog(),
      },
    ),
    trace: (wanted) => here.traces.trace(wanted, { progress: (text) => here.said.push(text), signal: stop.signal }),
  };
  return here;
}

function swept(peer: string): CaptureRow {
  const hops = [hop(1, "10.9.0.1"), hop(2, peer)];
  const made = { incidentId: null, kind: "sweep", trigger: "request", status: "complete", finishedMs: 1, reached: true } as const;
  return { ...capture(), id: `s1-${peer}`, peer, ...made, hops };
}

test("a peer is named by name or address; it is swept and an mtr of ten cycles gives way to others", async (t) => {
  const here = room(t);
  const byName = await here.trace("b");
  assert.deepEqual(here.sent, [{ kind: "sweep", peer: "b", trigger: "request" }]);
  assert.deepEqual(byName.captures, ["s1-b", here.asked[0]?.captureId]);
  const { trigger, cycles, yields, incidentId, address } = here.asked[0] ?? assert.fail();
  assert.deepEqual(
    { trigger, cycles, yields, incidentId, address },
    { trigger: "request", cycles: 10, yields: true, incidentId: null, address: "10.0.0.2" },
  );
  assert.equal((await here.trace("10.0.0.3")).peer, "c");
});

test("others are refused, unless any address is allowed: then as a guest of the wire, and by address only", async (t) => {
  const strict = room(t);
  await assert.rejects(strict.trace("192.0.2.1"), (error) => error instanceof TraceRefusal && /trace\.allow: any/.test(error.message));
  await assert.rejects(strict.trace("nowhere"), /has no address yet/);
  const open = room(t, { allow: "any" });
  const { captures, notes } = await open.trace("192.0.2.1");
  assert.deepEqual(open.sent, [
    { kind: "guests", addresses: ["192.0.2.1"] },
    { kind: "sweep", peer: "192.0.2.1", trigger: "request" },
    { kind: "guests", addresses: [] },
  ]);
  assert.deepEqual([captures.length, notes], [2, []]);
  assert.deepEqual(
    open.asked[0]?.path?.map(({ address }) => address),
    ["10.9.0.1", "192.0.2.1"],
  );
  await assert.rejects(open.trace("www.example"), /must be given by its address/);
  await assert.rejects(open.trace("224.0.0.1"), /not the address of one machine/);
  await assert.rejects(open.trace("-c 99"), TraceRefusal);
  assert.equal(open.asked.length, 1);
});

test("of two guests one leaves when its trace is over; what no sweep reached has no path", async (t) => {
  const here = room(t, { allow: "any", answer: false });
  await Promise.all([here.trace("192.0.2.1"), here.trace("192.0.2.2")]);
  assert.deepEqual(
    here.sent.flatMap((command) => (command.kind === "guests" ? [command.addresses.length] : [])),
    [1, 2, 1, 0],
  );
  assert.deepEqual(
    here.asked.map(({ path }) => path),
    [[], []],
  );
});

test("two at once, and each peer once", async (t) => {
  const here = room(t);
  const outcomes = await Promise.allSettled(["b", "c", "b", "d"].map((peer) => here.trace(peer)));
  const reasons = outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as Error).message : ""));
  assert.deepEqual(reasons.slice(0, 2), ["", ""]);
  assert.match(reasons[2] ?? "", /being traced for somebody already/);
  assert.match(reasons[3] ?? "", /2 traces that were asked for are under way/);
  await here.trace("d");
});

test("a wire that does not answer, an mtr that waits too long and one that cannot be have their reasons", async (t) => {
  const mute = room(t, { answer: false });
  assert.deepEqual((await mute.trace("b")).notes, ["no sweep: the probing process has not answered"]);
  const busy = room(t);
  busy.states = [...Array.from({ length: 200 }, () => "waiting" as const), "over"];
  await busy.trace("b");
  assert.ok(busy.calls.includes("burstEnded"));
  const off = room(t, { mtr: false });
  assert.equal((await off.trace("b")).captures.length, 2);
  assert.equal((await room(t).trace("ll")).captures.length, 2);
  assert.deepEqual([off.asked], [[]]);
});

test("who waits hears each second how it stands; who has gone leaves no mtr behind", async (t) => {
  const here = room(t);
  here.states = [...Array.from({ length: 12 }, () => "running" as const), "over"];
  await here.trace("b");
  assert.deepEqual(here.said, ["mtr, of about 15 s, 0 s", "mtr, of about 15 s, 1 s", "mtr, of about 15 s, 2 s"]);
  const gone = room(t);
  gone.states = ["running", "running", "over"];
  gone.onMtr = () => gone.stop.abort();
  await gone.trace("b");
  assert.deepEqual(gone.calls, ["stop", "stop"]);
});

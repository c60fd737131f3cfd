/** Sweeps as the wire makes them: what is asked, what is believed, what is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { echoReply, timeExceeded, type Answer, type Request } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const PATH = ["10.9.0.1", "10.9.0.2", "10.9.0.3"];

function wireWithPath(): VirtualWire {
  const wire = new VirtualWire();
  wire.network.path(PEER, PATH);
  return wire;
}

/** Dead from now on. */
function kill(wire: VirtualWire): void {
  wire.network.host(PEER, () => []);
}

function addresses(hops: readonly { readonly answer: { readonly address: string } | null }[]): (string | null)[] {
  return hops.map((hop) => hop.answer?.address ?? null);
}

describe("when", () => {
  test("a baseline when the peer first answers, all thirty TTLs, then one every ten minutes with path + 4", () => {
    const wire = wireWithPath();
    wire.run(1_900_000);
    assert.deepEqual(
      wire.finishedSweeps.map((sweep) => [sweep.trigger, sweep.hops.length, sweep.skipped]),
      [
        ["baseline", 30, null],
        ["baseline", 8, null],
        ["baseline", 8, null],
        ["baseline", 8, null],
      ],
    );
    for (const sweep of wire.finishedSweeps) assert.deepEqual(addresses(sweep.hops).slice(0, 4), [...PATH, PEER]);
  });

  test("at the second overdue probe in a row, at the burst, 200 ms later, and no more fast ones", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    const before = wire.finishedSweeps.length;
    kill(wire);
    wire.run(20_000);
    const sweeps = wire.finishedSweeps.slice(before);
    assert.deepEqual(
      sweeps.map((sweep) => sweep.trigger),
      ["suspect", "burst", "burst"],
    );
    const [suspect, first, second] = sweeps.map((sweep) => sweep.startedMs - (wire.bursts[0]?.startedMs ?? 0));
    assert.ok((suspect ?? 0) < 150, `suspicion after ${suspect} ms`);
    assert.ok((first ?? 0) < 450, `burst after ${first} ms`);
    assert.ok(Math.abs((second ?? 0) - (first ?? 0) - 200) <= 10, `second after ${(second ?? 0) - (first ?? 0)} ms`);
    for (const sweep of sweeps) assert.deepEqual(addresses(sweep.hops).slice(0, 4), [...PATH, null]);
  });

  test("one suspicion in ten seconds is enough, however often two in a row are overdue", () => {
    const wire = wireWithPath();
    wire.network.host(PEER, (request) => (request.ttl === null && request.nth % 20 < 2 && request.nth > 40 ? [] : [echoReply(request)]));
    wire.run(9_000);
    assert.equal(wire.finishedSweeps.filter((sweep) => sweep.trigger === "suspect").length, 1);
  });

  test("on the agent's request", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    wire.prober.command({ kind: "sweep", peer: "nobody", trigger: "request" });
    wire.run(40_000);
    const asked = wire.finishedSweeps.filter((sweep) => sweep.trigger !== "baseline");
    assert.deepEqual(
      asked.map((sweep) => [sweep.trigger, addresses(sweep.hops).slice(0, 4)]),
      [["request", [...PATH, PEER]]],
    );
  });
});

describe("what is told", () => {
  test("an interim report after 100 ms holds what has answered by then, so that it is on disk before a short burst is over", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    kill(wire);
    wire.run(3_000);
    const { id } = wire.finishedSweeps.find((sweep) => sweep.trigger === "burst") as { id: number };
    const words = wire
      .of("sweep")
      .map(({ sweep }) => sweep)
      .filter((sweep) => sweep.id === id);
    assert.deepEqual(
      words.map((sweep) => [sweep.finishedMs === null, addresses(sweep.hops).slice(0, 3)]),
      [
        [true, PATH],
        [false, PATH],
      ],
    );
    assert.ok((words[1]?.finishedMs ?? 0) - (words[1]?.startedMs ?? 0) >= 1_000);
    assert.equal((words[0]?.firstHopMs ?? 0) - (words[0]?.startedMs ?? 0), 3);
  });

  test("a complete path ends the sweep at once", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    wire.run(500);
    const sweep = wire.finishedSweeps.at(-1);
    assert.equal(sweep?.trigger, "request");
    assert.ok((sweep?.finishedMs ?? 0) - (sweep?.startedMs ?? 0) <= 10);
  });

  test("a hop that the kernel refused to send says so and is not a silent router", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    wire.network.refusals.set(PEER, "EPERM");
    wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    wire.run(2_000);
    const sweep = wire.finishedSweeps.find((one) => one.trigger === "request");
    assert.deepEqual(new Set(sweep?.hops.map((hop) => `${hop.sent} ${hop.note}`)), new Set(["false not sent: EPERM"]));
  });

  test("trace packets use no probe numbers up and are nobody's duplicates", () => {
    const wire = wireWithPath();
    for (let n = 0; n < 20; n++) {
      wire.run(5_000);
      wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    }
    wire.run(30_000);
    const { sent, received, duplicate, foreign } = wire.totals();
    assert.deepEqual([received, duplicate, foreign], [sent, 0, 0]);
  });
});

describe("the hop budget", () => {
  test("many sweeps at once: what it refuses is marked as not asked, a sweep with too little is skipped with the reason, and no router gets more than three", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    const before = wire.network.sent.length;
    for (let n = 0; n < 8; n++) wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    const asked = wire.network.sent.slice(before).filter((request) => request.ttl === 1).length;
    assert.equal(asked, 3);
    wire.run(3_000);
    const sweeps = wire
      .of("sweep")
      .map(({ sweep }) => sweep)
      .filter((sweep) => sweep.trigger === "request" && sweep.finishedMs !== null);
    assert.equal(sweeps.length, 8);
    const skipped = sweeps.filter((sweep) => sweep.skipped !== null);
    assert.equal(skipped.length, 5);
    for (const sweep of skipped) assert.match(sweep.skipped ?? "", /^hop budget: /);
  });

  test("peers behind one first router share its tokens before its name is known", () => {
    const peers = Array.from({ length: 10 }, (_, index) => ({ address: `10.0.0.${index + 2}` }));
    const wire = new VirtualWire({ peers });
    for (const { address } of peers) {
      wire.network.path(address, PATH);
      wire.network.host(address, () => []);
    }
    wire.run(3_000);
    const first = wire.network.sent.filter((request) => request.ttl === 1);
    // Three at once and one a second since.
    assert.ok(first.length <= 6, `${first.length} in 3 s`);
    assert.ok(first.length >= 3);
  });
});

describe("what is believed", () => {
  /** The sweep that the agent asks for when hop 2 answers like this. */
  function hop2(answer: (request: Request) => readonly Answer[]): (string | null)[] {
    const wire = new VirtualWire();
    wire.network.path(PEER, PATH);
    wire.run(20_000);
    wire.network.path(PEER, []);
    wire.network.host(PEER, (request) => {
      if (request.ttl === null || request.ttl > 3) return [echoReply(request)];
      return request.ttl === 2 ? answer(request) : [timeExceeded(request, PATH[request.ttl - 1] as string)];
    });
    wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    wire.run(2_000);
    const sweep = wire.finishedSweeps.findLast((one) => one.trigger === "request");
    return addresses(sweep?.hops ?? []).slice(0, 4);
  }
  const HONEST = [...PATH, PEER];
  const SILENT = [PATH[0], null, PATH[2], PEER];
  function forged(request: Request, change: (bytes: Buffer) => void): Answer {
    const answer = timeExceeded(request, "10.66.6.6", 1_000);
    change(answer.bytes);
    return answer;
  }

  test("an answer that quotes our packet, whoever sends it: that is what a path looks like", () => {
    assert.deepEqual(
      hop2((request) => [timeExceeded(request, "10.9.0.2")]),
      HONEST,
    );
  });
  test("the first answer counts, a second one changes nothing", () => {
    assert.deepEqual(
      hop2((request) => [timeExceeded(request, "10.9.0.2"), timeExceeded(request, "10.66.6.6", 4_000)]),
      HONEST,
    );
  });
  test("one that quotes another destination, checksum, id or sequence is not believed", () => {
    const quoted = 20 + 8;
    const changes: Readonly<Record<string, (bytes: Buffer) => void>> = {
      destination: (bytes) => bytes.writeUInt8(99, quoted + 19),
      checksum: (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(quoted + 22) ^ 1, quoted + 22),
      id: (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(quoted + 24) ^ 0x0101, quoted + 24),
      sequence: (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(quoted + 26) ^ 0x4000, quoted + 26),
    };
    for (const [what, change] of Object.entries(changes))
      assert.deepEqual(
        hop2((request) => [forged(request, change)]),
        SILENT,
        what,
      );
  });
  test("an echo reply with a wrong tag, or from a stranger, is not the target", () => {
    const tagged = (request: Request): Answer => {
      const answer = echoReply(request, { afterUs: 1_000 });
      answer.bytes.writeUInt8(answer.bytes.readUInt8(28 + 54) ^ 1, 28 + 54);
      return answer;
    };
    assert.deepEqual(
      hop2((request) => [tagged(request)]),
      SILENT,
    );
    assert.deepEqual(
      hop2((request) => [echoReply(request, { source: "10.66.6.6" })]),
      SILENT,
    );
  });
  test("an answer after the sweep was closed is for nobody, also when its handle is in use again", () => {
    const wire = wireWithPath();
    wire.run(20_000);
    wire.network.path(PEER, ["10.9.0.1", "", "10.9.0.3"]);
    wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
    const stale = wire.network.sent.findLast((request) => request.ttl === 2) as Request;
    wire.run(5_000);
    wire.sockets[4].inject(timeExceeded(stale, "10.66.6.6", 0));
    wire.run(2_000);
    assert.equal(
      wire.messages.some((message) => JSON.stringify(message).includes("10.66.6.6")),
      false,
    );
  });
});

test("on IPv6 routers and target are found by what they quote", () => {
  const wire = new VirtualWire({ peers: [{ address: "fd00::2" }] });
  wire.network.path("fd00::2", ["fd01::1", "fd01::2"]);
  wire.run(3_000);
  assert.deepEqual(addresses(wire.finishedSweeps[0]?.hops ?? []).slice(0, 3), ["fd01::1", "fd01::2", "fd00::2"]);
});

test("a name that stands for an address of the other family from now on begins a path of its own", () => {
  const wire = wireWithPath();
  wire.run(20_000);
  const there = "2001:db8::2";
  wire.network.path(there, ["2001:db8:9::1", "2001:db8:9::2"]);
  wire.prober.command({ kind: "address", peer: "p1", address: there });
  wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
  wire.run(1_300_000);
  assert.deepEqual(addresses(wire.finishedSweeps.at(-1)?.hops ?? []).slice(0, 3), ["2001:db8:9::1", "2001:db8:9::2", there]);
});

test("a trace of a lasting incident that had to wait until the burst was over is not made, and says so", () => {
  const wire = wireWithPath();
  wire.run(20_000);
  let dead = true;
  wire.network.host(PEER, (request) => (dead ? [] : [echoReply(request)]));
  wire.run(5_000);
  wire.prober.command({ kind: "mtr", pid: 1, peer: "p1", firstTtl: 1 });
  for (let count = 0; count < 6; count++) wire.prober.command({ kind: "sweep", peer: "p1", trigger: "remote" });
  wire.prober.command({ kind: "sweep", peer: "p1", trigger: "recapture" });
  dead = false;
  wire.run(10_000);
  wire.prober.command({ kind: "mtr-ended", pid: 1 });
  wire.run(20_000);
  const recaptures = wire.finishedSweeps.filter((sweep) => sweep.trigger === "recapture");
  assert.deepEqual(
    recaptures.map((sweep) => sweep.skipped),
    ["hop budget: its burst was over before its routers had answers left"],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { askAll, type EchoAnswer, PATIENCE_MS } from "../../../src/doctor/echo.ts";
import { readProbe } from "../../../src/packet/probe.ts";
import { echoReply, FakeIcmpSocket, FakeNetwork, ipv4Packet } from "../../contract/fake-icmp-socket.ts";
import { VirtualClock } from "../../contract/virtual-clock.ts";
import { checksumHolds } from "../packet/sum16.ts";

interface Round {
  readonly answers: Promise<EchoAnswer[]>;
  readonly opened: FakeIcmpSocket[];
  readonly clock: VirtualClock;
}

function ask(network: FakeNetwork, addresses: readonly string[], refuse: Readonly<Partial<Record<4 | 6, string>>> = {}): Round {
  const clock = new VirtualClock();
  const opened: FakeIcmpSocket[] = [];
  const answers = askAll(addresses, {
    open: (family, events) => {
      const errno = refuse[family];
      if (errno !== undefined) throw new Error(errno);
      const socket = new FakeIcmpSocket(family, { network, clock, events });
      opened.push(socket);
      return socket;
    },
    nowMs: () => clock.nowUs() / 1000,
    pause: (ms) => {
      clock.set(clock.nowUs() + ms * 1000);
      return Promise.resolve();
    },
    random: (bytes) => void bytes.fill(0xa5),
  });
  return { answers, opened, clock };
}

/** "Host unreachable" from a router, quoting what it threw away. */
function unreachable(request: Parameters<typeof echoReply>[0], router: string): ReturnType<typeof echoReply> {
  const quoted = ipv4Packet(request.packet.subarray(0, 8), { source: "10.0.0.1", destination: request.target });
  const body = Buffer.concat([Buffer.from([3, 1, 0, 0, 0, 0, 0, 0]), quoted]);
  return { afterUs: 3_000, source: router, bytes: ipv4Packet(body, { source: router, destination: "10.0.0.1" }) };
}

test("answers, silence, refusals and unreachables are told apart, in the order of the question", async () => {
  const network = new FakeNetwork();
  network.host("10.0.0.3", () => []);
  network.host("10.0.0.4", (request) => [unreachable(request, "10.9.9.9")]);
  network.host("10.0.0.6", (request) => [echoReply(request, { afterUs: PATIENCE_MS * 1000 + 50_000 })]);
  network.refusals.set("10.0.0.5", "ENETUNREACH");
  const { answers, opened, clock } = ask(network, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "2001:db8::7"]);
  const startedMs = clock.nowUs() / 1000;
  const [answered, ...others] = await answers;
  assert.equal(answered?.kind, "answered");
  assert.ok(answered.rttMs >= 5 && answered.rttMs <= 20, `${answered.rttMs}`);
  assert.deepEqual(
    others.map((answer) => answer.kind),
    ["silent", "unreachable", "refused", "silent", "answered"],
  );
  assert.deepEqual(
    [others[1], others[2]],
    [
      { kind: "unreachable", by: "10.9.9.9" },
      { kind: "refused", errno: "ENETUNREACH" },
    ],
  );
  assert.ok(clock.nowUs() / 1000 - startedMs < PATIENCE_MS + 100, "silence took longer than the patience");
  assert.equal(opened.length, 2);
  assert.ok(
    opened.every((socket) => socket.send(Buffer.alloc(0), "10.0.0.2") === "EBADF"),
    "sockets stay open",
  );
});

test("each peer is sent one request, with a right checksum, that no agent takes for a probe", async () => {
  const network = new FakeNetwork();
  await ask(network, ["10.0.0.2", "10.0.0.3"]).answers;
  assert.deepEqual(
    network.sent.map(({ target }) => target),
    ["10.0.0.2", "10.0.0.3"],
  );
  for (const { packet } of network.sent) {
    assert.ok(checksumHolds(packet, 0, packet.length));
    assert.equal(readProbe(packet, 8, packet.length - 8), null);
  }
});

test("an answer from another address, or with another payload, is none", async () => {
  const network = new FakeNetwork();
  network.host("10.0.0.2", (request) => [echoReply(request, { source: "10.0.0.9" })]);
  network.host("10.0.0.3", (request) => {
    const answer = echoReply(request);
    answer.bytes[answer.bytes.length - 60] = 0;
    return [answer];
  });
  const answers = await ask(network, ["10.0.0.2", "10.0.0.3"]).answers;
  assert.deepEqual(
    answers.map((answer) => answer.kind),
    ["silent", "silent"],
  );
});

test("a thousand peers are asked 500 a second, not all at once", async () => {
  const network = new FakeNetwork();
  const addresses = Array.from({ length: 1_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const { answers, clock } = ask(network, addresses);
  const startedMs = clock.nowUs() / 1000;
  assert.ok((await answers).every((answer) => answer.kind === "answered"));
  const took = clock.nowUs() / 1000 - startedMs;
  assert.ok(took >= 1_990 && took < 2_200, `${took} ms`);
});

test("without the capability nothing is asked; without IPv6 the peers on IPv4 are", async () => {
  const network = new FakeNetwork();
  await assert.rejects(ask(network, ["10.0.0.2"], { 4: "EPERM" }).answers, { message: "EPERM" });
  const half = ask(network, ["10.0.0.2", "::1"], { 6: "EPERM" });
  await assert.rejects(half.answers, { message: "EPERM" });
  assert.equal(half.opened[0]?.send(Buffer.alloc(0), "10.0.0.2"), "EBADF", "the socket of the other family stays open");
  const answers = await ask(network, ["10.0.0.2", "::1"], { 6: "EAFNOSUPPORT" }).answers;
  assert.deepEqual([answers[0]?.kind, answers[1]], ["answered", { kind: "refused", errno: "EAFNOSUPPORT" }]);
});

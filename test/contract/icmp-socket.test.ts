/** One suite on both implementations of the door to the network. The real one stays on loopback. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createIcmpPacket, readIcmp4 } from "../../src/packet/icmp.ts";
import { createProbeBuffer, PROBE_BYTES, readProbe, stampProbe } from "../../src/packet/probe.ts";
import type { IcmpSocket, Receiver } from "../../src/wire/socket/icmp-socket.ts";
import { RawIcmpSocket } from "../../src/wire/socket/raw-icmp-socket.ts";
import { FakeIcmpSocket, FakeNetwork } from "./fake-icmp-socket.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Harness {
  readonly name: string;
  readonly skip: string | false;
  open(onPacket: Receiver): IcmpSocket;
  /** What is on its way arrives, and the event loop does not run meanwhile. */
  settle(): void;
  /** Lets the event loop, or the virtual one, run until it holds. */
  until(socket: IcmpSocket, holds: () => boolean): Promise<void>;
}

const TARGET = "127.0.0.1";
/** Without SO_BROADCAST the kernel refuses this before anything is sent. */
const REFUSED = "255.255.255.255";

function fake(): Harness {
  const clock = new VirtualClock();
  const network = new FakeNetwork();
  network.refusals.set(REFUSED, "EACCES");
  return {
    name: "fake",
    skip: false,
    open: (onPacket) => new FakeIcmpSocket(4, { network, clock, events: { onPacket, onError: assert.fail } }),
    settle: () => clock.set(clock.nowUs() + 50_000),
    async until(socket, holds) {
      for (let ms = 0; ms < 100 && !holds(); ms++) {
        clock.set(clock.nowUs() + 1_000);
        while ((socket as FakeIcmpSocket).deliverOne());
      }
      assert.ok(holds(), "nothing came");
    },
  };
}

function raw(): Harness {
  return {
    name: "raw-socket on loopback",
    skip: process.geteuid?.() === 0 ? false : "raw sockets need root",
    open: (onPacket) => new RawIcmpSocket(4, { dscp: 0, events: { onPacket, onError: assert.fail } }),
    // On loopback the answer is there before send returns, unless the kernel is busy. Nothing can be awaited without running the event loop.
    settle: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20),
    async until(_socket, holds) {
      const untilMs = performance.now() + 5_000;
      while (!holds()) {
        assert.ok(performance.now() < untilMs, "nothing came in 5 s");
        await nextTurn();
      }
    },
  };
}

function request(number: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(PROBE_BYTES));
  const buffer = createProbeBuffer(bytes, { family: 4, agentId: 0xa6e21, epoch: 7 });
  const flow = { index: 0, id: 0x4d50, checksum: 0x1234 };
  stampProbe(buffer, {
    flow,
    sequence: number & 0x7fff,
    number,
    sentUs: 1,
    flags: 0,
    ttl: 0,
    heard: null,
    incident: 0,
    tagHigh: number,
    tagLow: process.pid,
  });
  return bytes;
}

/** Numbers of our own replies: other programs on this machine ping loopback too. */
function numbers(into: number[]): Receiver {
  const packet = createIcmpPacket();
  return (bytes, length) => {
    const read = readIcmp4(bytes, length, packet);
    const probe = read === null ? null : readProbe(bytes, read.payloadOffset, read.payloadLength);
    if (read?.kind === "reply" && probe?.tagLow === process.pid) into.push(probe.number);
  };
}

for (const make of [fake, raw]) {
  const harness = make();
  describe(`an ICMP socket (${harness.name})`, { skip: harness.skip }, () => {
    function open(t: TestContext, got: number[]): IcmpSocket {
      const socket = harness.open(numbers(got));
      t.after(() => socket.close());
      return socket;
    }

    test("hands every reply to the receiver once, in order, without being asked", async (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      for (let number = 1; number <= 20; number++) assert.equal(socket.send(request(number), TARGET), null);
      await harness.until(socket, () => got.length >= 20);
      assert.deepEqual(
        got,
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });

    test("reads on demand what has arrived, at most as much as is asked for, and says when it is empty", async (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      socket.send(request(1), TARGET);
      await harness.until(socket, () => got.length === 1);
      assert.equal(socket.drain(100), true);
      assert.equal(got.length, 1);
      for (let number = 2; number <= 9; number++) socket.send(request(number), TARGET);
      harness.settle();
      assert.equal(socket.drain(3), false);
      assert.deepEqual(got.slice(1), [2, 3, 4]);
      assert.equal(socket.drain(100), true);
      assert.equal(got.length, 9);
    });

    test("a TTL of its own reaches the target, and the next packet without one too", async (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      for (const ttl of [1, 255, 30]) assert.equal(socket.sendWithTtl(request(100 + ttl), TARGET, ttl), null);
      assert.equal(socket.send(request(1), TARGET), null);
      await harness.until(socket, () => got.length >= 4);
      assert.deepEqual(
        got.toSorted((a, b) => a - b),
        [1, 101, 130, 355],
      );
    });

    test("a refused send is an errno name and no exception, and the socket goes on", async (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      assert.equal(socket.send(request(1), REFUSED), "EACCES");
      assert.equal(socket.sendWithTtl(request(1), REFUSED, 5), "EACCES");
      assert.equal(socket.send(request(2), TARGET), null);
      await harness.until(socket, () => got.length >= 1);
      assert.deepEqual(got, [2]);
    });

    test("what did not fit into the receive buffer is counted, and what did is still read", (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      assert.equal(socket.drops(), 0);
      const sent = 25_000;
      for (let number = 1; number <= sent; number++) socket.send(request(number), TARGET);
      harness.settle();
      const drops = socket.drops();
      assert.ok(drops > 0, "nothing was dropped");
      socket.drain(sent);
      assert.ok(got.length > 200, `only ${got.length} were read`);
      assert.ok(got.length + drops >= sent, `${sent - got.length - drops} packets are neither read nor counted`);
      assert.equal(socket.drops(), drops);
    });

    test("after close nothing is sent, read or counted, and closing again is no error", async (t) => {
      const got: number[] = [];
      const socket = open(t, got);
      socket.send(request(1), TARGET);
      socket.close();
      socket.close();
      assert.equal(socket.send(request(2), TARGET), "EBADF");
      assert.equal(socket.sendWithTtl(request(2), TARGET, 3), "EBADF");
      assert.equal(socket.drain(10), true);
      assert.equal(socket.drops(), 0);
      await nextTurn();
      assert.deepEqual(got, []);
    });
  });
}

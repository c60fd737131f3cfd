/** What raw-socket 1.8.1 does, as native-notes.md says and raw-icmp-socket.ts relies on. Stays on loopback. */
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import raw from "raw-socket";
import type { SocketWrap } from "raw-socket";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_MEMINFO = 55;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const ECHO_REPLY = 0;
const LOOPBACK = "127.0.0.1";
/** A packet that never comes is a failure with a name, and not a file that the runner cuts minutes later. */
const TIMEOUT_MS = 20_000;
/** Identifies our packets among those of other programs that ping loopback. */
const ID = (process.pid & 0x7fff) | 0x8000;

/** Wrap of a socket that passes only the ICMP types given, its events counted and not acted upon. */
function open(t: TestContext, passed: readonly number[]): { readonly wrap: SocketWrap; readonly events: string[] } {
  const socket = raw.createSocket({ protocol: raw.Protocol.ICMP, addressFamily: raw.AddressFamily.IPv4 });
  const { wrap } = socket;
  const events: string[] = [];
  wrap.emit = (event) => void events.push(event);
  const filter = Buffer.alloc(4);
  filter.writeUInt32LE(passed.reduce((mask, type) => mask & ~(1 << type), 0xffff_ffff) >>> 0);
  wrap.setOption(SOL_RAW, ICMP_FILTER, filter, 4);
  // `socket` is kept: without a reference it is closed by the garbage collector.
  t.after(() => socket.wrap.close());
  return { wrap, events };
}

/** An ICMP echo request of 72 bytes with a right checksum. */
function request(sequence: number): Buffer {
  const bytes = Buffer.alloc(72);
  bytes[0] = 8;
  bytes.writeUInt16BE(ID, 4);
  bytes.writeUInt16BE(sequence, 6);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(0xffff - sum, 2);
  return bytes;
}

function send(wrap: SocketWrap, sequence: number): void {
  const bytes = request(sequence);
  wrap.send(bytes, 0, bytes.length, LOOPBACK, () => {});
}

/** On loopback the answer is there before send returns, unless the kernel is busy; the event loop must not run. */
function settle(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

function memory(wrap: SocketWrap): { readonly held: number; readonly drops: number } {
  const info = Buffer.alloc(36);
  wrap.getOption(SOL_SOCKET, SO_MEMINFO, info, 36);
  return { held: info.readUInt32LE(0), drops: info.readUInt32LE(32) };
}

function filterOf(wrap: SocketWrap): number {
  const value = Buffer.alloc(4);
  wrap.getOption(SOL_RAW, ICMP_FILTER, value, 4);
  return value.readUInt32LE(0);
}

function openSockets(): number {
  const isSocket = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  };
  return readdirSync("/proc/self/fd").filter(isSocket).length;
}

/** Poll handles of the event loop, closed ones that it has not yet let go included: as long as one is active the process does not end. */
function pollHandles(): number {
  const { libuv } = process.report.getReport() as { readonly libuv: readonly { readonly type: string }[] };
  return libuv.filter(({ type }) => type === "poll").length;
}

/** The loop lets closed handles go at the end of a turn, after what setImmediate called: so it takes two. */
async function letGo(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Types and sequence numbers of what is in the socket and has our id (echo packets only). */
function readAll(wrap: SocketWrap): { readonly type: number; readonly sequence: number }[] {
  const read: { type: number; sequence: number }[] = [];
  const buffer = Buffer.alloc(2048);
  for (;;) {
    try {
      wrap.recv(buffer, (bytes, length) => {
        const at = ((bytes[0] as number) & 15) * 4;
        if (length >= at + 8 && bytes.readUInt16BE(at + 4) === ID) read.push({ type: bytes[at] as number, sequence: bytes.readUInt16BE(at + 6) });
      });
    } catch {
      return read;
    }
  }
}

describe("raw-socket 1.8.1", { skip: process.geteuid?.() === 0 ? false : "raw sockets need root", timeout: TIMEOUT_MS }, () => {
  test("an empty socket throws the text of strerror, without a code", (t) => {
    const { wrap } = open(t, []);
    readAll(wrap);
    assert.throws(
      () => wrap.recv(Buffer.alloc(64), () => assert.fail("there is nothing to read")),
      (error: NodeJS.ErrnoException) => error.message === "Resource temporarily unavailable" && error.code === undefined,
    );
  });

  test("the kernel's type filter keeps our own requests away", (t) => {
    const { wrap: open8 } = open(t, [ECHO_REPLY, 8]);
    const { wrap } = open(t, [ECHO_REPLY]);
    send(wrap, 1);
    settle();
    assert.deepEqual(
      readAll(open8).map(({ type }) => type),
      [8, 0],
    );
    assert.deepEqual(readAll(wrap), [{ type: 0, sequence: 1 }]);
  });

  test("SO_MEMINFO tells how much is waiting and how much was dropped, without reading", (t) => {
    const { wrap } = open(t, [ECHO_REPLY]);
    readAll(wrap);
    assert.deepEqual(memory(wrap), { held: 0, drops: 0 });
    send(wrap, 1);
    settle();
    const one = memory(wrap).held;
    assert.ok(one > 0);
    send(wrap, 2);
    send(wrap, 3);
    settle();
    assert.equal(memory(wrap).held, 3 * one);
    assert.equal(readAll(wrap).length, 3);
    assert.equal(memory(wrap).held, 0);
    wrap.setOption(SOL_SOCKET, SO_RCVBUF, 4 * one);
    const sent = 100;
    for (let number = 1; number <= sent; number++) send(wrap, number);
    settle();
    const { drops } = memory(wrap);
    assert.ok(drops > 0);
    // What the filter would have refused counts too while the buffer is full.
    assert.ok(readAll(wrap).length + drops >= sent);
  });

  test("one readiness event for every turn of the loop while something is left to read", async (t) => {
    const { wrap, events } = open(t, [ECHO_REPLY]);
    const buffer = Buffer.alloc(2048);
    let read = 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    wrap.emit = (event) => {
      if (event !== "recvReady") return;
      events.push(event);
      try {
        wrap.recv(buffer, () => void read++);
      } catch (error) {
        reject(error as Error);
      }
      if (read === 5) resolve();
    };
    for (let number = 1; number <= 5; number++) send(wrap, number);
    await promise;
    assert.deepEqual(events, Array<string>(5).fill("recvReady"));
  });

  test("send after close opens a new socket, and it has no filter", (t) => {
    const { wrap } = open(t, []);
    assert.equal(filterOf(wrap), 0xffff_ffff);
    const before = openSockets();
    wrap.close();
    assert.equal(openSockets(), before - 1);
    send(wrap, 1);
    assert.equal(openSockets(), before);
    assert.equal(filterOf(wrap), 0);
  });

  test("after close the event loop keeps neither a socket nor a poll handle, whichever way it was opened", async (t) => {
    await letGo();
    const before = { sockets: openSockets(), polls: pollHandles() };
    const [plain, paused, reopened] = [open(t, []).wrap, open(t, []).wrap, open(t, []).wrap];
    paused.pause(true, true);
    reopened.close();
    send(reopened, 1);
    assert.deepEqual({ sockets: openSockets(), polls: pollHandles() }, { sockets: before.sockets + 3, polls: before.polls + 4 });
    for (const wrap of [plain, paused, reopened]) wrap.close();
    await letGo();
    assert.deepEqual({ sockets: openSockets(), polls: pollHandles() }, before);
  });
});

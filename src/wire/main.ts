/**
 * Entry of the wire process: opens the sockets, ticks, and talks to the agent over IPC. It loads raw-socket and nothing else that could stall it. When the
 * agent is gone it kills the mtr runs that the agent left behind and ends.
 */
import { randomFillSync } from "node:crypto";
import process from "node:process";
import { SystemClock } from "./clock.ts";
import type { IcmpSocket } from "./socket/icmp-socket.ts";
import type { AgentCommand, WireMessage, WirePeer, WireSettings } from "./messages.ts";
import { Prober } from "./prober.ts";
import { RunDelay } from "./socket/run-delay.ts";
import { RawIcmpSocket } from "./socket/raw-icmp-socket.ts";
import { RECEIVE_BUFFER_BYTES } from "./socket/receive-buffer.ts";

/** Messages that wait for a stopped agent; beyond it rollups are dropped and counted, evidence never. */
const MAX_WAITING = 20_000;

let waiting = 0;
/** Messages thrown away because the agent does not read; told with the next sign of life. */
let dropped = 0;
let leaving = false;

function post(message: WireMessage): void {
  if (process.send === undefined || !process.connected) return;
  if (waiting > MAX_WAITING && (message.kind === "rollups" || message.kind === "alive")) {
    dropped++;
    return;
  }
  waiting++;
  process.send(message.kind === "alive" ? { ...message, dropped } : message, () => {
    waiting--;
    if (leaving) leave();
  });
}

/** Ends the talk once all has been said: what is still queued when the channel closes is lost. */
function leave(): void {
  leaving = true;
  if (waiting === 0 && process.connected) process.disconnect();
}

function fail(reason: string, exitCode: 2 | 3): void {
  post({ kind: "failed", reason, exitCode });
  process.exitCode = exitCode;
}

function start(settings: WireSettings): void {
  const sockets: { 4: IcmpSocket | null; 6: IcmpSocket | null } = { 4: null, 6: null };
  const raws: RawIcmpSocket[] = [];
  let prober: Prober | null = null;
  const open = (family: 4 | 6): void => {
    const socket = new RawIcmpSocket(family, {
      dscp: settings.dscp,
      events: {
        onPacket: (bytes, length, source) => prober?.receive(family, bytes, length, source),
        onError: (reason) => {
          sockets[family]?.close();
          open(family);
          prober?.socketReplaced(reason);
        },
      },
    });
    raws.push(socket);
    sockets[family] = socket;
  };
  for (const family of familiesOf(settings.peers)) {
    try {
      open(family);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // A host without IPv6 still probes its IPv4 peers; the sends to the others fail with EAFNOSUPPORT.
      if (family === 6 && reason !== "EPERM" && sockets[4] !== null) continue;
      return fail(
        reason === "EPERM"
          ? "Cannot open a raw ICMP socket: CAP_NET_RAW is missing; run as root, or under a unit with AmbientCapabilities=CAP_NET_RAW"
          : `Cannot open a raw ICMP socket (IPv${family}): ${reason}`,
        3,
      );
    }
  }
  const clock = new SystemClock();
  const runDelay = new RunDelay();
  prober = new Prober(settings, { sockets, clock, random: (bytes) => void randomFillSync(bytes), post, runDelayUs: () => runDelay.totalUs() });
  const running = prober;
  let tickMs = running.tickMs;
  let timer = setInterval(() => running.tick(), tickMs);
  const changePeers = (peers: readonly WirePeer[]): void => {
    for (const family of familiesOf(peers)) {
      // Where there is none the sends fail with EAFNOSUPPORT, as at the start.
      if (sockets[family] === null) attempt(() => open(family));
    }
    running.command({ kind: "peers", peers });
    if (running.tickMs === tickMs) return;
    tickMs = running.tickMs;
    clearInterval(timer);
    timer = setInterval(() => running.tick(), tickMs);
  };
  const end = (): void => {
    clearInterval(timer);
    sockets[4]?.close();
    sockets[6]?.close();
  };
  process.on("message", (command: AgentCommand) => {
    if (command.kind === "peers") return changePeers(command.peers);
    if (command.kind !== "stop") return running.command(command);
    running.stop();
    end();
    leave();
  });
  process.on("disconnect", () => {
    end();
    for (const pid of running.mtrPids) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    // The end of a process has been seen to hang for good in V8's threads (nodejs/node#54918), and there may be nobody left to notice.
    process.kill(process.pid, "SIGKILL");
  });
  const receiveBuffer = Math.min(...raws.map((socket) => socket.receiveBuffer));
  post({ kind: "ready", receiveBuffer: raws.length === 0 ? 0 : receiveBuffer, wantedBuffer: 2 * RECEIVE_BUFFER_BYTES });
}

function familiesOf(peers: readonly WirePeer[]): (4 | 6)[] {
  return ([4, 6] as const).filter((family) => peers.some(({ address }) => address === null || address.includes(":") === (family === 6)));
}

function attempt(open: () => void): void {
  try {
    open();
  } catch {
    // It is tried again with the next change.
  }
}

process.once("message", (command: AgentCommand) => {
  if (command.kind === "start") start(command.settings);
});
// What a terminal sends goes to the whole process group: the agent decides when the wire stops.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("SIGHUP", () => {});

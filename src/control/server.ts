/**
 * The agent's Unix socket. Nothing that a client does may cost the agent more than the answer: one request of 4 kB a connection, 16 connections at once, 5 s to ask
 * and 5 s to take the answer, counted from the beginning and not from the last byte, or a client that sends one byte a second would stay for ever.
 *
 * The socket appears under its name only when it listens and has its mode: bound beside it, then renamed over what an agent that died has left. Whoever
 * finds the name can connect, and nobody finds it with another mode than 0660.
 */
import { lstatSync, renameSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import type { FactLog } from "../fact-log.ts";
import { say } from "../phrases/control.ts";
import { ControlFailure, MAX_REQUEST_BYTES, parseRequest, toLine, type ControlAnswer, type ControlRequest } from "./protocol.ts";

export const MAX_CLIENTS = 16;
export const PATIENCE_MS = 5_000;
/** Progress that a client does not read; beyond it the client is left alone. */
const MAX_UNREAD_BYTES = 65_536;
const NEWLINE = 0x0a;
/** rw for user and group; a socket is made with 0777. */
const UMASK = 0o117;

export interface Talk {
  readonly progress: (text: string) => void;
  /** Aborted when the client is gone, or the agent stops. */
  readonly signal: AbortSignal;
}

export interface ControlOptions {
  readonly path: string;
  readonly log: Pick<FactLog, "info" | "warn">;
  /** The result for the client; ControlFailure says why there is none. */
  readonly answer: (request: ControlRequest, talk: Talk) => unknown;
  /** Default 5 s; tests have less. */
  readonly patienceMs?: number;
}

export class ControlServer {
  readonly #options: ControlOptions;
  readonly #patienceMs: number;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  /** Of the socket file that is ours; null while there is none. */
  #inode: number | null = null;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    // Half-open: `echo … | nc -U` closes its side before it has read the answer.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  /** Listens, or says in the log why it cannot: an agent that cannot be asked probes all the same. */
  async start(): Promise<void> {
    const { path, log } = this.#options;
    try {
      await makeRoom(path);
      await this.#listen(path);
    } catch (error) {
      log.warn(
        { path, error: error instanceof Error ? error.message : String(error) },
        "cannot open the control socket: status, trace and reload do not work",
      );
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    const { path } = this.#options;
    if (this.#inode !== null && statSync(path, { throwIfNoEntry: false })?.ino === this.#inode) rmSync(path, { force: true });
    this.#inode = null;
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen(path: string): Promise<void> {
    const beside = `${path}.new`;
    rmSync(beside, { force: true });
    const listening = new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).once("listening", resolve);
    });
    // Bound before `listen` returns, so the mask is in force for nothing else.
    const mask = process.umask(UMASK);
    try {
      this.#server.listen(beside);
    } finally {
      process.umask(mask);
    }
    await listening;
    renameSync(beside, path);
    this.#inode = statSync(path).ino;
    this.#server.on("error", (error) => this.#options.log.warn({ path, error: error.message }, "the control socket has a problem"));
  }

  #serve(socket: Socket): void {
    socket.on("error", () => {});
    if (this.#clients.size >= MAX_CLIENTS) return end(socket, failure(new ControlFailure("busy", say("busy", { n: MAX_CLIENTS }))));
    this.#clients.add(socket);
    const gone = new AbortController();
    let deadline = setTimeout(() => socket.destroy(), this.#patienceMs);
    socket.once("close", () => {
      clearTimeout(deadline);
      this.#clients.delete(socket);
      gone.abort();
    });
    readRequest(socket, (line) => {
      clearTimeout(deadline);
      void this.#answer(line, { socket, signal: gone.signal }).then((answer) => {
        if (socket.destroyed) return;
        deadline = setTimeout(() => socket.destroy(), this.#patienceMs);
        end(socket, answer);
      });
    });
  }

  /** Never rejects. `line` is null for a request that is too long. */
  async #answer(line: string | null, client: { readonly socket: Socket; readonly signal: AbortSignal }): Promise<ControlAnswer> {
    const { socket, signal } = client;
    const progress = (text: string): void => {
      if (socket.destroyed) return;
      if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
      else socket.write(toLine({ kind: "progress", text } satisfies ControlAnswer));
    };
    try {
      if (line === null) throw new ControlFailure("request", `a request has at most ${MAX_REQUEST_BYTES} bytes`);
      return { kind: "done", result: await this.#options.answer(parseRequest(line), { progress, signal }) };
    } catch (error) {
      return failure(error);
    }
  }
}

/** Hands over the first line, once; null when it is longer than a request may be. What follows it is not read. */
function readRequest(socket: Socket, onLine: (line: string | null) => void): void {
  let held: Buffer = Buffer.alloc(0);
  const stop = (): void => {
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.resume();
  };
  const onData = (bytes: Buffer): void => {
    held = Buffer.concat([held, bytes.subarray(0, MAX_REQUEST_BYTES)]);
    const at = held.indexOf(NEWLINE);
    if (at < 0 && held.length < MAX_REQUEST_BYTES) return;
    stop();
    onLine(at < 0 || at >= MAX_REQUEST_BYTES ? null : held.toString("utf8", 0, at));
  };
  /** Gone before it has asked. */
  const onEnd = (): void => void socket.destroy();
  socket.on("data", onData).once("end", onEnd);
}

/** The last word; then the connection is gone, whether the client has closed its side or not. */
function end(socket: Socket, answer: ControlAnswer): void {
  socket.end(toLine(answer));
  socket.destroySoon();
}

function failure(error: unknown): ControlAnswer {
  if (error instanceof ControlFailure) return { kind: "error", code: error.code, message: error.message };
  return { kind: "error", code: "failed", message: error instanceof Error ? error.message : String(error) };
}

/** A socket that an agent has left may be replaced; one that somebody listens on, or another file, may not. */
async function makeRoom(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error("another file is in its place; remove it");
  const left = await new Promise<string | null>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(null)).once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("connect", () => socket.destroy());
  });
  if (left === null || left === "EAGAIN") throw new Error("another agent listens there");
  if (left !== "ECONNREFUSED" && left !== "ENOENT") throw new Error(`it cannot be tried: ${left}`);
}

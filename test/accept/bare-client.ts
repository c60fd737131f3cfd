/** Bytes over TLS and what comes back: a client of HTTP that obeys nothing. */
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { CollectorAddress } from "./simulated-door.ts";

export interface Target {
  readonly collector: CollectorAddress;
  readonly port: number;
}

export interface Reply {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly text: string;
  readonly tookMs: number;
  /** What it took in before it answered or closed. */
  readonly sentBytes: number;
}

export type Source = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

export const ANSWER_MS = 30_000;

/** Sends until there is an answer, the end of the source, or of the time. */
export async function talk(target: Target, source: Source, { limitMs = ANSWER_MS }: { readonly limitMs?: number } = {}): Promise<Reply> {
  const socket = await openTls(target);
  const sinceMs = performance.now();
  let text = "";
  let sentBytes = 0;
  let isOver = false;
  const status = (): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  const over = new Promise<void>((resolve) => {
    const end = (): void => ((isOver = true), resolve());
    socket.on("error", end).once("close", end).once("end", end);
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
      if (isWhole(text)) end();
    });
  });
  const timer = setTimeout(() => socket.destroy(), limitMs);
  const send = async (): Promise<void> => {
    for await (const part of source) {
      if (isOver) return;
      sentBytes += part.length;
      if (!socket.write(part)) await Promise.race([once(socket, "drain").catch(() => {}), over]);
    }
  };
  await Promise.all([send(), over]);
  clearTimeout(timer);
  socket.destroy();
  return { status: status(), text, tookMs: performance.now() - sinceMs, sentBytes };
}

export async function openTls(target: Target): Promise<TLSSocket> {
  const socket = connect({ port: target.port, host: "127.0.0.1", ca: target.collector.ca });
  await once(socket, "secureConnect");
  return socket;
}

/** A final answer with its body (1xx are not final). */
function isWhole(text: string): boolean {
  const start = text.replace(/^(HTTP\/1\.1 1\d\d[^]*?\r\n\r\n)+/, "");
  const end = start.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = start.slice(0, end);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return start.length >= end + 4 + Number(length);
  return !/^transfer-encoding/im.test(head) || start.endsWith("0\r\n\r\n");
}

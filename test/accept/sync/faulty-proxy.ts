/**
 * Stands between an agent and its collector and does to their talk what networks and servers do: takes a request and drops it, hands on half of it, lets the
 * collector commit and then drops the answer, cuts the answer, hands a request on twice, or again when newer ones have been there since.
 * Usage: node faulty-proxy.ts LISTEN-ADDRESS PORT TARGET-ADDRESS PORT SEED [SHARE]; SHARE (0 to 1) of the requests are treated so. SIGUSR2 ends that: all pass.
 * On SIGTERM the last line of its output says how often each was done, as JSON.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { seededRandom } from "../statistics.ts";

const FATES = [
  "drop-request",
  "half-request",
  "commit-then-drop",
  "half-answer",
  "cut-answer",
  "twice-at-once",
  "again-later",
  "busy",
  "silent",
] as const;
type Fate = (typeof FATES)[number] | "pass";

/** The node waits ten seconds for an answer; few of these are enough. */
const SILENT_SHARE = 0.1;
const AGAIN_MS = 700;
/** Longer than it takes to read what has been written, so that half a request is read as such. */
const HALF_MS = 30;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const [listenAddress = "", listenPort = "", targetAddress = "", targetPort = "", seed = "1", shareText = "0.4"] = process.argv.slice(2);
const random = seededRandom(Number(seed));
let share = Number(shareText);
const done: Record<Fate, number> = Object.fromEntries(["pass", ...FATES].map((fate) => [fate, 0])) as Record<Fate, number>;

function nextFate(): Fate {
  if (random() >= share) return "pass";
  const fate = FATES[Math.floor(random() * FATES.length)] ?? "pass";
  return fate === "silent" && random() > SILENT_SHARE ? "drop-request" : fate;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function forward(message: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", url = "/" } = message;
    const headers = { ...message.headers, "content-length": String(body.length), connection: "close" };
    delete headers["transfer-encoding"];
    const outgoing = request({ host: targetAddress, port: Number(targetPort), method, path: url, headers, agent: false }, (incoming) => {
      readAll(incoming).then((answer) => resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: answer }), reject);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function forwardHalf(message: IncomingMessage, body: Buffer): Promise<void> {
  const lines = [`${message.method} ${message.url} HTTP/1.1`];
  for (const [name, value] of Object.entries(message.headers)) if (name !== "transfer-encoding") lines.push(`${name}: ${String(value)}`);
  if (message.headers["content-length"] === undefined) lines.push(`content-length: ${body.length}`);
  const socket = connect({ host: targetAddress, port: Number(targetPort) });
  socket.on("error", () => {});
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.write(body.subarray(0, body.length >> 1));
  await pause(HALF_MS);
  socket.destroy();
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "transfer-encoding" && name !== "connection"));
  response.writeHead(status, { ...kept, "content-length": String(body.length) });
  response.end(body);
}

async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readAll(message);
  const fate = nextFate();
  done[fate]++;
  switch (fate) {
    case "pass":
      return send(response, await forward(message, body));
    case "drop-request":
      return void message.socket.destroy();
    case "half-request":
      await forwardHalf(message, body);
      return void message.socket.destroy();
    case "commit-then-drop":
      await forward(message, body);
      return void message.socket.destroy();
    case "half-answer": {
      const answer = await forward(message, body);
      response.writeHead(answer.status, { "content-type": "application/json", "content-length": String(answer.body.length) });
      response.write(answer.body.subarray(0, answer.body.length >> 1), () => message.socket.destroy());
      return;
    }
    case "cut-answer": {
      const answer = await forward(message, body);
      // Framed as if it were whole. Wrong bytes are not tried: TLS is there against them.
      return send(response, { ...answer, body: answer.body.subarray(0, Math.floor(random() * answer.body.length)) });
    }
    case "twice-at-once":
      return send(response, await Promise.race([forward(message, body), forward(message, body)]));
    case "again-later":
      send(response, await forward(message, body));
      await pause(AGAIN_MS);
      await forward(message, body);
      return;
    case "busy":
      response.writeHead(503, { "retry-after": "1", "content-length": "0" }).end();
      return;
    case "silent":
      return;
    default:
      return fate satisfies never;
  }
}

// A collector that is being killed and started again refuses connections; for the agent that is one more dropped request.
const server = createServer((message, response) => {
  handle(message, response).catch(() => message.socket.destroy());
});
server.listen(Number(listenPort), listenAddress, () => process.stdout.write("ready\n"));
process.on("SIGUSR2", () => (share = 0));
process.once("SIGTERM", () => process.stdout.write(`${JSON.stringify(done)}\n`, () => process.exit(0)));

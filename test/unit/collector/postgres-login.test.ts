/** A server that wants a password where none is configured. It never closes the connection, as PostgreSQL does not for a minute. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { PostgresSession } from "../../../src/collector/store/postgres-session.ts";

const SASL = 10;
const SASL_CONTINUE = 11;

/** An authentication request (PostgreSQL, 55.7). */
function authentication(kind: number, text: string): Buffer {
  const message = Buffer.alloc(9 + text.length);
  message.write("R", 0);
  message.writeInt32BE(8 + text.length, 1);
  message.writeInt32BE(kind, 5);
  message.write(text, 9);
  return message;
}

test("a password that is wanted and not there is said, and the connection is left", async (t) => {
  const ended: Promise<unknown>[] = [];
  const server = createServer((socket: Socket) => {
    ended.push(once(socket, "end"));
    socket.once("data", () => {
      socket.write(authentication(SASL, "SCRAM-SHA-256\0\0"));
      socket.once("data", () => socket.write(authentication(SASL_CONTINUE, "r=nonce,s=c2FsdA==,i=4096")));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const session = new PostgresSession(`postgres://meshprobe@127.0.0.1:${port}/meshprobe`);
  await assert.rejects(
    session.transaction((query) => query("SELECT 1")),
    /PostgreSQL at 127\.0\.0\.1:\d+\/meshprobe: it wants a password, and there is none; write postgres:\/\/USER:PASSWORD@/,
  );
  assert.equal(ended.length, 1);
  await Promise.all(ended);
  await session.close();
});

import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { test } from "node:test";
import { AddressBook, type AskResolver } from "../../../src/sync/address-book.ts";
import { FakeClock } from "./fake-clock.ts";

const A: LookupAddress = { address: "10.0.0.9", family: 4 };

function book(clock: FakeClock): { readonly asked: Parameters<AskResolver>[1][]; readonly look: () => Promise<string> } {
  const asked: Parameters<AskResolver>[1][] = [];
  const { lookup } = new AddressBook(clock, (_, done) => void asked.push(done));
  const look = (): Promise<string> =>
    new Promise((resolve) =>
      lookup("c.example", {}, (error, address) => resolve(error === null && typeof address === "string" ? address : (error?.code ?? ""))),
    );
  return { asked, look };
}

test("while the resolver is dead the last good address serves at once, and one question is out at a time", async () => {
  const clock = new FakeClock();
  const { asked, look } = book(clock);
  const first = look();
  asked[0]?.(null, [A]);
  assert.equal(await first, A.address);
  await clock.advance(60_000);
  assert.deepEqual(await Promise.all([look(), look(), look()]), [A.address, A.address, A.address]);
  assert.equal(asked.length, 2);
  asked[1]?.(Object.assign(new Error("dead"), { code: "EAI_AGAIN" }), []);
  assert.equal(await look(), A.address);
  assert.equal(asked.length, 3);
});

test("another answer is taken for the next connection; without any the error is told", async () => {
  const clock = new FakeClock();
  const { asked, look } = book(clock);
  const waiting = [look(), look()];
  assert.equal(asked.length, 1);
  asked[0]?.(Object.assign(new Error("dead"), { code: "EAI_AGAIN" }), []);
  assert.deepEqual(await Promise.all(waiting), ["EAI_AGAIN", "EAI_AGAIN"]);
  const again = look();
  asked[1]?.(null, [A]);
  await again;
  await clock.advance(31_000);
  await look();
  asked[2]?.(null, [{ address: "10.0.0.10", family: 4 }]);
  assert.equal(await look(), "10.0.0.10");
});

/** Reverse lookups by the real resolver of Node, of a name server on loopback. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cleanHostName, reverseLookup, reverseName, type ReverseLookup } from "../../src/capture/reverse-lookup.ts";
import { serveNames, type DnsServer } from "../fixtures/dns-server.ts";

const { signal } = new AbortController();
let server: DnsServer;
let lookup: ReverseLookup;
before(async () => {
  server = await serveNames({
    "192.0.2.1": "ae1.core.example",
    "192.0.2.2": ["\u001b[31mred", "a b", "example"],
    "192.0.2.3": ["a.b", "\u0000", "example"],
    "192.0.2.4": "servfail",
    "192.0.2.5": null,
    "192.0.2.6": Array.from({ length: 4 }, () => "x".repeat(60)),
  });
  lookup = reverseLookup([server.address]);
});
after(() => server.close());

const nameOf = async (address: string): Promise<(string | null)[]> => (await lookup(address, signal)).map(cleanHostName);

test("a name is a name", async () => assert.deepEqual(await nameOf("192.0.2.1"), ["ae1.core.example"]));

test("no name is an answer, and no failure", async () => assert.deepEqual(await nameOf("192.0.2.99"), []));

test("names that are none are dropped, whatever the resolver makes of them", async () => {
  for (const address of ["192.0.2.2", "192.0.2.3"])
    assert.ok(
      (await nameOf(address)).every((name) => name === null),
      address,
    );
  assert.deepEqual((await nameOf("192.0.2.6"))[0]?.length, 4 * 61 - 1);
});

test("an address of IPv6 is asked for by its digits", () =>
  assert.equal(reverseName("2001:db8::567:89ab"), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"));

test("a server that fails is a failure", async () => assert.rejects(lookup("192.0.2.4", signal), { code: "ESERVFAIL" }));

test("one that says nothing is asked once, and given up after two seconds", async () => {
  const before = performance.now();
  await assert.rejects(lookup("192.0.2.5", signal), { code: "ETIMEOUT" });
  const tookMs = performance.now() - before;
  assert.ok(tookMs > 1_000 && tookMs < 4_000, `${tookMs} ms`);
  assert.equal(server.asked.filter((address) => address === "192.0.2.5").length, 1);
});

test("who stops waiting is not kept waiting", async () => {
  const stop = new AbortController();
  const asked = lookup("192.0.2.5", stop.signal);
  const refused = assert.rejects(asked, { code: "ECANCELLED" });
  stop.abort();
  await refused;
});

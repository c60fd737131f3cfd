import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Gateways } from "../../../src/capture/gateways.ts";
import type { Route } from "../../../src/capture/host/routes.ts";
import { addressBytes } from "../../../src/packet/address.ts";

function to(prefix: string, gateway: string | null, more: Partial<Route> = {}): Route {
  const [address = "", length] = prefix.split("/");
  const destination = addressBytes(address) as Uint8Array;
  return { destination, prefixLength: Number(length), interface: "eth0", gateway, metric: 0, ...more };
}

const choose = (addresses: readonly (string | null)[], routes: readonly Route[] | null): string | null => new Gateways().choose(addresses, routes);
const anywhere = (gateway: string | null, more: Partial<Route> = {}): Route => to("0.0.0.0/0", gateway, more);

describe("the gateway of the peers", () => {
  test("is that of the best default route when all are behind it", () => {
    const routes = [anywhere("192.0.2.9", { metric: 600 }), anywhere("192.0.2.1", { metric: 100 })];
    assert.equal(choose(["10.0.0.2", null, ""], routes), "192.0.2.1");
  });

  test("is the next hop of most of them, not that of the default route", () => {
    const routes = [anywhere("192.0.2.1"), to("10.1.0.0/16", "192.0.2.7"), to("10.1.9.0/24", "192.0.2.8")];
    assert.equal(choose(["198.51.100.1", "10.1.0.1", "10.1.0.2", "10.1.9.1"], routes), "192.0.2.7");
    assert.equal(choose(["198.51.100.1", "10.1.9.1"], routes), "192.0.2.1", "the first of two that have as many");
  });

  test("of a mesh of IPv6 is one of IPv6, with its zone where it is link-local", () => {
    const routes = [anywhere("192.0.2.1"), to("::/0", "fe80::1", { interface: "wan0" }), to("2001:db8:1::/48", "2001:db8::7")];
    assert.equal(choose(["2001:db8:2::9"], routes), "fe80::1%wan0");
    assert.equal(choose(["2001:db8:1::9"], routes), "2001:db8::7");
    assert.equal(choose(["2001:db8:2::9"], [anywhere("192.0.2.1")]), null);
  });

  test("is none for peers on our own link, whatever the default route: they have no vote either", () => {
    const routes = [anywhere("192.0.2.1"), to("192.0.2.0/24", null), to("2001:db8::/64", null)];
    assert.equal(choose(["192.0.2.30", "2001:db8::30", "fe80::30%eth0"], routes), null);
    assert.equal(choose(["192.0.2.30", "192.0.2.31", "10.0.0.2"], routes), "192.0.2.1");
  });

  test("is none for a node that probes nothing but itself, or knows no address or route yet", () => {
    assert.equal(choose([], [anywhere("192.0.2.1")]), null);
    assert.equal(choose([null, "127.0.0.1", "127.8.0.9", "::1"], [anywhere("192.0.2.1"), to("::/0", "2001:db8::1")]), null);
    assert.equal(choose(["10.0.0.2"], null), null);
    assert.equal(choose(["10.0.0.2"], []), null);
    assert.equal(choose(["10.0.0.2"], [anywhere(null)]), null, "a point-to-point link");
  });

  test("is chosen by 256 peers at most", () => {
    const few = Array.from({ length: 200 }, (_, index) => `10.1.0.${index + 1}`);
    const many = Array.from({ length: 255 }, (_, index) => `10.2.0.${index + 1}`);
    assert.equal(choose([...few, ...many], [to("10.1.0.0/16", "192.0.2.1"), to("10.2.0.0/16", "192.0.2.2")]), "192.0.2.1");
  });
});

test("when the routes have gone with their interface, it is still known which gateway a peer was behind", () => {
  const gateways = new Gateways();
  gateways.choose(["10.0.0.2"], [anywhere("192.0.2.1"), to("192.0.2.0/24", null)]);
  assert.equal(gateways.choose(["10.0.0.2"], []), null);
  assert.deepEqual(
    ["10.0.0.3", "192.0.2.9", "127.0.0.1"].map((address) => gateways.of(address)),
    ["192.0.2.1", null, null],
  );
});

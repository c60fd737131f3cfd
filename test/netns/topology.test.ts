import assert from "node:assert/strict";
import { test } from "node:test";
import { demoSpec, planTopology, starSpec, type LabSpec } from "./topology.ts";

const ring: LabSpec = {
  hosts: ["a", "b"],
  routers: ["r1", "r2", "r3"],
  links: [
    ["a", "r1"],
    ["r1", "r2"],
    ["r2", "r3"],
    ["r3", "r1"],
    ["r3", "b"],
  ],
};

test("the demo shows two routers in common and one of each peer's own", () => {
  const plan = planTopology(demoSpec);
  const [b, c] = [plan.hopAddresses("node", "peer-b"), plan.hopAddresses("node", "peer-c")];
  assert.deepEqual(b.slice(0, 2), c.slice(0, 2));
  assert.notEqual(b[2], c[2]);
  assert.deepEqual([b.length, b[3], c[3]], [4, plan.address("peer-b"), plan.address("peer-c")]);
});

test("a star of ten has ten last links", () => {
  const plan = planTopology(starSpec(10));
  const last = Array.from({ length: 10 }, (_, index) => plan.hopAddresses("node", `p${index + 1}`)[2]);
  assert.equal(new Set(last).size, 10);
});

test("a ring is left by its shorter side", () => {
  const topology = planTopology(ring);
  assert.deepEqual(topology.hopAddresses("a", "b"), [topology.end("r1", "a").address, topology.end("r3", "r1").address, topology.address("b")]);
  assert.deepEqual(topology.hopAddresses("a", "b", 6).at(-1), topology.address("b", 6));
});

test("no address is given twice", () => {
  const topology = planTopology(starSpec(40));
  const all = topology.machines.flatMap((machine) => [
    topology.address(machine),
    topology.address(machine, 6),
    ...topology.ends(machine).flatMap((end) => [end.address, end.address6]),
  ]);
  assert.equal(new Set(all).size, all.length);
});

test("a name that makes no interface name is refused", () => {
  assert.throws(() => planTopology({ hosts: ["much-too-long"], routers: [], links: [] }), /Cannot plan the laboratory: machine name much-too-long/);
});

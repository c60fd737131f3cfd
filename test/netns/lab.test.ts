import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { createLab, type Lab } from "./lab.ts";
import { readMtr, readPing, type PingResult } from "./tools.ts";
import { isRunning, NETNS_DIRECTORY } from "./namespaces.ts";
import { skipLab } from "./requirements.ts";
import { demoSpec, starSpec } from "./topology.ts";

const namespaces = (): string => execFileSync("ip", ["netns", "list"], { encoding: "utf8" });

describe("laboratory", { skip: skipLab }, () => {
  let lab: Lab;
  before(async () => {
    lab = await createLab(demoSpec);
  });
  after(() => lab.close());

  const ping = async (to: string, count: number): Promise<PingResult> =>
    readPing((await lab.exec("node", ["ping", "-n", "-q", "-c", `${count}`, "-i", "0.005", "-W", "0.3", to])).stdout);

  for (const family of [4, 6] as const) {
    test(`every machine answers every host over IPv${family}`, async () => {
      for (const from of demoSpec.hosts) {
        const others = lab.topology.machines.filter((machine) => machine !== from);
        const answers = await Promise.all(others.map((to) => lab.exec(from, ["ping", "-n", "-c", "1", "-W", "2", lab.topology.address(to, family)])));
        assert.deepEqual(
          answers.map((answer, index) => [others[index], answer.code]),
          others.map((to) => [to, 0]),
        );
      }
    });

    test(`mtr shows the planned hops over IPv${family}`, async () => {
      const traces = [
        ["node", "peer-b"],
        ["node", "peer-c"],
        ["peer-c", "peer-b"],
      ] as const;
      const seen = await Promise.all(
        traces.map(([from, to]) => lab.exec(from, ["mtr", "--raw", "-n", "-c", "1", "-G", "0.3", lab.topology.address(to, family)])),
      );
      assert.deepEqual(
        seen.map(({ stdout }) => readMtr(stdout)),
        traces.map(([from, to]) => lab.hopAddresses(from, to, family)),
      );
    });
  }

  test("a host speaks from the address it is reached by", async () => {
    const { stdout } = await lab.exec("node", ["ip", "route", "get", lab.address("peer-b")]);
    assert.match(stdout, new RegExp(` src ${lab.address("node").replaceAll(".", "\\.")} `));
  });

  test("a full drop loses all that goes there, nothing else, and ends when lifted", async () => {
    const before = Date.now();
    const rule = await lab.dropOn("r3", { to: lab.address("peer-b"), perMille: 1000 });
    assert.ok(rule.switchedOnMs >= before && rule.switchedOnMs <= Date.now());
    assert.deepEqual([(await ping(lab.address("peer-b"), 10)).received, (await ping(lab.address6("peer-b"), 10)).received], [0, 10]);
    assert.equal((await ping(lab.address("peer-c"), 10)).received, 10);
    const lifted = await rule.lift();
    assert.ok(lifted > rule.switchedOnMs);
    assert.equal(await rule.lift(), lifted);
    assert.equal((await ping(lab.address("peer-b"), 10)).received, 10);
  });

  test("40 % on the way is 40 %, within five standard deviations", async () => {
    const rule = await lab.dropOn("r3", { to: lab.address("peer-b"), perMille: 400 });
    const { received } = await ping(lab.address("peer-b"), 200);
    await rule.lift();
    assert.ok(Math.abs(received - 120) < 5 * Math.sqrt(200 * 0.4 * 0.6), `${received} of 200 received`);
  });

  test("rules on one hook lift in any order", async () => {
    const first = await lab.dropOn("r2", { to: lab.address("peer-b"), perMille: 1000 });
    const second = await lab.dropOn("r2", { to: lab.address6("peer-c"), perMille: 1000 });
    await first.lift();
    assert.deepEqual([(await ping(lab.address("peer-b"), 5)).received, (await ping(lab.address6("peer-c"), 5)).received], [5, 0]);
    await second.lift();
    assert.equal((await ping(lab.address6("peer-c"), 5)).received, 5);
  });

  test("a drop in forward leaves the router's own answer, one in prerouting silences it", async () => {
    const trace = async (): Promise<readonly (string | null)[]> =>
      readMtr((await lab.exec("node", ["mtr", "--raw", "-n", "-c", "1", "-G", "0.3", "-m", "4", lab.address("peer-b")])).stdout);
    const expected = lab.hopAddresses("node", "peer-b");
    const forward = await lab.dropOn("r2", { to: lab.address("peer-b"), perMille: 1000 });
    assert.deepEqual(await trace(), expected.slice(0, 2));
    await forward.lift();
    const prerouting = await lab.dropOn("r2", { to: lab.address("peer-b"), perMille: 1000, hook: "prerouting" });
    assert.deepEqual(await trace(), expected.slice(0, 1));
    await prerouting.lift();
  });

  test("one flow can be dropped by its ICMP id", async () => {
    const rule = await lab.dropOn("r1", { to: lab.address("peer-b"), icmpId: 4711, icmpType: "echo-request", perMille: 1000 });
    const codes = await Promise.all(
      ["4711", "4712"].map(async (id) => (await lab.exec("node", ["ping", "-n", "-e", id, "-c", "1", "-W", "0.3", lab.address("peer-b")])).code),
    );
    await rule.lift();
    assert.deepEqual(codes, [1, 0]);
  });

  test("a pulled cable shows as no carrier, and all is as before once plugged in", async () => {
    await lab.carrier("node", "down");
    assert.match((await lab.exec("node", ["ip", "link", "show", "to-r1"])).stdout, /NO-CARRIER/);
    await lab.carrier("node", "up");
    assert.deepEqual([(await ping(lab.address("peer-b"), 3)).received, (await ping(lab.address6("peer-b"), 3)).received], [3, 3]);
  });

  test("a rule that cannot be is refused in words", async () => {
    await assert.rejects(lab.dropOn("r1", { perMille: 0 }), /Cannot drop 0 per mille/);
    await assert.rejects(lab.dropOn("nowhere", { perMille: 1 }), /Cannot find machine nowhere/);
  });
});

describe("end of a laboratory", { skip: skipLab }, () => {
  test("close ends what runs inside, removes every namespace, and may be called again", async () => {
    const lab = await createLab(starSpec(3));
    const names = lab.topology.machines.map((machine) => lab.namespace(machine));
    const child = lab.spawn("p1", ["sh", "-c", "setsid sleep 60 & echo $!; wait"]);
    const grandchild = await new Promise<number>((resolve) => child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))));
    await Promise.all([lab.close(), lab.close()]);
    await lab.close();
    assert.deepEqual(
      names.filter((name) => namespaces().includes(name)),
      [],
    );
    assert.equal(isRunning(grandchild), false);
    assert.equal(child.signalCode, "SIGKILL");
  });

  const owner = `
    const { createLab } = await import(${JSON.stringify(`${import.meta.dirname}/lab.ts`)});
    await createLab({ hosts: ["a", "b"], routers: ["r"], links: [["a", "r"], ["r", "b"]] });
    setInterval(() => {}, 1000);
    process.stdout.write("up\\n");`;
  const startOwner = async (): Promise<{ readonly pid: number; readonly end: (signal: NodeJS.Signals) => Promise<NodeJS.Signals | null> }> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", owner], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const pid = child.pid ?? 0;
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
    return { pid, end: (signal) => (process.kill(pid, signal), ended) };
  };
  const left = (pid: number): string[] => readdirSync(NETNS_DIRECTORY).filter((name) => name.startsWith(`mp-${pid}-`));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} to its process leaves nothing`, async () => {
      const { pid, end } = await startOwner();
      assert.equal(left(pid).length, 3);
      assert.equal(await end(signal), signal);
      assert.deepEqual(left(pid), []);
    });
  }

  test("a clean-up that does not take itself back keeps nobody from ending", async () => {
    const code = `
      const { onProcessEnd } = await import(${JSON.stringify(`${import.meta.dirname}/namespaces.ts`)});
      onProcessEnd(() => process.stdout.write("clean\\n"));
      setInterval(() => {}, 1000);
      process.stdout.write("up\\n");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGINT");
    const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    assert.deepEqual([signal, said], ["SIGINT", "up\nclean\n"]);
  });

  test("what a killed process left is removed by the next laboratory, and what a living one has is not", async () => {
    const [killed, living] = await Promise.all([startOwner(), startOwner()]);
    await killed.end("SIGKILL");
    assert.equal(left(killed.pid).length, 3);
    const lab = await createLab({ hosts: ["a"], routers: [], links: [] });
    assert.deepEqual([left(killed.pid).length, left(living.pid).length], [0, 3]);
    await lab.close();
    await living.end("SIGTERM");
  });

  test("an aborted signal closes it", async () => {
    const stop = new AbortController();
    const lab = await createLab({ hosts: ["a"], routers: [], links: [] }, { signal: stop.signal });
    stop.abort();
    assert.ok(!namespaces().includes(lab.namespace("a")));
    assert.throws(() => lab.spawn("a", ["true"]), /the laboratory is closed/);
  });
});

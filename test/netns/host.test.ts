/** Host snapshots of a real machine with a real cable, seen from its own network namespace, and from one whose /sys is another's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import process from "node:process";
import { createLab, type Lab } from "./lab.ts";
import { NETNS_DIRECTORY } from "./namespaces.ts";
import { skipLab } from "./requirements.ts";

const SOURCES = `${import.meta.dirname}/../../src/capture/host`;
/** A healthy snapshot, then one for each line of input; prints the facts of each. */
const WATCH = `
  const { HostReader } = await import(${JSON.stringify(`${SOURCES}/host-reader.ts`)});
  const { HostWatch } = await import(${JSON.stringify(`${SOURCES}/host-watch.ts`)});
  const { snapshotFacts } = await import(${JSON.stringify(`${SOURCES}/snapshot-row.ts`)});
  const watch = new HostWatch(new HostReader({ clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() } }));
  const { signal } = new AbortController();
  const print = (reading) => console.log(JSON.stringify(snapshotFacts(reading)));
  print(await watch.healthy({ signal }));
  for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) print(await watch.at(line, { signal }));`;

type Facts = Record<string, any>;

describe("host snapshot", { skip: skipLab }, () => {
  let lab: Lab;
  before(async () => {
    lab = await createLab({
      hosts: ["a", "b", "c"],
      routers: [],
      links: [
        ["a", "b"],
        ["c", "b"],
      ],
    });
    // Byte counters of the two cables must differ, as those of any two that are in use do.
    await lab.exec("a", ["ping", "-n", "-q", "-c", "5", "-i", "0.01", "-s", "333", lab.address("b")]);
  });
  after(() => lab.close());

  const watch = async (prefix: readonly string[]): Promise<{ readonly first: Facts; at(trigger: string): Promise<Facts>; end(): void }> => {
    const child = lab.spawn("a", [...prefix, process.execPath, "--input-type=module", "-e", WATCH]);
    child.stderr.pipe(process.stderr);
    const lines = createInterface({ input: child.stdout });
    const next = async (): Promise<Facts> => JSON.parse((await once(lines, "line"))[0] as string) as Facts;
    return {
      first: await next(),
      at: (trigger) => (child.stdin.write(`${trigger}\n`), next()),
      end: () => child.stdin.end(),
    };
  };

  test("a pulled cable is a lost carrier, also when it is plugged in again before anybody looks", async () => {
    const host = await watch([]);
    assert.deepEqual([host.first["interface"], host.first["carrier"], host.first["operstate"]], ["to-b", true, "up"]);
    await lab.carrier("a", "down", "b");
    const pulled = await host.at("burst");
    assert.deepEqual([pulled["carrier"], pulled["since_healthy"].carrier_lost], [false, true]);
    await lab.carrier("a", "up", "b");
    const plugged = await host.at("end");
    assert.deepEqual([plugged["carrier"], plugged["since_healthy"].carrier_lost, plugged["since_healthy"].carrier_changes], [true, true, 2]);
    host.end();
  });

  test("with the /sys of another namespace, an interface of the same name there is not taken for ours", async () => {
    await lab.carrier("a", "down", "b");
    const host = await watch(["nsenter", `--net=${NETNS_DIRECTORY}/${lab.namespace("c")}`]);
    const seen = await host.at("burst");
    assert.deepEqual([seen["interface"], seen["carrier"], seen["since_healthy"].carrier_lost], ["to-b", null, null]);
    assert.equal(seen["since_healthy"].nic_errors, 0);
    host.end();
    await lab.carrier("a", "up", "b");
  });

  test("an interface that is switched off is found, though its routes go with it", async () => {
    const host = await watch([]);
    await lab.exec("a", ["ip", "link", "set", "to-b", "down"]);
    const off = await host.at("burst");
    assert.deepEqual([off["interface"], off["routed_by"], off["operstate"], off["since_healthy"].carrier_lost], ["to-b", null, "down", true]);
    host.end();
  });
});

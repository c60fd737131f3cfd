/**
 * The package under a real systemd: two Debian containers joined by two routers. Needs root and, for the first run, a Debian mirror.
 * Steps stand on each other, so the first that fails ends the run. Each tells its time; nothing is left behind but the Debian root, which is kept for next time.
 * Usage: npm run test:system
 * Exit code: 0 all steps passed, 1 one failed, 3 they could not be run.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { run } from "../../packaging/run.ts";
import { ensureSystemPackages } from "../../packaging/system-packages.ts";
import { createLab, labObstacle, type Lab } from "../netns/lab.ts";
import { isRunning, onProcessEnd, removeLeftovers } from "../netns/namespaces.ts";
import { bootNode, removeLeftCgroups, type BootedNode } from "./booted-node.ts";
import { debianRoot } from "./debian-root.ts";
import { buildPackages, makeNextVersion, type Built } from "./packages.ts";
import { STEPS } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { startWitness } from "./witness.ts";

const root = dirname(dirname(import.meta.dirname));
const LAST_LOG_LINES = 40;
/** Of the directory in which a run keeps its packages; its pid follows. */
const WORK = "meshprobe-system-";

/** Everything that must go, whatever happens. */
interface Household {
  readonly work: string;
  lab: Lab | null;
  readonly nodes: BootedNode[];
}

async function timed<T>(title: string, work: () => Promise<T> | T): Promise<T> {
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
  try {
    const result = await work();
    console.log(`ok    ${seconds()}  ${title}${typeof result === "string" ? ` (${result})` : ""}`);
    return result;
  } catch (error) {
    console.log(`FAIL  ${seconds()}  ${title}`);
    throw error;
  }
}

async function packages(work: string): Promise<Built> {
  // Another builder at the same time: a third of the wall time, and what they share shows.
  const [one, other] = await Promise.all([buildPackages(root, join(work, "one"), "022"), buildPackages(root, join(work, "other"), "077")]);
  for (const file of [one.deb, one.tar]) {
    const [digest, again] = ["one", "other"].map((out) =>
      createHash("sha256")
        .update(readFileSync(join(work, out, file)))
        .digest("hex"),
    );
    if (digest !== again) throw new Error(`${file} differs between two builds: ${digest} and ${again}`);
  }
  if (one.deb !== other.deb || one.tar !== other.tar) throw new Error("two builds have different names");
  return one;
}

async function play(household: Household): Promise<void> {
  const { work, nodes } = household;
  const { deb, tar } = await timed("the same sources give the same packages, byte for byte", () => packages(work));
  const shelf = join(work, "one");
  makeNextVersion(join(shelf, deb), shelf);
  run("tar", ["-xf", join(shelf, tar), "-C", shelf]);
  const debian = await timed("a Debian to install into", debianRoot);
  await timed("two nodes boot", async () => {
    const links: readonly (readonly [string, string])[] = [
      ["a", "r1"],
      ["r1", "r2"],
      ["r2", "b"],
    ];
    household.lab = await createLab({ hosts: ["a", "b"], routers: ["r1", "r2"], links });
    for (const machine of ["a", "b"]) nodes.push(await bootNode(household.lab, machine, { root: debian, packages: shelf }));
  });
  const [lab, a, b] = [household.lab, ...nodes];
  if (lab === null || a === undefined || b === undefined) throw new Error("there are no nodes");
  const witness = await startWitness(lab, "r1", { from: lab.address("a"), to: lab.address("b") });
  const stage: Stage = {
    lab,
    a,
    b,
    witness,
    deb: `/packages/${deb}`,
    nextDeb: "/packages/next.deb",
    installer: `/packages/${basename(tar, ".tar.xz")}/install.sh`,
  };
  for (const step of STEPS) await timed(step.title, () => step.run(stage));
}

/** What a run that was killed left. */
function removeLeftWork(): void {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(WORK));
  const dead = names.filter((name) => !isRunning(Number(name.slice(WORK.length).split("-")[0])));
  for (const name of dead) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

async function tellLogs(nodes: readonly BootedNode[]): Promise<void> {
  for (const node of nodes) {
    const units = ["-u", "meshprobe", "-u", "meshprobe-collector"];
    const log = await node.exec(["journalctl", "-q", "--no-pager", ...units, "-n", String(LAST_LOG_LINES), "-o", "cat"]).catch(() => null);
    if (log !== null && log.stdout !== "") console.log(`\nlast words of ${node.machine}:\n${log.stdout}`);
  }
}

async function main(): Promise<number> {
  const { missing } = ensureSystemPackages(["iproute2", "nftables", "dpkg", "tar", "xz-utils", "binutils", "debootstrap", "systemd-container"]);
  const obstacle = missing.length > 0 ? `not installed: ${missing.join(", ")}` : labObstacle();
  if (obstacle !== null) {
    console.error(`Cannot test the package: ${obstacle}`);
    return 3;
  }
  removeLeftovers();
  removeLeftCgroups();
  removeLeftWork();
  const household: Household = { work: mkdtempSync(join(tmpdir(), `${WORK}${process.pid}-`)), lab: null, nodes: [] };
  const forget = onProcessEnd(() => rmSync(household.work, { recursive: true, force: true }));
  const startedMs = performance.now();
  try {
    await play(household);
    console.log(`\npassed in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    return 0;
  } catch (error) {
    console.log(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    await tellLogs(household.nodes);
    console.log(`\nFAILED in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    return 1;
  } finally {
    for (const node of household.nodes) await node.halt();
    await household.lab?.close();
    forget();
    rmSync(household.work, { recursive: true, force: true });
  }
}

process.exitCode = await main();

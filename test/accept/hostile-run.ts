/**
 * A collector under everything hostile at once: fuzzed bodies on some connections without a pause, one attack after the other beside them, and an honest node that
 * wants its heads taken meanwhile. A victim told something before and is silent: nothing of its may change.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { SYNC_PATH, type SyncAnswer } from "../../src/sync/wire.ts";
import { openCollectorLab, type StoreKind } from "./collector-lab.ts";
import type { CollectorProcess } from "./collector-process.ts";
import { openCollectorRows, type CollectorRows } from "./collector-rows.ts";
import { HostileBodies } from "./hostile-bodies.ts";
import { bombs, depths, endless, halfRequests, impostors, slowSenders, tricks, type HostileTarget } from "./hostile-clients.ts";
import { SimulatedNode, type NodePlan } from "./simulated-node.ts";
import { stockOf, type NodeStock } from "./simulated-records.ts";
import { round, seededRandom } from "./statistics.ts";

export interface HostileOptions {
  readonly store: StoreKind;
  readonly bodies: number;
  readonly slow: number;
  readonly bombs: number;
  readonly halves: number;
  /** Of the combinations of tricks and parameters every so-manieth. */
  readonly tricksEvery: number;
  /** All attacks at once: quicker, and nobody can tell which of them did it. */
  readonly atOnce: boolean;
  readonly seed: number;
  readonly directory: string;
  readonly cli?: string;
  readonly progress?: (line: string) => void;
}

export interface HostileRun {
  readonly store: StoreKind;
  readonly bodies: number;
  readonly bodiesPerS: number;
  /** Of the fuzzed bodies. */
  readonly answers: Readonly<Record<string, number>>;
  readonly honest: { readonly deliveries: number; readonly slowestMs: number };
  /** Medians around a tenth of the run and at its end. */
  readonly memoryMb: { readonly tenth: number; readonly end: number; readonly most: number };
  readonly faults: readonly string[];
}

const CONNECTIONS = 4;
/** As many as one token may have at work: beyond it the collector says 503 before it looks. */
const IN_FLIGHT = 8;
const HONEST_EVERY_MS = 1_000;
const LOOK_MS = 500;
/** Requests that got no answer at all: a refusal may close the connection under those behind it, but only so many may die with it. */
const MAX_CUT_SHARE = 0.01;
const SLOW_LIMIT_MS = 90_000;
const MAX_FAULTS = 25;

export async function beHostile(options: HostileOptions): Promise<HostileRun> {
  const { store, seed, progress = () => {} } = options;
  const lab = await openCollectorLab(options);
  const rows = openCollectorRows(lab.collector.store);
  try {
    const { collector } = lab;
    const nowMs = Date.now();
    const stock = (name: string): NodeStock => ({ name, seed, nowMs, incidents: 4, withEvidence: 2, rollups: 100 });
    const victim = stock("victim");
    const fuzzer = stock("fuzzer");
    const tokens = collector.addNodes(["victim", "fuzzer", "honest", "attacker", "slow"]);
    const tokenOf = (name: string): string => tokens.get(name) ?? "";
    const readerToken = await collector.addToken("reader", "reader");
    await lab.settle();
    await tell(collector, { ...victim, token: tokenOf("victim"), paced: false });
    // The fuzzer too has files of its own by then.
    await tell(collector, { ...fuzzer, token: tokenOf("fuzzer"), paced: false });
    const before = await rows.sumOf("victim");
    const target = targetOf(collector, { attacker: stock("attacker"), victim, nodeToken: tokenOf("attacker"), readerToken });
    // What is held open has a token of its own: one holder may have only so many at work.
    const holding = targetOf(collector, { attacker: stock("slow"), victim, nodeToken: tokenOf("slow"), readerToken });

    const over = new AbortController();
    const faults: string[] = [];
    const honest = beHonest(collector, { token: tokenOf("honest"), seed, signal: over.signal });
    const watched = watchMemory(collector, over.signal);
    const fuzzed = fuzz(collector, {
      ...options,
      bodies: new HostileBodies(seededRandom(seed), { node: fuzzer, victim }),
      count: options.bodies,
      token: tokenOf("fuzzer"),
    });
    const attack = async (name: string, run: () => Promise<string[] | void>): Promise<void> => {
      const since = performance.now();
      const found = await run().catch((error: unknown) => [String(error)]);
      faults.push(...(found ?? []).map((fault) => `${name}: ${fault}`));
      progress(`${store}: ${name} took ${round((performance.now() - since) / 1_000, 1)} s, ${found?.length ?? 0} faults`);
    };
    const attacks: readonly (() => Promise<void>)[] = [
      () => attack("impostors", () => impostors(target)),
      () => attack("tricks", () => tricks(target, options.tricksEvery)),
      () => attack("depths", () => depths(target)),
      () => attack("endless", () => endless(target)),
      () => attack("bombs", () => bombs(target, options.bombs)),
      () => attack("half requests", () => halfRequests(holding, { times: options.halves, random: seededRandom(seed) })),
      () => attack("slow senders", () => slowSenders(holding, { connections: options.slow, limitMs: SLOW_LIMIT_MS })),
    ];
    const attacked = async (): Promise<void> => {
      if (options.atOnce) await Promise.all(attacks.map((run) => run()));
      else for (const run of attacks) await run();
    };
    const [fuzzing] = await Promise.all([fuzzed, attacked()]);
    over.abort();
    const told = await honest;
    const memory = await watched;

    faults.push(...fuzzing.faults, ...told.faults);
    if (!collector.isRunning) faults.push(`the collector ended: ${collector.log.slice(-2).join(" | ")}`);
    if ((await rows.sumOf("victim")) !== before) faults.push("rows of the victim changed");
    faults.push(...(await strangers(rows)));
    for (const batch of told.batches) faults.push(...(await honestDifferences(rows, batch)));
    return {
      store,
      bodies: options.bodies,
      bodiesPerS: fuzzing.perS,
      answers: fuzzing.answers,
      honest: { deliveries: told.batches.length, slowestMs: Math.round(told.slowestMs) },
      memoryMb: memory,
      faults: faults.slice(0, MAX_FAULTS),
    };
  } finally {
    await rows.close();
    await lab.close();
  }
}

async function tell(collector: CollectorProcess, plan: NodePlan): Promise<void> {
  const outcome = await new SimulatedNode(plan, collector.address).run(AbortSignal.timeout(30_000));
  if (outcome.allMs === null || outcome.faults.length > 0)
    throw new Error(`Cannot begin: ${plan.name} could not tell what it has: ${JSON.stringify(outcome)}`);
}

function targetOf(
  collector: CollectorProcess,
  who: { readonly attacker: NodeStock; readonly victim: NodeStock; readonly nodeToken: string; readonly readerToken: string },
): HostileTarget {
  const { attacker, victim, nodeToken, readerToken } = who;
  const body = (name: string, from: NodeStock, db: string): string => {
    const stock = stockOf(from);
    const records = [stock.record(0, 1), stock.record(0, 2)];
    return JSON.stringify({
      api: 1,
      node: name,
      sent_at: new Date().toISOString(),
      mono: 1,
      files: [{ db, lanes: [{ lane: 0, records, tombstones: [] }] }],
    });
  };
  return {
    collector: collector.address,
    port: collector.port,
    nodeToken,
    readerToken,
    good: body(attacker.name, attacker, stockOf(attacker).evidenceDb),
    asVictim: body(victim.name, attacker, stockOf(attacker).evidenceDb),
    withVictimsFile: body(attacker.name, victim, stockOf(victim).evidenceDb),
  };
}

interface Fuzzing {
  readonly answers: Readonly<Record<string, number>>;
  readonly perS: number;
  readonly faults: readonly string[];
}

async function fuzz(
  collector: CollectorProcess,
  options: { readonly bodies: HostileBodies; readonly count: number; readonly token: string; readonly progress?: (line: string) => void },
): Promise<Fuzzing> {
  const { bodies, count, token, progress = () => {} } = options;
  const { url, ca } = collector.address;
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: IN_FLIGHT / CONNECTIONS, connect: { ca } });
  const answers: Record<string, number> = {};
  const faults: string[] = [];
  let left = count;
  const since = performance.now();
  const one = async (): Promise<void> => {
    const { body, encoding, how } = bodies.next();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "content-encoding": encoding };
    let status: string;
    let text = "";
    try {
      const reply = await pool.request({ method: "POST", path: SYNC_PATH, headers, body });
      status = String(reply.statusCode);
      text = await reply.body.text();
      if (reply.statusCode === 503 && reply.headers["retry-after"] === undefined) faults.push("503 without Retry-After");
    } catch (error) {
      status = error instanceof Error && "code" in error ? String(error.code) : "error";
    }
    answers[status] = (answers[status] ?? 0) + 1;
    if (faults.length < MAX_FAULTS && !isProper(status, text))
      faults.push(`${how}: ${status} ${text.slice(0, 200)} for ${Buffer.from(body).toString("base64").slice(0, 400)}`);
  };
  const worker = async (): Promise<void> => {
    while (left-- > 0 && collector.isRunning) {
      await one();
      if (left % 50_000 === 0)
        progress(
          `${count - left} bodies, ${Math.round((count - left) / ((performance.now() - since) / 1_000))} a second, ${JSON.stringify(answers)}`,
        );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  await pool.destroy();
  const cut = Object.entries(answers).reduce((sum, [status, times]) => sum + (/^\d/.test(status) ? 0 : times), 0);
  if (cut > count * MAX_CUT_SHARE) faults.push(`${cut} of ${count} bodies had no answer: ${JSON.stringify(answers)}`);
  return { answers, perS: Math.round(count / ((performance.now() - since) / 1_000)), faults };
}

/** No answer at all is counted by whoever called. */
function isProper(status: string, text: string): boolean {
  if (!/^\d/.test(status)) return true;
  const code = Number(status);
  try {
    const answer = JSON.parse(text) as Partial<SyncAnswer> & { readonly error?: { readonly code?: unknown; readonly message?: unknown } };
    if (code === 200) return Array.isArray(answer.acks) && Array.isArray(answer.rejected);
    return ((code >= 400 && code < 500) || code === 503) && typeof answer.error?.code === "string" && typeof answer.error.message === "string";
  } catch {
    return false;
  }
}

interface Honest {
  readonly batches: readonly NodeStock[];
  readonly slowestMs: number;
  readonly faults: readonly string[];
}

/** A few heads a second, each time on a connection of its own. */
async function beHonest(
  collector: CollectorProcess,
  options: { readonly token: string; readonly seed: number; readonly signal: AbortSignal },
): Promise<Honest> {
  const batches: NodeStock[] = [];
  const faults: string[] = [];
  let slowestMs = 0;
  for (let batch = 1; !options.signal.aborted && collector.isRunning; batch++) {
    const stock: NodeStock = { name: "honest", seed: options.seed, nowMs: Date.now(), incidents: 2, withEvidence: 0, rollups: 0, batch };
    const since = performance.now();
    const outcome = await new SimulatedNode({ ...stock, token: options.token, paced: false }, collector.address).run(AbortSignal.timeout(30_000));
    const tookMs = performance.now() - since;
    slowestMs = Math.max(slowestMs, tookMs);
    const refused = Object.entries(outcome.answers).filter(([status]) => status !== "200");
    if (outcome.allMs === null || tookMs > 2_000) faults.push(`honest delivery ${batch} took ${Math.round(tookMs)} ms (${JSON.stringify(refused)})`);
    faults.push(...outcome.faults.map((fault) => `honest: ${fault}`));
    if (outcome.allMs !== null) batches.push(stock);
    await pause(HONEST_EVERY_MS, undefined, { signal: options.signal }).catch(() => {});
  }
  return { batches, slowestMs, faults: faults.slice(0, MAX_FAULTS) };
}

/** Every head that was acknowledged, as it was told. */
async function honestDifferences(rows: CollectorRows, batch: NodeStock): Promise<readonly string[]> {
  const wrong = await rows.differences(batch);
  // The other batches of the same node.
  return wrong.filter((line) => !line.endsWith("was never told"));
}

async function strangers(rows: CollectorRows): Promise<string[]> {
  const known = ["attacker", "fuzzer", "honest", "slow", "victim"];
  return (await rows.nodes()).filter((node) => !known.includes(node)).map((node) => `rows of a node that has no token: ${JSON.stringify(node)}`);
}

async function watchMemory(collector: CollectorProcess, signal: AbortSignal): Promise<HostileRun["memoryMb"]> {
  const looks: number[] = [];
  while (!signal.aborted && collector.isRunning) {
    looks.push(collector.memory().nowBytes);
    await pause(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  const around = (share: number): number => {
    const width = Math.max(1, Math.round(looks.length / 20));
    const middle = Math.round(share * (looks.length - 1));
    const some = looks.slice(Math.max(0, middle - width), middle + width + 1).toSorted((a, b) => a - b);
    return round((some[Math.floor(some.length / 2)] ?? Number.NaN) / 1e6, 1);
  };
  return { tenth: around(0.1), end: around(1), most: round(Math.max(...looks) / 1e6, 1) };
}

/**
 * The agent's hold on its data directory: lock, ballast, both databases and their budget, opened in order and closed in reverse. A write that fails never ends
 * the agent: it is said once, and probing goes on.
 */
import { statfsSync } from "node:fs";
import { EvidenceWriter } from "../capture/evidence-writer.ts";
import type { Config } from "../config/config.ts";
import type { FactLog } from "../fact-log.ts";
import { Ballast } from "../store/ballast.ts";
import { StoreBudget } from "../store/budget.ts";
import { prepareDataDir } from "../store/database.ts";
import { readIdentity } from "../store/database-identity.ts";
import { EvidenceStore } from "../store/evidence.ts";
import { lockDataDir, type AgentLock } from "../store/lock.ts";
import { MetricsStore } from "../store/metrics.ts";
import type { Outbox } from "../sync/outbox.ts";

export class AgentStore {
  readonly evidence: EvidenceStore;
  readonly metrics: MetricsStore;
  /** The door for everything that is captured; what may not be lost goes through it. */
  readonly writer: EvidenceWriter;
  /** What is to be told to a collector, one for each database. */
  readonly outboxes: readonly Outbox[];
  /** Called when there may be something to tell; whoever tells puts itself here. */
  onWritten: () => void = () => {};
  readonly #log: FactLog;
  readonly #lock: AgentLock;
  readonly #budget: StoreBudget;
  readonly #dataDir: string;
  readonly #maxBytes: number;
  /** Which of the two kinds of writes fail now. A full disk fails both, and is told once. */
  readonly #failing = new Set<"evidence" | "other">();
  /** Of the last wire; also when the disk was full and it could not be stored. */
  #epoch = 0;

  /** Throws StoreError. */
  constructor({ dataDir, store, collector }: Pick<Config, "dataDir" | "store" | "collector">, log: FactLog) {
    this.#log = log;
    this.#dataDir = dataDir;
    this.#maxBytes = store.maxBytes;
    prepareDataDir(dataDir);
    this.#lock = lockDataDir(dataDir, process.pid);
    const ballast = new Ballast(dataDir, { maxBytes: store.maxBytes, note: (line) => log.warn({}, line) });
    const onFull = (): boolean => ballast.give();
    this.evidence = new EvidenceStore(dataDir, { onFull });
    this.metrics = new MetricsStore(dataDir, { onFull, keepPending: collector !== null });
    const outboxes = [this.evidence.outbox(), this.metrics.outbox()];
    this.outboxes = outboxes;
    this.attempt(() => {
      const identity = readIdentity(dataDir);
      for (const outbox of outboxes) outbox.settleIn(identity);
    });
    this.#budget = new StoreBudget({ evidence: this.evidence, metrics: this.metrics, ballast, store });
    this.writer = new EvidenceWriter(this.evidence, {
      onError: (error) => this.#problem("evidence", error),
      onRecovered: () => this.#recovered("evidence"),
      onWritten: () => this.onWritten(),
    });
    ballast.create();
  }

  /** For writes that the agent can do without: one that fails is left out. */
  attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      return this.#problem("other", error);
    }
    this.#recovered("other");
  }

  /** The boot epoch of the next wire: its wall second, above every one before it. */
  nextEpoch(nowMs: number): number {
    const epoch = Math.max(Math.floor(nowMs / 1000), this.evidence.lastEpoch() + 1, this.#epoch + 1);
    this.#epoch = epoch;
    this.attempt(() => this.evidence.setEpoch(epoch));
    return epoch;
  }

  /** Sums up rollups whose period is over and evicts what is over the budget. */
  upkeep(nowMs: number): void {
    this.attempt(() => {
      this.metrics.roll(nowMs);
      this.#budget.run(nowMs);
    });
    this.onWritten();
  }

  /** What the files take of their budget, and what their file system has left; null where it does not say. */
  disk(): { readonly usedBytes: number; readonly maxBytes: number; readonly freeBytes: number | null } {
    return { usedBytes: this.#budget.bytes(), maxBytes: this.#maxBytes, freeBytes: freeBytes(this.#dataDir) };
  }

  close(nowMs: number): void {
    const lost = this.writer.close();
    if (lost > 0) this.#log.error({ writes: lost }, "the disk is full to the end: what waited for it is lost");
    // What a full disk keeps from being written now, the next start makes up for.
    this.attempt(() => void this.evidence.interruptOpen());
    this.attempt(() => void this.metrics.roll(nowMs));
    this.evidence.close();
    this.metrics.close();
    this.#lock.release();
  }

  #problem(kind: "evidence" | "other", error: unknown): void {
    if (this.#failing.size === 0)
      this.#log.error({ error: error instanceof Error ? error.message : String(error) }, "cannot write to the store; probing goes on");
    this.#failing.add(kind);
  }

  #recovered(kind: "evidence" | "other"): void {
    if (!this.#failing.delete(kind) || this.#failing.size > 0) return;
    this.#log.info({}, "the store can be written again; what had waited is written");
  }
}

function freeBytes(directory: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}

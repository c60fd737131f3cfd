/** Has a dead agent's directory lose a third of what it holds, as its budget would, whether it was sent or not. */
import { Ballast } from "../../../src/store/ballast.ts";
import { StoreBudget } from "../../../src/store/budget.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";

const KEPT_SHARE = 0.66;
const YEAR_MS = 365 * 24 * 3600_000;

/** Returns how often something was evicted: 1, or 0 where there was nothing. */
export function evict(dataDir: string): number {
  const evidence = new EvidenceStore(dataDir);
  const metrics = new MetricsStore(dataDir, { keepPending: true });
  try {
    const rollups = { tenSecondsMs: YEAR_MS, minuteMs: YEAR_MS, hourMs: YEAR_MS };
    const budget = (maxBytes: number): StoreBudget =>
      new StoreBudget({
        evidence,
        metrics,
        ballast: new Ballast(dataDir, { maxBytes, note: () => {} }),
        store: { maxBytes, evidenceMs: YEAR_MS, rollups },
      });
    const count = (): number => Number(evidence.database.prepare("SELECT count(*) FROM incidents").pluck().get());
    const before = count();
    budget(Math.floor(budget(YEAR_MS).bytes() * KEPT_SHARE)).run(Date.now());
    return Number(count() < before);
  } finally {
    evidence.close();
    metrics.close();
  }
}

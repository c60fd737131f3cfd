/** A day of rollups that a node could not deliver: a row a minute for each of a thousand peers, as its own upkeep would have written and queued them. */
import { MetricsStore } from "../../../src/store/metrics.ts";
import { Histogram } from "../../../src/stats/histogram.ts";
import { seededRandom } from "../statistics.ts";

export interface BacklogOptions {
  readonly peers: number;
  readonly minutes: number;
  /** They end before this, ms. */
  readonly untilMs: number;
}

const PROBES = 600;
const RTT_US = 12_000;
/** So many different histograms: what is packed together is as unlike as what real paths give. */
const PATHS = 2_000;

/** Returns the number of rows. */
export function seedBacklog(dataDir: string, { peers, minutes, untilMs }: BacklogOptions): number {
  const metrics = new MetricsStore(dataDir, { keepPending: true });
  try {
    const db = metrics.database;
    const until = Math.floor(untilMs / 60_000) * 60;
    const random = seededRandom(1);
    const histograms = Array.from({ length: PATHS }, () => roundTrips(random));
    const peer = db.prepare("INSERT OR IGNORE INTO peers (name) VALUES (?)");
    const row = db.prepare(
      `INSERT INTO rollups_1m (at, peer_id, sent, received, lost, late, duplicate, foreign_replies, send_failed, skipped, blind, doubtful, rtt_min_us, rtt_max_us,
         error_max_us, heard_expected, heard_received, histogram) VALUES (?, ?, ${PROBES}, ${PROBES}, 0, 0, 0, 0, 0, 0, 0, 0, ${RTT_US}, ${RTT_US + 900}, 40, ${PROBES}, ${PROBES}, ?)`,
    );
    const pending = db.prepare("INSERT INTO pending_rollups (at, peer_id) VALUES (?, ?)");
    db.transaction(() => {
      for (let number = 0; number < peers; number++) peer.run(`far-${number}`);
      const ids = db.prepare<[], number>("SELECT id FROM peers WHERE name LIKE 'far-%'").pluck().all();
      for (let minute = minutes; minute > 0; minute--)
        for (const id of ids) {
          row.run(until - minute * 60, id, histograms[Math.floor(random() * PATHS)]);
          pending.run(until - minute * 60, id);
        }
    })();
    return peers * minutes;
  } finally {
    metrics.close();
  }
}

function roundTrips(random: () => number): Uint8Array {
  const histogram = new Histogram();
  const [base, spread] = [500 + random() * 200_000, 0.02 + random() * 0.4];
  for (let probe = 0; probe < PROBES; probe++) histogram.add(Math.round(base * (1 + spread * random() ** 3)));
  return histogram.encode();
}

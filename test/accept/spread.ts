/** Work that needs a laboratory, shared out among a few laboratories side by side: each takes the next job when it is done with its last. */
import { join } from "node:path";
import { BurstLab } from "./burst-lab.ts";
import type { RowContext } from "./row.ts";

export const PEERS = 10;

export async function spread<Job>(context: RowContext, jobs: readonly Job[], work: (lab: BurstLab, job: Job) => Promise<void>): Promise<void> {
  const queue = [...jobs];
  const lane = async (number: number): Promise<void> => {
    const lab = await BurstLab.open({ peers: PEERS, directory: join(context.directory, `lab${number}`), cli: context.cli });
    try {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(lab, job);
    } finally {
      await lab.close();
    }
  };
  const lanes = Array.from({ length: Math.min(context.labs, jobs.length) }, (_, number) => lane(number));
  // When one fails the others end after the job under way.
  for (const one of lanes) one.catch(() => queue.splice(0));
  const ends = await Promise.allSettled(lanes);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

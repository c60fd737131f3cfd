/** Whether a changed configuration costs a probe: a thousand peers ten times a second, and one of them comes, changes or goes every other second. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { ProbeLab, type Totals } from "../../bench/probe-lab.ts";
import type { Agent } from "../../netns/agent.ts";
import type { Row, RowResult } from "../row.ts";
import { Samples } from "../samples.ts";
import { round } from "../statistics.ts";

const PEERS = 1000;
const RELOADS = 30;
const QUICK_RELOADS = 5;
const BETWEEN_MS = 2_000;
const WARM_UP_MS = 5_000;
const SENT_SHARE = 0.999;
/** An address of the laboratory behind those of the thousand. */
const EXTRA = "10.98.200.1";

interface ReloadSample extends Totals {
  readonly reloads: number;
}

type Peers = readonly Readonly<Record<string, unknown>>[];

export const reload: Row = {
  name: "reload",
  title: "a configuration applied again and again while a thousand peers are probed: no probe lost, every slot used",
  async run(context) {
    const samples = new Samples<ReloadSample>(context);
    const lab = await ProbeLab.open();
    try {
      for (const { reloads } of samples.left([{ reloads: context.quick ? QUICK_RELOADS : RELOADS }], (one) => one.reloads)) {
        const during = (agent: Agent): Promise<void> => reloadTimes(reloads, { agent, cli: context.cli });
        const { totals } = await lab.agent({
          peers: PEERS,
          directory: join(context.directory, "run"),
          warmUpMs: WARM_UP_MS,
          during,
          cli: context.cli,
        });
        samples.add({ reloads, ...totals });
        context.progress(`${reloads} reloads: ${totals.sent} sent, ${totals.lost} lost, ${(totals.sentShare * 100).toFixed(3)} % of slots sent`);
      }
    } finally {
      await lab.close();
    }
    return judge(samples.all);
  },
};

/** In turn: a peer more, the same one twice as often, and without it. */
async function reloadTimes(reloads: number, { agent, cli }: { readonly agent: Agent; readonly cli: string }): Promise<void> {
  const started = parse(readFileSync(agent.configFile, "utf8")) as { readonly peers: Peers };
  const extra = { name: "extra", address: EXTRA };
  const turns: readonly Peers[] = [[...started.peers, extra], [...started.peers, { ...extra, interval: "50ms" }], started.peers];
  for (let done = 0; done < reloads; done++) {
    writeFileSync(agent.configFile, stringify({ ...started, peers: turns[done % turns.length] }), { mode: 0o600 });
    await promisify(execFile)(process.execPath, [cli, "reload", "--config", agent.configFile]);
    await pause(BETWEEN_MS);
  }
}

export function judge(samples: readonly ReloadSample[]): RowResult {
  const [sample] = samples;
  const { reloads = 0, sent = 0, lost = 0, blind = 0, incidents = 0, sentShare = 0 } = sample ?? {};
  return {
    samples: reloads,
    figures: { sent, lost, blind, incidents, slots_sent_pct: round(sentShare * 100) },
    bar: "lost 0 and ≥ 99.9 % of the slots sent",
    passed: sent > 0 && lost === 0 && sentShare >= SENT_SHARE,
  };
}

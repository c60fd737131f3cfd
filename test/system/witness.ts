/** Counts, in a router, the probes that pass from one node to another: whether a node probes is not asked of the node. */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "../netns/lab.ts";

const LOOK_MS = 20;
/** Bytes of our probes with their IP header; those of mtr are shorter. */
const PROBE_BYTES = 92;

export interface Watch {
  /** Silence that counts: none is found where probes come as they should. */
  readonly quietMs: number;
  readonly timeoutMs: number;
}

export interface Witness {
  /** Resolves with the wall time at which probes are seen again, after none had come for `quietMs`. */
  probesAgain(watch: Watch): Promise<number>;
}

export async function startWitness(lab: Lab, router: string, { from, to }: { readonly from: string; readonly to: string }): Promise<Witness> {
  // One nft for all looks: to start one takes longer than two probes are apart.
  const nft = lab.spawn(router, ["nft", "-i"]);
  const lines = createInterface({ input: nft.stdout })[Symbol.asyncIterator]();
  const rule = `ip saddr ${from} ip daddr ${to} ip length ${PROBE_BYTES} icmp type echo-request counter name probes`;
  nft.stdin.write(
    [
      "add table inet witness",
      "add counter inet witness probes",
      "add chain inet witness in { type filter hook prerouting priority -300; }",
      `add rule inet witness in ${rule}\n`,
    ].join("; "),
  );
  const seen = async (): Promise<number> => {
    nft.stdin.write("list counter inet witness probes\n");
    for (;;) {
      const { value, done = false } = await lines.next();
      if (done) throw new Error("nft ended");
      const packets = /packets (\d+)/.exec(String(value))?.[1];
      if (packets !== undefined) return Number(packets);
    }
  };
  return {
    async probesAgain({ quietMs, timeoutMs }) {
      let last = await seen();
      let changedMs = Date.now();
      let isQuiet = false;
      for (const deadline = changedMs + timeoutMs; Date.now() < deadline; await pause(LOOK_MS)) {
        const lookedMs = Date.now();
        const now = await seen();
        // A look that took long is no silence: nothing came between the end of one look and the beginning of another.
        if (now === last) isQuiet ||= lookedMs - changedMs >= quietMs;
        else if (isQuiet) return Date.now();
        else [last, changedMs] = [now, Date.now()];
      }
      throw new Error(`${isQuiet ? "no probe was seen again" : "the probes never stopped"} within ${timeoutMs / 1000} s`);
    },
  };
}

/**
 * Loss on demand, by nftables, because this laboratory must not depend on netem.
 *
 * When a rule takes effect has to be known to about a millisecond, and starting nft costs five to ten. So each machine that ever drops anything keeps one
 * interactive nft inside its namespace, fed through its standard input: a switch and its acknowledgement take about one millisecond.
 * A switch rewrites the whole chain of a hook in one transaction: no rule handles, and several rules on one hook lift in any order.
 * Neighbour discovery is never dropped: without it a rule for IPv6 would cut the link below and not the path above.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";

export type Hook = "forward" | "prerouting" | "output" | "input";

/** What to drop: every condition given must match; none means everything. */
export interface LossSpec {
  readonly to?: string;
  readonly from?: string;
  /** 1–1000; each packet is decided on its own. */
  readonly perMille: number;
  /** `forward` (the default): the router still answers for itself. `prerouting`: it falls silent too. */
  readonly hook?: Hook;
  readonly icmpId?: number;
  /** nft's word: echo-request, echo-reply, time-exceeded … */
  readonly icmpType?: string;
  /** Only packets that came in from this neighbour. */
  readonly inFrom?: string;
}

export interface LossRule {
  /** Wall clock, ms: the middle of the interval in which the rule took effect. */
  readonly switchedOnMs: number;
  /** Half the length of that interval, ms. */
  readonly switchErrorMs: number;
  /** Takes the rule away and tells when (wall clock, ms). A second call changes nothing and returns the same time. */
  lift(): Promise<number>;
}

export interface LossSwitch {
  dropOn(spec: LossSpec): Promise<LossRule>;
}

/** Starts a process in the machine's namespace that the laboratory ends when it closes. */
type Start = (argv: readonly string[]) => ChildProcessWithoutNullStreams;

const HOOKS: readonly Hook[] = ["forward", "prerouting", "output", "input"];
const DISCOVERY = "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept";
const FAMILY_WORD = { ip: "icmp", ip6: "icmpv6" } as const;

/** The nft match and verdict for a specification; two lines when it names an ICMP field and no family. */
export function lossRules(spec: LossSpec): readonly string[] {
  if (!Number.isInteger(spec.perMille) || spec.perMille < 1 || spec.perMille > 1000) {
    throw new Error(`Cannot drop ${spec.perMille} per mille: use a whole number from 1 to 1000`);
  }
  const address = spec.to ?? spec.from;
  const icmp = spec.icmpId !== undefined || spec.icmpType !== undefined;
  const families = address !== undefined ? ([address.includes(":") ? "ip6" : "ip"] as const) : icmp ? (["ip", "ip6"] as const) : [null];
  const verdict = spec.perMille === 1000 ? "drop" : `numgen random mod 1000 < ${spec.perMille} drop`;
  return families.map((family) => {
    const word = family === null ? "" : FAMILY_WORD[family];
    const matches = [
      spec.inFrom === undefined ? "" : `iifname "to-${spec.inFrom}"`,
      spec.to === undefined ? "" : `${family} daddr ${spec.to}`,
      spec.from === undefined ? "" : `${family} saddr ${spec.from}`,
      spec.icmpType === undefined ? "" : `${word} type ${spec.icmpType}`,
      spec.icmpId === undefined ? "" : `${word} id ${spec.icmpId}`,
      verdict,
    ];
    return matches.filter((match) => match !== "").join(" ");
  });
}

export function createLossSwitch(start: Start): LossSwitch {
  const active = new Map<Hook, Set<readonly string[]>>(HOOKS.map((hook) => [hook, new Set()]));
  let nft: ((commands: readonly string[]) => Promise<void>) | null = null;
  /** Switches of one machine go one after the other. */
  let last: Promise<unknown> = Promise.resolve();

  const prepared = async (): Promise<(commands: readonly string[]) => Promise<void>> => {
    if (nft !== null) return nft;
    nft = interactive(start(["nft", "-i"]));
    await nft(["add table inet lab", ...HOOKS.map((hook) => `add chain inet lab ${hook} { type filter hook ${hook} priority -150; }`)]);
    return nft;
  };
  const rewrite = async (hook: Hook): Promise<readonly [number, number]> => {
    const run = await prepared();
    const rules = [...(active.get(hook) ?? [])].flat();
    const adds = rules.length === 0 ? [] : [DISCOVERY, ...rules].map((rule) => `add rule inet lab ${hook} ${rule}`);
    const before = Date.now();
    await run([`flush chain inet lab ${hook}`, ...adds]);
    return [before, Date.now()];
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };

  return {
    async dropOn(spec) {
      const hook = spec.hook ?? "forward";
      const rules = lossRules(spec);
      const [before, after] = await inTurn(() => {
        active.get(hook)?.add(rules);
        return rewrite(hook);
      });
      let lifted: Promise<number> | null = null;
      return {
        switchedOnMs: (before + after) / 2,
        switchErrorMs: (after - before) / 2,
        lift: () =>
          (lifted ??= inTurn(async () => {
            active.get(hook)?.delete(rules);
            const [from, to] = await rewrite(hook);
            return (from + to) / 2;
          })),
      };
    },
  };
}

/** One line is one transaction. nft says nothing when it succeeds, so a listing behind it tells that it is done. */
function interactive(nft: ChildProcessWithoutNullStreams): (commands: readonly string[]) => Promise<void> {
  let out = "";
  let complaint = "";
  let settle: (() => void) | null = null;
  nft.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.includes("table inet lab")) settle?.();
  });
  nft.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  nft.on("error", (error) => ((complaint += error.message), settle?.()));
  nft.on("close", () => ((complaint += "nft ended"), settle?.()));
  nft.stdin.on("error", () => undefined);
  return async (commands) => {
    if (nft.exitCode === null && nft.signalCode === null) {
      await new Promise<void>((resolve) => {
        settle = resolve;
        out = "";
        nft.stdin.write(`${commands.join("; ")}\nlist tables\n`);
      });
    }
    if (complaint !== "") throw new Error(`Cannot switch the loss rule: ${complaint.trim()}`);
  };
}

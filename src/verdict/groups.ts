/**
 * What bad peers have in common that good ones have not: labels, address prefixes, routers and links of the baseline. Hit and coverage ratio after SCORE
 * (NSDI 2005): pi = share of the group that is bad, kappa = share of the bad that are in the group, F their harmonic mean.
 */
import { addressBytes } from "../packet/address.ts";
import { commonEnd } from "./common-end.ts";
import type { EventView } from "./event-view.ts";
import type { MeshMember } from "./facts.ts";

export interface Group {
  readonly kind: "link" | "hop" | "label" | "prefix";
  /** "site=gz", "10.20.0.0/16", a router, or two joined by an arrow. */
  readonly name: string;
  readonly hop: { readonly after: string | null; readonly before: string | null } | null;
  readonly members: number;
  readonly badMembers: number;
  readonly score: number;
  /** The traces of the bad peers ended here. */
  readonly traced: boolean;
}

const MIN_SCORE = 0.7;
/** A clean peer behind a dead router acquits it; a few may not have lost enough yet. */
const MIN_HIT = 0.8;
/** With equal scores the more telling kind wins: a place on the path before a name, a name before a number. */
const KINDS: readonly Group["kind"][] = ["link", "hop", "label", "prefix"];
/** IPv4 and IPv6, in bits. */
const PREFIXES: Readonly<Record<number, readonly number[]>> = { 4: [16, 24], 16: [32, 48] };

type Trait = Pick<Group, "kind" | "name" | "hop">;

/** The best explanation, null when none is good enough. */
export function bestGroup(view: EventView): Group | null {
  const { incidents, facts } = view;
  if (incidents.length < 2) return null;
  const end = commonEnd(incidents);
  const badPeers = new Set(incidents.map(({ peer }) => peer));
  const good = tally(facts.mesh.members.filter(({ peer }) => !badPeers.has(peer)));
  const groups = [...tally(incidents)].flatMap(([key, { trait, count }]) => {
    const members = count + (good.get(key)?.count ?? 0);
    const hit = (count + 0.5) / (members + 1);
    const coverage = count / incidents.length;
    const score = (2 * hit * coverage) / (hit + coverage);
    if (count < 2 || score < MIN_SCORE || count < MIN_HIT * members) return [];
    const traced =
      end !== null && end.after !== null && end.agreeing >= 2 && (trait.kind === "link" ? trait.hop?.after === end.after : trait.name === end.after);
    return [{ ...trait, members, badMembers: count, score, traced }];
  });
  return groups.sort(compare)[0] ?? null;
}

/** First what the traces say, then the score, the kind, the smaller group; first in path order remains. */
function compare(a: Group, b: Group): number {
  return Number(b.traced) - Number(a.traced) || b.score - a.score || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.members - b.members;
}

function tally(members: readonly MeshMember[]): Map<string, { readonly trait: Trait; count: number }> {
  const counts = new Map<string, { readonly trait: Trait; count: number }>();
  for (const member of members) {
    for (const [key, trait] of new Map(traitsOf(member).map((trait) => [`${trait.kind} ${trait.name}`, trait]))) {
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { trait, count: 1 });
      else known.count++;
    }
  }
  return counts;
}

function traitsOf({ labels, address, path }: MeshMember): Trait[] {
  const named = Object.entries(labels).map(([label, value]): Trait => ({ kind: "label", name: `${label}=${value}`, hop: null }));
  return [...named, ...prefixes(address).map((name): Trait => ({ kind: "prefix", name, hop: null })), ...places(path ?? [])];
}

/** Each router, and each link between two of them that answer. */
function places(path: readonly (string | null)[]): Trait[] {
  return path.flatMap((address, index): Trait[] => {
    if (address === null) return [];
    const previous = path[index - 1] ?? null;
    const hop = { after: previous, before: address };
    const router: Trait = { kind: "hop", name: address, hop };
    return previous === null ? [router] : [router, { kind: "link", name: `${previous} → ${address}`, hop }];
  });
}

function prefixes(address: string): string[] {
  const bytes = addressBytes(address);
  if (bytes === null) return [];
  return (PREFIXES[bytes.length] ?? []).map((bits) => {
    const kept = [...bytes.subarray(0, bits / 8)];
    if (bytes.length === 4) return `${[...kept, 0, 0, 0, 0].slice(0, 4).join(".")}/${bits}`;
    const groups = kept.flatMap((byte, index) => (index % 2 === 0 ? [((byte << 8) | (kept[index + 1] ?? 0)).toString(16)] : []));
    return `${groups.join(":")}::/${bits}`;
  });
}

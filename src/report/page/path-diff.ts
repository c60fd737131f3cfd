/** Who answered with each TTL before, during and after, side by side. A hop that is silent is no other hop; one that answers from elsewhere is. */
import { sameAddress } from "../../path/same-address.ts";
import type { PathComparison, PathLine, PhaseRows } from "./ticket.ts";

const SILENT = "silent";

export function comparePaths(tables: readonly PhaseRows[]): PathComparison {
  const [before, during, after] = (["before", "during", "after"] as const).map((phase) => answersOf(tables.find((table) => table.phase === phase)));
  const ttls = [...new Set([before, during, after].flatMap((answers) => [...(answers?.keys() ?? [])]))].sort((a, b) => a - b);
  const lines = ttls.map((ttl): PathLine => {
    const [was, then, now] = [before, during, after].map((answers) => answers?.get(ttl) ?? null);
    return {
      ttl,
      before: was ?? null,
      during: then ?? null,
      after: now ?? null,
      differs: differ(was, then) || differ(was, now) || differ(then, now),
    };
  });
  const compared = (before?.size ?? 0) > 0 && ((after?.size ?? 0) > 0 || (during?.size ?? 0) > 0);
  return { changed: compared ? lines.some(({ differs }) => differs) : null, lines };
}

function answersOf(table: PhaseRows | undefined): Map<number, string> {
  return new Map((table?.hops ?? []).map((hop) => [hop.ttl, hop.address ?? SILENT]));
}

function differ(a: string | null | undefined, b: string | null | undefined): boolean {
  const known = (address: string | null | undefined): address is string => address !== null && address !== undefined && address !== SILENT;
  return known(a) && known(b) && !sameAddress(a, b);
}

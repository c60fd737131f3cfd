/** Reports from the heads alone: what is known of an incident before its evidence has come. */
import { iso } from "../../report/figures.ts";
import { REPORT_SCHEMA } from "../../report/report.ts";
import type { CollectorStore, StoredRecord } from "../store/port.ts";
import { readHeads } from "./heads.ts";
import type { IncidentQuery, Reports } from "./ports.ts";

const MAX_INCIDENTS = 100;
/** Of one report: 10 MB of heads. */
const MAX_HEADS = 5_000;
/** Of one incident; a long one has hundreds of blocks of samples and lines. */
const MAX_RECORDS = 20_000;

export function briefReports(store: CollectorStore): Reports {
  const find = async ({ id, node }: IncidentQuery): Promise<readonly StoredRecord[]> =>
    store.records({ types: ["incident"], idPrefix: id, ...(node === null ? {} : { node }), limit: MAX_INCIDENTS });
  return {
    incident: async (query) => {
      const found = new Set((await find(query)).map(({ node, id }) => JSON.stringify([node, id])));
      if (found.size === 0) return null;
      const { heads } = await readHeads(store, { node: query.node, peer: null, limit: MAX_HEADS });
      return { incidents: heads.filter(({ node, id }) => found.has(JSON.stringify([node, id]))) };
    },
    records: async (query) => {
      const found = await find(query);
      if (found.length === 0) return null;
      const nodes = await Promise.all(
        [...Map.groupBy(found, ({ node }) => node)].map(async ([node, heads]) => {
          const parents = heads.map(({ id }) => id);
          const records = await store.records({ types: ["row.captures", "row.samples"], node, parents, limit: MAX_RECORDS });
          return {
            node,
            records: [...heads, ...records].map(({ type, id, version, data }) => ({ type, id, version, data: JSON.parse(data) as unknown })),
            rollups: [],
          };
        }),
      );
      return { incidents: found.map(({ node, id }) => ({ node, id })), nodes };
    },
    report: async ({ nowMs, ...range }) => {
      const { heads, isAll } = await readHeads(store, { ...range, limit: MAX_HEADS });
      const problems = isAll ? [] : [`more than ${MAX_HEADS} incidents lie in this time; only the newest are given`];
      return { schema: REPORT_SCHEMA, generated_at: iso(nowMs), since: iso(range.sinceMs), until: iso(range.untilMs), incidents: heads, problems };
    },
  };
}

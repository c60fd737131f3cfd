/** What a query asks for, as SQL: the conditions are the same in both databases, only a value and a list are written in the words of each. */
import { LANE_OF } from "../../sync/record-types.ts";
import type { RecordQuery, RollupQuery } from "./port.ts";

export interface Words {
  /** Takes a value in and gives what stands for it. */
  value(value: string | number): string;
  /** Takes a list in and gives what stands behind the column. */
  oneOf(list: readonly string[]): string;
}

export const SAMPLES = "row.samples";
/** All that goes with `recordsBeforeMs`. */
export const LONG_LIVED: readonly string[] = Object.keys(LANE_OF).filter((type) => type !== SAMPLES && type !== "rollup");

/** Null: nothing can match. */
export function recordConditions(query: RecordQuery, words: Words): string | null {
  const lists: readonly (readonly [string, readonly string[] | undefined])[] = [
    ["type", query.types],
    ["id", query.ids],
    ["parent", query.parents],
  ];
  const all: string[] = [];
  for (const [column, list] of lists) {
    if (list === undefined) continue;
    if (list.length === 0) return null;
    all.push(`${column} ${words.oneOf(list)}`);
  }
  if (query.node !== undefined) all.push(`node = ${words.value(query.node)}`);
  if (query.peer !== undefined) all.push(`peer = ${words.value(query.peer)}`);
  // No LIKE: an id may hold its wildcards. No range: text has another order in every locale.
  if (query.idPrefix !== undefined) all.push(`substr(id, 1, ${words.value([...query.idPrefix].length)}) = ${words.value(query.idPrefix)}`);
  if (query.sinceMs !== undefined) all.push(`until_ms >= ${words.value(query.sinceMs)}`);
  if (query.untilMs !== undefined) all.push(`at_ms < ${words.value(query.untilMs)}`);
  return all.join(" AND ");
}

/** `nodes`: all that there are; with them the key of the table serves also those who ask for all nodes. */
export function rollupConditions(query: RollupQuery, nodes: readonly string[], words: Words): string {
  const all = [
    query.node === undefined ? `node ${words.oneOf(nodes)}` : `node = ${words.value(query.node)}`,
    `at >= ${words.value(Math.ceil(query.from))}`,
    `at < ${words.value(Math.ceil(query.to))}`,
  ];
  if (query.peer !== undefined) all.push(`peer = ${words.value(query.peer)}`);
  return all.join(" AND ");
}

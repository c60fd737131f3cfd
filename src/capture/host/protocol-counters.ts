/** /proc/net/snmp and /proc/net/netstat: tables of two lines each, names above figures, both beginning with the table's name. */
import { counter } from "./counter.ts";

/** The figures of one table by name; null where the file, the table or the column is missing. */
export function tableCounters<Name extends string>(
  text: string | null,
  table: string,
  names: readonly Name[],
): Readonly<Record<Name, number | null>> {
  const [header, figures] = text?.split("\n").filter((line) => line.startsWith(`${table}: `)) ?? [];
  const columns = header?.trim().split(/\s+/) ?? [];
  const values = figures?.trim().split(/\s+/) ?? [];
  const valueOf = (name: Name): number | null => {
    const column = columns.indexOf(name);
    return column < 1 ? null : counter(values[column]);
  };
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, number | null>;
}

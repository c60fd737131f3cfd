/** `tc -s -j qdisc`: packets that the queues of interfaces dropped before they reached the wire. They are in no file. */
import { jsonList } from "./neighbours.ts";

/** By interface. Only root queues: what a queue below them drops is in their own count too. Null when it is no list. */
export function parseQueueDrops(text: string | null): ReadonlyMap<string, number> | null {
  const rows = jsonList(text);
  if (rows === null) return null;
  const drops = new Map<string, number>();
  for (const row of rows) {
    const { dev, root, drops: dropped } = row;
    if (typeof dev === "string" && root === true && typeof dropped === "number" && Number.isSafeInteger(dropped) && dropped >= 0)
      drops.set(dev, (drops.get(dev) ?? 0) + dropped);
  }
  return drops;
}

/** /proc/net/dev: what each interface of this network namespace carried, refused and dropped. */
import { counter } from "./counter.ts";

export interface LinkCounters {
  readonly rxBytes: number;
  readonly rxErrors: number;
  /** With those that no memory was left for; also frames of protocols that nobody here listens to, which are no fault. */
  readonly rxDrops: number;
  readonly txBytes: number;
  readonly txErrors: number;
  readonly txDrops: number;
}

/** Columns after the colon: bytes, packets, errs, drop, fifo, frame, compressed and multicast received, then bytes, packets, errs, drop… sent. */
const RX = { bytes: 0, errors: 2, drops: 3 } as const;
const TX = { bytes: 8, errors: 10, drops: 11 } as const;

/** By interface. Lines that are none are passed over; null without the file. */
export function parseNetDev(text: string | null): ReadonlyMap<string, LinkCounters> | null {
  if (text === null) return null;
  const links = new Map<string, LinkCounters>();
  for (const line of text.split("\n")) {
    // The figures have no colon, a name may have one.
    const colon = line.lastIndexOf(":");
    if (colon < 1) continue;
    const figures = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const [rxBytes, rxErrors, rxDrops, txBytes, txErrors, txDrops] = [RX.bytes, RX.errors, RX.drops, TX.bytes, TX.errors, TX.drops].map((column) =>
      counter(figures[column]),
    );
    if (rxBytes == null || rxErrors == null || rxDrops == null || txBytes == null || txErrors == null || txDrops == null) continue;
    links.set(line.slice(0, colon).trim(), { rxBytes, rxErrors, rxDrops, txBytes, txErrors, txDrops });
  }
  return links;
}

/**
 * What the kernel knows of the machines on its links: /proc/net/arp (IPv4) and `ip -j neigh` (both families, and finer).
 * It doubts slowly: a gateway that is gone still counts as reachable for up to 45 s, and for 8 s more while it is asked again. "Reachable" is therefore no alibi
 * of the gateway, "failed" is proof.
 */
import { hexCounter } from "./counter.ts";

export interface Neighbour {
  readonly address: string;
  readonly interface: string;
  /** Null where its state proves nothing: entered by hand, or being asked just now. */
  readonly state: "reachable" | "failed" | null;
}

/** include/uapi/linux/if_arp.h: an address is known; entered by hand. */
const ATF_COM = 0x2;
const ATF_PERM = 0x4;

/** IP address, HW type, Flags, HW address, Mask, Device. */
export function parseArp(text: string | null): readonly Neighbour[] | null {
  if (text === null) return null;
  return text.split("\n").flatMap((line): Neighbour[] => {
    const [address = "", , flagsText = "", , , device] = line.trim().split(/\s+/);
    const flags = flagsText.startsWith("0x") ? hexCounter(flagsText.slice(2)) : null;
    if (flags === null || device === undefined) return [];
    return [{ address, interface: device, state: (flags & ATF_PERM) !== 0 ? null : (flags & ATF_COM) !== 0 ? "reachable" : "failed" }];
  });
}

/** PROBE: doubted, and asked; it may be either. PERMANENT, NOARP: by decree. */
const STATES: Readonly<Partial<Record<string, Neighbour["state"]>>> = {
  REACHABLE: "reachable",
  STALE: "reachable",
  DELAY: "reachable",
  INCOMPLETE: "failed",
  FAILED: "failed",
};

/** Output of `ip -j neigh`; null when it is no list. */
export function parseIpNeigh(text: string | null): readonly Neighbour[] | null {
  const rows = jsonList(text);
  return (
    rows?.flatMap((row): Neighbour[] => {
      const { dst, dev, state } = row;
      if (typeof dst !== "string" || typeof dev !== "string" || !Array.isArray(state)) return [];
      const [word] = state as unknown[];
      return [{ address: dst, interface: dev, state: (typeof word === "string" ? STATES[word] : null) ?? null }];
    }) ?? null
  );
}

/** The objects of a JSON list; null when the text is none. */
export function jsonList(text: string | null): readonly Readonly<Record<string, unknown>>[] | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((row): row is Record<string, unknown> => typeof row === "object" && row !== null) : null;
  } catch {
    return null;
  }
}

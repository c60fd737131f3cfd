/** /sys/class/net/X: whether the cable is there, how often it was not, and how fast it is. The kernel refuses some of them for an interface that is down. */
import { counter } from "./counter.ts";

export interface LinkState {
  readonly carrier: boolean | null;
  /** Both ways: lost and found again counts two. */
  readonly carrierChanges: number | null;
  /** RFC 2863, in the kernel's words. */
  readonly operstate: string | null;
  readonly speedMbit: number | null;
  readonly mtu: number | null;
}

export const LINK_FILES = ["carrier", "carrier_changes", "operstate", "speed", "mtu"] as const;
export type LinkFile = (typeof LINK_FILES)[number];

const OPERSTATES: readonly string[] = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"];
/** SPEED_UNKNOWN is −1, which some drivers print unsigned. */
const SPEED_UNKNOWN_UNSIGNED = 0xffff_ffff;

export function parseLinkState(texts: Readonly<Record<LinkFile, string | null>>): LinkState {
  const [carrier, carrierChanges, operstate, speed, mtu] = LINK_FILES.map((file) => texts[file]?.trim());
  const speedMbit = counter(speed);
  return {
    carrier: carrier === "1" ? true : carrier === "0" ? false : null,
    carrierChanges: counter(carrierChanges),
    operstate: operstate !== undefined && OPERSTATES.includes(operstate) ? operstate : null,
    speedMbit: speedMbit === 0 || speedMbit === SPEED_UNKNOWN_UNSIGNED ? null : speedMbit,
    mtu: counter(mtu),
  };
}

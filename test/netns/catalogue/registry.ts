import type { Fault } from "./fault.ts";
import { nearFaults } from "./near-faults.ts";
import { pathFaults } from "./path-faults.ts";
import { peerFaults } from "./peer-faults.ts";

/** Every fault of the catalogue. The longest first: they would keep the others waiting at the end. */
export const catalogue: readonly Fault[] = [...pathFaults, ...nearFaults, ...peerFaults].toSorted((a, b) => b.lastsMs - a.lastsMs);

/** What laboratory tests need, as the `skip` option of node:test: false, or the reason that is printed and counted. */
import { missingSystemPackages } from "../../packaging/system-packages.ts";
import { labObstacle } from "./lab.ts";

const obstacle = labObstacle();
const missing = missingSystemPackages(["iproute2", "nftables", "iputils-ping", "mtr-tiny", "libfaketime", "g++"]);

export const skipLab: string | false = obstacle ?? (missing.length === 0 ? false : `not installed: ${missing.join(", ")}`);

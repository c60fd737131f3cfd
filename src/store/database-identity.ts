/**
 * Where a database belongs: this machine, this directory. One that was copied elsewhere gets another id, so that two agents never tell a collector different things
 * under the same numbers.
 */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";

const MACHINE_ID = "/etc/machine-id";

export interface DatabaseIdentity {
  /** SHA-256 of the machine's id, which is nobody else's business (machine-id(5)); null where there is none. */
  readonly machine: string | null;
  /** Without symbolic links. */
  readonly directory: string;
}

export function readIdentity(dataDir: string): DatabaseIdentity {
  return { machine: machineId(), directory: realpathSync(dataDir) };
}

function machineId(): string | null {
  try {
    const text = readFileSync(MACHINE_ID, "utf8").trim();
    return text === "" ? null : createHash("sha256").update(text).digest("hex");
  } catch {
    return null;
  }
}

/** Under systemd: waits when the starts before this one ended badly, one soon after the other. */
import { uptime } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { FactLog } from "../fact-log.ts";
import { StartRecord } from "./start-delay.ts";

export interface TurnOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly log: Pick<FactLog, "warn">;
}

/** Null where nobody keeps account of starts. */
export async function takeTurn({ env, signal, log }: TurnOptions): Promise<StartRecord | null> {
  const [directory = ""] = (env["RUNTIME_DIRECTORY"] ?? "").split(":");
  if (directory === "") return null;
  const record = new StartRecord(directory);
  const waitMs = record.begin(uptime());
  if (waitMs > 0) {
    log.warn({ wait_ms: waitMs }, "earlier starts ended badly, one soon after the other; this one waits");
    await pause(waitMs, undefined, { signal }).catch(() => {});
  }
  return record;
}

/**
 * Other programs that want the processor: endless loops at normal priority. Each has a session of its own, as another service or login has: where the kernel
 * groups processes by session (sched_autogroup) they would else share our turn.
 */
import { spawn } from "node:child_process";
import { onProcessEnd } from "./namespaces.ts";

export interface BusyLoops {
  stop(): void;
}

export function keepBusy(loops: number): BusyLoops {
  const children = Array.from({ length: loops }, () => spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore", detached: true }));
  const kill = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  const forget = onProcessEnd(kill);
  return {
    stop() {
      forget();
      kill();
    },
  };
}

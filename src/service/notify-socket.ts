/**
 * systemd's end of the line: states go to the socket in NOTIFY_SOCKET (sd_notify(3)). Outside of such a service there is no socket, and nothing is loaded.
 */
import { createRequire } from "node:module";
import { getSystemErrorName } from "node:util";

interface SdNotify {
  /** Returns 0, or an errno. */
  notify(path: string, state: string): number;
}

/** Made by `npm run native`; src/ and dist/ are equally deep. */
const NATIVE = "../../build/sd-notify.node";

/** Sends one state, lines of KEY=VALUE; returns the name of the error, or null. */
export type Notify = (state: string) => string | null;

/** Null where nobody listens. Throws when systemd waits for words and they cannot be sent. */
export function openNotifySocket(env: Readonly<Record<string, string | undefined>>): Notify | null {
  const path = env["NOTIFY_SOCKET"];
  if (path === undefined || !/^[/@]./.test(path)) return null;
  const native = createRequire(import.meta.url)(NATIVE) as SdNotify;
  return (state) => {
    const failure = native.notify(path, state);
    return failure === 0 ? null : getSystemErrorName(-failure);
  };
}

/** Time after which systemd restarts us without a sign of life; null when it does not watch us. */
export function watchdogMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const us = Number(env["WATCHDOG_USEC"] ?? "");
  const isOurs = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  return Number.isFinite(us) && us > 0 && isOurs ? us / 1000 : null;
}

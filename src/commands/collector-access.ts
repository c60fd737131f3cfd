/** With what a collector is asked: the options, else what the configuration has for the same address. Its token goes to no other one. */
import { readFileSync, statSync } from "node:fs";
import { escapeForTerminal } from "../report/escape.ts";
import { loadConfig } from "../config/load.ts";
import { errorCode } from "../store/store-error.ts";
import type { World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

export interface AccessOptions {
  readonly url: string;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly config: string;
}

export interface Access {
  readonly url: string;
  readonly token: string | null;
  readonly ca: string | null;
}

/** Longer is no token, and no certificate. */
const MAX_FILE_BYTES = 1_000_000;
/** Mode bits of those who are neither owner nor in the group. */
const ANYBODY = 0o007;

/** Throws UsageError, one line, for an address or a file that cannot be used. */
export function collectorAccess({ url, tokenFile, caFile, config }: AccessOptions, world: World): Access {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`${JSON.stringify(url)} is not the address of a collector; write it like https://collector.example:8443`);
  if (parsed.username !== "" || parsed.password !== "") throw new UsageError("a password does not belong in the address; use --token-file");
  const configured = tokenFile === undefined || caFile === undefined ? configuredFor(parsed, { config, world }) : null;
  const tokenFrom = tokenFile ?? configured?.tokenFile ?? null;
  const caFrom = caFile ?? configured?.caFile ?? null;
  const token = tokenFrom === null ? null : readToken(tokenFrom);
  if (tokenFrom !== null && (statSync(tokenFrom).mode & ANYBODY) !== 0)
    world.stderr(`meshprobe report: ${escapeForTerminal(`${tokenFrom} may be used by every user of this machine; chmod o= ${tokenFrom}`)}\n`);
  if (token !== null && parsed.protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(parsed.hostname))
    world.stderr(`meshprobe report: ${escapeForTerminal(url)} is not encrypted: whoever is on the way can read the token\n`);
  return { url: parsed.href.replace(/\/$/, ""), token, ca: caFrom === null ? null : readText(caFrom, "the certificate of the authority") };
}

/** A configuration is not needed here: one that cannot be read says nothing. */
function configuredFor(
  url: URL,
  { config, world }: { readonly config: string; readonly world: World },
): { readonly tokenFile: string | null; readonly caFile: string | null } | null {
  try {
    const { collector } = loadConfig(config, { hostName: world.hostName });
    return collector !== null && collector.urls.some((one) => URL.parse(one)?.origin === url.origin) ? collector : null;
  } catch (error) {
    if (error instanceof Error && error.name === "ConfigError") return null;
    throw error;
  }
}

/** `meshprobe collector token add` prints it as its last word. */
function readToken(file: string): string {
  const token = readText(file, "the token").trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError(`${file} does not hold a token: one word on one line`);
  return token;
}

function readText(file: string, what: string): string {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > MAX_FILE_BYTES) throw new UsageError(`${file} is too large for ${what}`);
    return text;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = errorCode(error);
    const reason = code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "this user may not read it" : code || String(error);
    throw new UsageError(`cannot read ${what} from ${file}: ${reason}`, { cause: error });
  }
}

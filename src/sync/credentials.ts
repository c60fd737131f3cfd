/**
 * Who we are to the collector and whom we believe: the token, the authority, our certificate. Looked at before each attempt and read again when one of the files has
 * changed, so that a token is rotated without a restart. What is wrong with a file is a sentence for the status; it ends nothing.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync, type Stats, statSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { CollectorConfig } from "../config/config.ts";

type Files = Pick<CollectorConfig, "tokenFile" | "caFile" | "certFile" | "keyFile">;

const OTHERS = 0o007;
/** A token is 43 characters; a bundle of authorities is 300 kB. */
const MAX_FILE_BYTES = 4_000_000;
/** What fits into a header line and cannot break out of it (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_TOKEN_CHARACTERS = 4_096;

export interface Credentials {
  /** Null where none is configured. */
  readonly token: string | null;
  /** Null while plain http is all that is asked for. */
  readonly tls: SecureContext | null;
  /** Another number: something has changed, and connections made with the old ones are of no use. */
  readonly version: number;
}

/** Its message names the file and what to do, and holds no secret. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
}

export class CredentialFiles {
  readonly #files: Files;
  readonly #needsTls: boolean;
  /** The system's authorities: read once, they are a hundred files. */
  #system: readonly string[] | null = null;
  #read: { readonly stamp: string; readonly result: Credentials | CredentialError } | null = null;
  #version = 0;

  /** `urls`: of the collector. */
  constructor({ tokenFile, caFile, certFile, keyFile, urls }: Files & Pick<CollectorConfig, "urls">) {
    this.#files = { tokenFile, caFile, certFile, keyFile };
    this.#needsTls = urls.some((url) => URL.parse(url)?.protocol === "https:");
  }

  /** Throws CredentialError. */
  get(): Credentials {
    const { tokenFile, caFile, certFile, keyFile } = this.#files;
    const stamp = [tokenFile, caFile, certFile, keyFile].map(stampOf).join("\n");
    if (this.#read?.stamp !== stamp) this.#read = { stamp, result: this.#make() };
    const { result } = this.#read;
    if (result instanceof CredentialError) throw result;
    return result;
  }

  #make(): Credentials | CredentialError {
    try {
      const { tokenFile } = this.#files;
      const token = tokenFile === null ? null : readToken(tokenFile);
      return { token, tls: this.#needsTls ? this.#tls() : null, version: ++this.#version };
    } catch (error) {
      if (error instanceof CredentialError) return error;
      throw error;
    }
  }

  #tls(): SecureContext {
    const { caFile, certFile, keyFile } = this.#files;
    const own = certFile === null || keyFile === null ? {} : { cert: readFile(certFile, "certificate"), key: readSecret(keyFile, "private key") };
    const ca = caFile === null ? this.#systemAuthorities() : [readAuthority(caFile)];
    const names = [caFile, certFile, keyFile].filter((file) => file !== null).join(", ");
    try {
      return createSecureContext({ ...own, ...(ca === null ? {} : { ca: [...ca] }) });
    } catch (error) {
      throw new CredentialError(
        `${names}: ${error instanceof Error ? error.message : String(error)}; PEM is wanted, and a key that fits the certificate`,
      );
    }
  }

  /** Null where the system has none: then those that come with Node. */
  #systemAuthorities(): readonly string[] | null {
    this.#system ??= getCACertificates("system");
    return this.#system.length === 0 ? null : this.#system;
  }
}

/** Node takes a text without any certificate for an empty list, and then trusts nobody. */
function readAuthority(file: string): string {
  const text = readFile(file, "certificate authority");
  try {
    void new X509Certificate(text);
    return text;
  } catch {
    throw new CredentialError(`${file} holds no certificate; PEM is wanted`);
  }
}

function readToken(file: string): string {
  const token = readSecret(file, "token").trim();
  if (token === "") throw new CredentialError(`${file} holds no token`);
  if (token.length > MAX_TOKEN_CHARACTERS || !TOKEN.test(token)) throw new CredentialError(`${file} holds no token, but something else`);
  return token;
}

/** For our user alone: who has it can speak for this node. */
function readSecret(file: string, what: string): string {
  const text = readFile(file, what);
  const mode = statOf(file)?.mode ?? 0;
  if ((mode & OTHERS) === 0) return text;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw new CredentialError(`${file} may be used by other users (mode ${shown}) and is not used; chmod o= ${file}`);
}

function readFile(file: string, what: string): string {
  const stats = statOf(file);
  // Reading a FIFO would wait for whoever writes into it.
  if (stats !== null && (!stats.isFile() || stats.size > MAX_FILE_BYTES)) throw new CredentialError(`${file} is no file with a ${what}`);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CredentialError(`${file}: the ${what} cannot be read: ${code}`);
  }
}

function stampOf(file: string | null): string {
  const stats = file === null ? null : statOf(file);
  return stats === null ? "" : [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(" ");
}

function statOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}

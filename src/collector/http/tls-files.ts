/** Certificate, key and CA from their files; again when one of them changed, so that a renewed certificate needs no restart. */
import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "../config/collector-config.ts";

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert?: true;
  readonly rejectUnauthorized?: true;
}

/** Files that cannot be read, or hold no certificate and key that fit. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
}

export class TlsFiles {
  readonly #config: TlsConfig;
  #stamp: string;

  constructor(config: TlsConfig) {
    this.#config = config;
    this.#stamp = this.#stampNow();
  }

  /** Throws TlsFileError. */
  read(): TlsMaterial {
    const { certFile, keyFile, clientCaFile } = this.#config;
    const material = {
      cert: readText(certFile),
      key: readText(keyFile),
      ...(clientCaFile === null ? {} : ({ ca: readText(clientCaFile), requestCert: true, rejectUnauthorized: true } as const)),
    };
    try {
      createSecureContext(material);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TlsFileError(`Cannot use the certificate ${certFile} with the key ${keyFile}: ${reason}`, { cause });
    }
    return material;
  }

  /** Null while they are as they were. Throws TlsFileError, once for each change. */
  readIfChanged(): TlsMaterial | null {
    const stamp = this.#stampNow();
    if (stamp === this.#stamp) return null;
    this.#stamp = stamp;
    return this.read();
  }

  #stampNow(): string {
    const { certFile, keyFile, clientCaFile } = this.#config;
    return [certFile, keyFile, clientCaFile]
      .map((file) => (file === null ? "" : String(statSync(file, { throwIfNoEntry: false, bigint: true })?.mtimeNs)))
      .join(" ");
  }
}

const READ_MENDS: Readonly<Record<string, string>> = {
  ENOENT: "put it there, or name another in `tls`",
  EACCES: "let the user that runs the collector read it: chgrp meshprobe-collector, chmod 0640",
};

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const mend = code === undefined ? undefined : READ_MENDS[code];
    throw new TlsFileError(`Cannot read ${file}: ${code ?? String(cause)}${mend === undefined ? "" : `; ${mend}`}`, { cause });
  }
}

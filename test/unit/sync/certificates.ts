/** Certificates of an authority of our own, made once for a test file. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  readonly caFile: string;
  /** Of an authority that signed nothing here. */
  readonly otherCaFile: string;
  readonly server: Pair;
  readonly expired: Pair;
  readonly client: Pair;
}

export interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Valid for `names` (subjectAltName of OpenSSL); the expired one until yesterday. */
export function makeCertificates(dir: string, names = "IP:127.0.0.1,DNS:localhost"): Certificates {
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: readonly string[]): void => void execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const authority = (name: string): string => {
    const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`, ...files);
    return at(`${name}.pem`);
  };
  const caFile = authority("ca");
  const otherCaFile = authority("other-ca");
  writeFileSync(at("ext"), `subjectAltName=${names}\n`);
  const pair = (name: string, ...validity: readonly string[]): Pair => {
    const [keyFile, csr, certFile] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.pem`)];
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${name}`, "-keyout", keyFile, "-out", csr);
    openssl(
      "x509",
      "-req",
      "-in",
      csr,
      "-CA",
      caFile,
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-extfile",
      at("ext"),
      "-out",
      certFile,
      ...validity,
    );
    return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  };
  const expired = pair("expired", "-days", "-1");
  return { caFile, otherCaFile, server: pair("server", "-days", "2"), expired, client: pair("client", "-days", "2") };
}

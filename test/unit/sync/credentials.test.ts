import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CredentialError, CredentialFiles } from "../../../src/sync/credentials.ts";
import { tempDir } from "../store/temp-dir.ts";
import { makeCertificates } from "./certificates.ts";

const none = { tokenFile: null, caFile: null, certFile: null, keyFile: null, urls: ["http://127.0.0.1"] };

test("a token is a word; what is none, not there or a directory is said without its content", (t) => {
  const dir = tempDir(t);
  const tokenFile = join(dir, "token");
  const files = new CredentialFiles({ ...none, tokenFile });
  assert.throws(() => files.get(), /token: the token cannot be read: ENOENT/);
  for (const bad of ["", "\n", "two words", "a\r\nX-Evil: 1", "ü", "x".repeat(5_000)]) {
    writeFileSync(tokenFile, bad, { mode: 0o600 });
    assert.throws(
      () => files.get(),
      (error) => error instanceof CredentialError && (bad.trim() === "" || !error.message.includes(bad.trim())),
      JSON.stringify(bad),
    );
  }
  writeFileSync(tokenFile, "abc-._~+/123==\n", { mode: 0o600 });
  assert.equal(files.get().token, "abc-._~+/123==");
  mkdirSync(join(dir, "dir"));
  assert.throws(() => new CredentialFiles({ ...none, tokenFile: join(dir, "dir") }).get(), /is no file with a token/);
});

test("files are read again when one has changed, and not before", (t) => {
  const tokenFile = join(tempDir(t), "token");
  writeFileSync(tokenFile, "first", { mode: 0o600 });
  const files = new CredentialFiles({ ...none, tokenFile });
  const first = files.get();
  assert.equal(files.get(), first);
  writeFileSync(tokenFile, "second-one");
  assert.deepEqual([files.get().token, files.get().version > first.version], ["second-one", true]);
});

test("authority and client certificate are read; a wrong PEM, a key of another certificate, and a key that others may read are refused", (t) => {
  const dir = tempDir(t);
  const { caFile, server, client } = makeCertificates(dir);
  const https = { ...none, caFile, urls: ["https://c.example"] };
  assert.notEqual(new CredentialFiles(https).get().tls, null);
  assert.notEqual(new CredentialFiles({ ...https, certFile: client.certFile, keyFile: client.keyFile }).get().tls, null);
  assert.equal(new CredentialFiles({ ...none, caFile }).get().tls, null, "plain http needs none");
  assert.throws(() => new CredentialFiles({ ...https, certFile: client.certFile, keyFile: server.keyFile }).get(), /a key that fits the certificate/);
  chmodSync(client.keyFile, 0o604);
  assert.throws(
    () => new CredentialFiles({ ...https, certFile: client.certFile, keyFile: client.keyFile }).get(),
    /may be used by other users \(mode 0604\)/,
  );
  const nonsense = join(dir, "nonsense.pem");
  writeFileSync(nonsense, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  assert.throws(() => new CredentialFiles({ ...https, certFile: nonsense, keyFile: server.keyFile }).get(), CredentialError);
  for (const file of [nonsense, server.keyFile])
    assert.throws(() => new CredentialFiles({ ...https, caFile: file }).get(), /holds no certificate; PEM is wanted/, file);
});

test("without ca_file those are trusted that the system trusts", () => {
  assert.notEqual(new CredentialFiles({ ...none, urls: ["https://c.example"] }).get().tls, null);
});

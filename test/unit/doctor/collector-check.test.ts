import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCollector } from "../../../src/doctor/collector-check.ts";
import { failureOf } from "../../../src/sync/failure-words.ts";

const URL = "https://collector.example:8443";
const words = (problem: string | null): string => JSON.stringify(checkCollector({ url: URL, problem }));
const failure = (code: string): string => failureOf(Object.assign(new Error(code), { code })).text;

test("what is wrong with a collector has the one mend that helps", () => {
  const mends: readonly (readonly [string, RegExp])[] = [
    [failure("ECONNREFUSED"), /systemctl start/],
    [failure("ENOTFOUND"), /systemctl start/],
    ["no connection within 2 s", /systemctl start/],
    [failure("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), /set collector.ca_file/],
    [failure("ERR_TLS_CERT_ALTNAME_INVALID"), /use the name that stands/],
    [failure("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), /set collector.cert_file/],
    [failure("CERT_HAS_EXPIRED"), /renew the certificate/],
    ["/etc/meshprobe/token may be used by other users (mode 0644) and is not used; chmod o= /etc/meshprobe/token", /put that file right/],
    ["/etc/meshprobe/token: the token cannot be read: ENOENT", /put that file right/],
    ["it does not know our token (401: unknown token)", /collector token add NAME/],
    ["the token is not this node's (403)", /collector token add NAME/],
    ["it wants a token: set collector.token_file (401)", /collector token add NAME/],
    ["it is not ready (503: the database is away)", /wait, or look there/],
    ["what answers is no HTTP", /correct the keys/],
  ];
  for (const [problem, mend] of mends) assert.match(words(problem), mend, problem);
  assert.match(words(null), /"mend":null/);
});

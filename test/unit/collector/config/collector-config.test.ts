import assert from "node:assert/strict";
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { exposedSecrets, loadCollectorConfig } from "../../../../src/collector/config/load.ts";
import { DEFAULTS, parseCollectorConfig } from "../../../../src/collector/config/parse.ts";
import { ConfigError } from "../../../../src/config/config-error.ts";
import { tempDir } from "../../store/temp-dir.ts";

const FILE = "/etc/meshprobe/collector.yaml";
const DAY = 86_400_000;

function refused(text: string, message: string): void {
  assert.throws(
    () => parseCollectorConfig(text, FILE),
    (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      assert.equal(error.message, `${FILE}:${message}`);
      return true;
    },
  );
}

test("every key is read, and paths start at the file's directory", () => {
  const text = `listen: [0.0.0.0:8443, "[::1]:8443"]
tls: { cert_file: tls/cert.pem, key_file: /k.pem, client_ca_file: ca.pem }
store: sqlite:data/collector.db
tokens_file: tokens.json
retention: { evidence: 100d, rollups: 7d }
log: { level: debug }
`;
  assert.deepEqual(parseCollectorConfig(text, FILE), {
    file: FILE,
    listen: [
      { address: "0.0.0.0", port: 8443 },
      { address: "::1", port: 8443 },
    ],
    tls: { certFile: "/etc/meshprobe/tls/cert.pem", keyFile: "/k.pem", clientCaFile: "/etc/meshprobe/ca.pem" },
    store: "sqlite:/etc/meshprobe/data/collector.db",
    tokensFile: "/etc/meshprobe/tokens.json",
    retention: { evidenceMs: 100 * DAY, samplesMs: 90 * DAY, rollupsMs: 7 * DAY },
    log: { level: "debug" },
  });
});

test("what is left out has its default; one retention is for all; it is frozen", () => {
  const settings = parseCollectorConfig("log: {}", FILE);
  assert.deepEqual(settings, { file: FILE, ...DEFAULTS, tls: null, log: { level: "info" } });
  assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.retention));
  assert.deepEqual(parseCollectorConfig("retention: 30d", FILE).retention, { evidenceMs: 30 * DAY, samplesMs: 30 * DAY, rollupsMs: 30 * DAY });
  assert.equal(parseCollectorConfig("store: postgres://mesh:pw@db/mesh", FILE).store, "postgres://mesh:pw@db/mesh");
  assert.equal(parseCollectorConfig("retention: { evidence: 2d }", FILE).retention.samplesMs, 2 * DAY, "samples do not outlive their incidents");
});

test("mistakes are named with line and column, and say what to do", () => {
  refused("listen: 8443\n", '1:9: listen: "8443" is no address and port; write it like 127.0.0.1:8443 or [::1]:8443');
  refused("listen: [0.0.0.0:1, 0.0.0.0:1]\n", '1:21: listen[1]: "0.0.0.0:1" stands here twice; remove one');
  refused(
    "# nothing yet\n",
    "1:1: nothing is configured; write at least `listen: 127.0.0.1:8443`, or start from the collector.yaml that ships with meshprobe",
  );
  refused("listen: []\n", "1:9: listen: is empty; write an address and port, like 0.0.0.0:8443");
  refused("log: {}\ntls: { cert_file: a }\n", "2:6: tls: has no key_file; add it, or remove tls to serve plain http");
  refused("store: mysql://x/y\n", '1:8: store: is no store ("mysql://x/y"); write sqlite:/path/to/collector.db or postgres://user@host/database');
  refused(
    "store: mysql://u:secret@x/y\n",
    '1:8: store: is no store ("mysql://…@x/y"); write sqlite:/path/to/collector.db or postgres://user@host/database',
  );
  refused(
    "store: postgres://host\n",
    '1:8: store: is no store ("postgres://host"); write sqlite:/path/to/collector.db or postgres://user@host/database',
  );
  refused("store: sqlite:///a\n", '1:8: store: "sqlite:///a" has slashes of a web address; write sqlite:/path/to/collector.db');
  refused("store: 'sqlite:'\n", "1:8: store: is empty; write a path or remove the line");
  refused("retention: 5\n", '1:12: retention: "5" has no unit; write it like 100ms, 2s, 10m or 1d12h');
  refused(
    "retention: { evidence: 1d, samples: 2d }\n",
    "1:37: retention.samples: is longer than retention.evidence, whose incidents they belong to; lower it or raise retention.evidence",
  );
  refused("token_file: a\n", '1:1: unknown key "token_file"; did you mean "tokens_file"?');
});

test("the example that ships is the defaults, and names every key", () => {
  const file = new URL("../../../../config/collector.yaml", import.meta.url).pathname;
  const { file: _file, ...settings } = parseCollectorConfig(readFileSync(file, "utf8"), file);
  assert.deepEqual(settings, { ...DEFAULTS, tls: null, log: { level: "info" } });
});

const isRoot = process.geteuid?.() === 0;

test(
  "as root a file or key that others may change is refused, and one that others may read is a note",
  { skip: isRoot ? false : "needs root" },
  (t) => {
    const dir = tempDir(t);
    const file = join(dir, "collector.yaml");
    const write = (name: string, mode: number, text = ""): void => {
      writeFileSync(join(dir, name), text);
      chmodSync(join(dir, name), mode);
    };
    write("collector.yaml", 0o644, "tls: { cert_file: c, key_file: k }\ntokens_file: t\nstore: postgres://u:p@h/d\n");
    write("k", 0o640);
    assert.equal(loadCollectorConfig(file).tokensFile, join(dir, "t"));
    write("k", 0o662);
    assert.throws(() => loadCollectorConfig(file), /k: may be changed by other users \(mode 0662\)/);
    assert.equal(loadCollectorConfig(file, 1000).tls?.keyFile, join(dir, "k"), "only root looks");
    write("k", 0o644);
    write("t", 0o644);
    const exposed = exposedSecrets(loadCollectorConfig(file)).map((note) => note.replace(`${dir}/`, "").split(" ")[0]);
    assert.deepEqual(exposed, ["k", "t", "collector.yaml"]);
    chmodSync(file, 0o666);
    assert.throws(() => loadCollectorConfig(file), /may be changed by other users \(mode 0666\)/);
    chmodSync(file, 0o600);
    chownSync(file, 1234, 0);
    assert.throws(() => loadCollectorConfig(file), /belongs to user 1234/);
    assert.throws(() => loadCollectorConfig(join(dir, "none")), /does not exist; create it \(a commented collector.yaml ships/);
  },
);

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../../../src/doctor/finding.ts";
import { checkDisk } from "../../../src/doctor/disk-check.ts";
import { checkConfigFile, checkDataDir, checkSecret } from "../../../src/doctor/file-checks.ts";
import type { FileFacts } from "../../../src/doctor/system.ts";
import { fakeSystem, ROOT, SERVICE } from "./fake-system.ts";

type Stats = Readonly<Record<string, Partial<FileFacts>>>;
const TREE: Stats = { "/": { mode: 0o755 }, "/etc": { mode: 0o755 }, "/var": { mode: 0o755 } };
const FILE = "/etc/peers.yaml";
const KEY = "/etc/mesh.key";
const DATA = "/var/data";

function says(verdict: Verdict, level: Verdict["level"], text: RegExp, mend?: RegExp): void {
  assert.equal(verdict.level, level, verdict.text);
  assert.match(verdict.text, text);
  if (mend === undefined) assert.equal(verdict.mend, null);
  else assert.match(verdict.mend ?? "", mend);
}

test("the configuration must be readable by the agent's user and writable by nobody else", () => {
  const check = (facts: Partial<FileFacts> | null, more: Stats = {}): Verdict =>
    checkConfigFile(fakeSystem({ stats: { ...TREE, ...more, ...(facts === null ? {} : { [FILE]: facts }) } }), { file: FILE, runner: SERVICE });
  says(check({ mode: 0o644 }), "ok", /valid, and readable by the service/);
  says(check({ mode: 0o640, gid: 990 }), "ok", /readable/);
  says(check({ mode: 0o600 }), "fail", /cannot be read by the service \(mode 0600\)/, /chmod a\+r/);
  says(check({ mode: 0o664 }), "warn", /may be changed by other users \(mode 0664\)/, /chmod go-w/);
  says(check({ mode: 0o644 }, { "/etc": { mode: 0o700 } }), "fail", /cannot be reached by the service/, /chmod a\+x \/etc$/);
  says(check(null), "fail", /cannot be seen/, /root/);
});

test("a key is for the agent's user, and not for every other", () => {
  const check = (facts: Partial<FileFacts> | null): Verdict =>
    checkSecret(fakeSystem({ stats: { ...TREE, ...(facts === null ? {} : { [KEY]: facts }) } }), { file: KEY, runner: SERVICE });
  says(check({ mode: 0o640, gid: 990 }), "ok", /by the service alone \(mode 0640\)/);
  says(check({ mode: 0o600 }), "fail", /cannot be read by the service/, /chgrp/);
  says(check({ mode: 0o644, gid: 990 }), "fail", /may be used by every user/, /chmod o=/);
  says(check(null), "fail", /does not exist/, /create it/);
});

test("the data directory: databases that belong to root since a trial, a directory that is to be made, one that is open", () => {
  const check = (stats: Stats, runner = SERVICE): Verdict => checkDataDir(fakeSystem({ stats: { ...TREE, ...stats } }), { file: DATA, runner });
  const own = { [DATA]: { kind: "directory", uid: 990, gid: 990, mode: 0o750 } } as const;
  says(check(own), "ok", /can be written by the service/);
  says(
    check({ ...own, [`${DATA}/metrics.db`]: { uid: 0, mode: 0o644 } }),
    "fail",
    /metrics\.db belongs to user 0, and the service cannot write it/,
    /chown -R 990:990 \/var\/data/,
  );
  says(check({ [DATA]: { kind: "directory", mode: 0o750 } }), "fail", /cannot be written by the service/, /chown -R 990:990/);
  says(check({ [DATA]: { kind: "directory", uid: 990, mode: 0o755 } }), "warn", /open to every user/, /chmod o=/);
  says(check({ [DATA]: {} }), "fail", /not a directory/, /data_dir/);
  says(check({}), "fail", /does not exist, and the service cannot make it in \/var/, /install -d -m 0750 -o 990 -g 990/);
  says(check({}, ROOT), "ok", /will be made/);
});

test("the disk must hold what the budget still allows; what is stored already counts", () => {
  const check = (free: number | null, usedBytes: number): Verdict =>
    checkDisk(
      fakeSystem({
        stats: { ...TREE, [DATA]: { kind: "directory" }, [`${DATA}/metrics.db`]: { bytes: usedBytes } },
        ...(free === null ? {} : { freeBytes: { [DATA]: free } }),
      }),
      { dir: DATA, maxBytes: 2e9 },
    );
  says(check(3e9, 0), "ok", /3\.0 GB free at \/var\/data; store\.max_bytes is 2\.0 GB/);
  says(check(1e9, 0), "warn", /1\.0 GB free/, /lower store\.max_bytes/);
  says(check(1e9, 1.5e9), "ok", /1\.5 GB of it used/);
  says(check(5e6, 0), "fail", /5\.0 MB free/, /no new evidence fits/);
  says(check(5e6, 1.999e9), "ok", /free/);
  says(check(null, 0), "warn", /unknown/, /root/);
});

/** The doctor in Chinese: every finding and mend, the store's own words included; commands as they are typed. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Finding } from "../../../src/doctor/finding.ts";
import { DOCTOR_CHINESE } from "../../../src/doctor/labels-zh.ts";
import { CHECK_DICTIONARY, DOCTOR_DICTIONARY } from "../../../src/doctor/phrases-zh.ts";
import { findingLine, sumLine } from "../../../src/doctor/text.ts";
import { textWidth } from "../../../src/report/width.ts";
import { storeError } from "../../../src/store/store-error.ts";
import { assertTranslates } from "../phrases/tables.ts";

/** Programs, options, keys, and what Chinese desks write in Latin letters too. */
const LATIN =
  /\b(?:meshprobe collector token add NAME --role node|NAME|systemctl start meshprobe-collector|journalctl -u meshprobe-collector|sysctl\.d|data_dir|doctor|chgrp|chmod g\+r|systemctl edit|(?:Ambient|CapabilityBounding)\w*(?:=CAP_NET_RAW)?|CAP_NET_RAW|root|systemd-timesyncd|systemd|mtr(?:-tiny|-packet)?|apt-get install|capture\.mtr|false|net\.core\.rmem_max|sysctl(?: -w)?|conf|ping|IPv6|network host|hostNetwork: true|PrivateNetwork=no|chronyc?|sources|makestep|timedatectl set-ntp true|timedatectl|timesyncd|store\.max_bytes|ICMP|ip route get|peers|pid|meshprobe report --since 10m|meshprobe|sqlite3 FILE \.recover|kB|raw -n -c|proc|etc|collector\.(?:url|ca_file|cert_file|key_file|token_file)|client_ca_file|https|CA|sys|meshprobe\.conf|resolv|wal|m)\b/g;

test("every finding and every mend is known again and Chinese, with the same values", () => {
  assertTranslates(DOCTOR_DICTIONARY, LATIN);
  assertTranslates(CHECK_DICTIONARY, LATIN);
});

test("what the store says of a database comes out in Chinese", () => {
  for (const code of ["SQLITE_NOTADB", "SQLITE_BUSY", "SQLITE_CANTOPEN", "EACCES"]) {
    const { message } = storeError(Object.assign(new Error("77"), { code }), "open", "/d/evidence.db");
    for (const part of message.split("; ")) assert.match(DOCTOR_CHINESE.said(part), /\p{Script=Han}/u, part);
  }
  assert.equal(DOCTOR_CHINESE.said("unknown: Cannot read /d: permission denied"), "未知：无法读取 /d：权限不足");
  assert.equal(
    DOCTOR_CHINESE.said("evidence.db schema 5, 12 kB; metrics.db schema 2, 34 kB: whole"),
    "完好：evidence.db 数据库版本 5，12 kB；metrics.db 数据库版本 2，34 kB",
  );
});

test("nothing is called known in every language but commands, and the words of the store", () => {
  const folder = join(import.meta.dirname, "../../../src/doctor");
  const verbatim = readdirSync(folder).flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/verbatim\(([^)]{0,14})/g)].map(([, what = ""]) => what.replace(/^`(\w+ \S+).*/, "$1")),
  );
  assert.deepEqual([...new Set(verbatim)].sort(), [
    "chmod a+r",
    "chmod a+x",
    "chmod go-w",
    "chmod o=",
    "chown -R",
    "install -d",
    "message",
    "message.slice(",
  ]);
});

test("lines are in columns, and what others wrote cannot reach the terminal", () => {
  const findings: Finding[] = [
    { check: "mtr", level: "ok", text: "mtr runs and traces loopback", mend: null },
    { check: "configuration", level: "warn", text: "/x may be changed by other users (mode 0666)", mend: "chmod go-w /x" },
    { check: "peer a\u001b[2J", level: "fail", text: "a has no address", mend: "correct it" },
  ];
  const lines = findings.map((finding) => findingLine(finding, DOCTOR_CHINESE));
  assert.deepEqual(lines.slice(0, 2), [
    "正常  mtr       mtr 可以运行并追踪环回地址",
    "警告  配置      其他用户可以改动 /x（权限 0666）  → chmod go-w /x",
  ]);
  assert.equal(lines[2], "失败  对端 a\\x1b[2J a 没有地址  → 请改正");
  assert.deepEqual([textWidth(lines[0]?.split("mtr 可以")[0] ?? ""), textWidth(lines[1]?.split("其他")[0] ?? "")], [16, 16]);
  assert.equal(sumLine(findings, DOCTOR_CHINESE), "失败 1 项，警告 1 项");
  assert.equal(sumLine([], DOCTOR_CHINESE), "一切正常");
});

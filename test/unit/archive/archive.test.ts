import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { test } from "node:test";
import { packTar } from "modern-tar";
import { checkExport } from "../../../src/archive/check.ts";
import { ROOT, sha256, withManifest, type ManifestTicket } from "../../../src/archive/manifest.ts";
import { safeName } from "../../../src/archive/names.ts";
import { pack, type ArchiveFile } from "../../../src/archive/pack.ts";
import { rawFiles } from "../../../src/archive/raw-files.ts";
import { MAX_FILES, unpack } from "../../../src/archive/unpack.ts";
import { randomFor } from "../../property/random.ts";

const MTIME = Date.parse("2026-11-21T04:12:13.320Z");
const EVIDENCE = '["incidents","i1"]\n';

function file(name: string, text: string): ArchiveFile {
  return { name, bytes: Buffer.from(text) };
}

function exported(change: (files: ArchiveFile[]) => ArchiveFile[] = (files) => files): Promise<Uint8Array> {
  const evidence = { format: "meshprobe evidence 1", sha256: sha256(EVIDENCE), rows: 1, bytes: EVIDENCE.length };
  const ticket: ManifestTicket = { id: "i1", kind: "incident", directory: "i1", evidence };
  const files = [
    file(`${ROOT}/i1/evidence.jsonl`, EVIDENCE),
    file(`${ROOT}/i1/page.txt`, `SHA-256 ${evidence.sha256}\n`),
    file(`${ROOT}/i1/report.json`, "{}\n"),
  ];
  const about = { node: { name: "sh-a1", address: null }, version: "0.1.0", tickets: [ticket] };
  return pack(change(withManifest(files, about)), { mtimeMs: MTIME });
}

async function findings(bytes: Uint8Array): Promise<string> {
  return (await checkExport(bytes)).findings.join("; ");
}

test("the same files give the same bytes in whatever order, and nothing of the machine is in them", async () => {
  const one = await exported();
  assert.deepEqual(await exported((files) => files.toReversed()), one);
  assert.deepEqual([...one.subarray(4, 10)], [0, 0, 0, 0, 2, 255], "gzip: no time, no system");
  const tar = gunzipSync(one);
  assert.equal(tar.subarray(0, 100).toString("latin1").replaceAll("\0", ""), `${ROOT}/i1/evidence.jsonl`);
  assert.equal(parseInt(tar.subarray(136, 148).toString("latin1"), 8), Math.floor(MTIME / 1000));
});

test("an export as it was packed has no findings; each change is one", async () => {
  assert.deepEqual(await findings(await exported()), "");
  const replace = (name: string, text: string): Promise<Uint8Array> =>
    exported((files) => files.map((one) => (one.name === `${ROOT}/${name}` ? file(one.name, text) : one)));
  assert.match(
    await findings(await replace("i1/report.json", "{ }")),
    /^meshprobe-export\/i1\/report.json has changed: SHA-256 [0-9a-f]{64} and not/,
  );
  assert.match(await findings(await replace("i1/report.json", "{} \n")), /report.json has 4 bytes and not 3/);
  assert.match(
    await findings(await replace("i1/evidence.jsonl", '["incidents","i2"]\n')),
    /evidence.jsonl has changed.*the evidence of i1 has changed/,
  );
  assert.match(await findings(await replace("manifest.json", "{")), /^manifest.json is not readable$/);
  assert.match(await findings(await exported((files) => files.filter(({ name }) => !name.endsWith("report.json")))), /report.json is missing/);
  assert.match(await findings(await exported((files) => files.filter(({ name }) => !name.endsWith("manifest.json")))), /^manifest.json is missing$/);
  assert.match(await findings(await exported((files) => [...files, file(`${ROOT}/i1/more.txt`, "x")])), /more.txt is not in the manifest/);
});

test("a page that gives another sum than its evidence has is a finding, also when the manifest was made to agree", async () => {
  const evidence = { format: "meshprobe evidence 1", sha256: sha256(EVIDENCE), rows: 1, bytes: EVIDENCE.length };
  const ticket: ManifestTicket = { id: "i1", kind: "incident", directory: "i1", evidence };
  const files = [file(`${ROOT}/i1/evidence.jsonl`, EVIDENCE), file(`${ROOT}/i1/page.txt`, "SHA-256 of something else\n")];
  const about = { node: { name: null, address: null }, version: "0.1.0", tickets: [ticket] };
  assert.match(
    await findings(await pack(withManifest(files, about), { mtimeMs: MTIME })),
    /^i1\/page.txt gives another SHA-256 than its evidence has$/,
  );
});

/** As somebody else's tar would write it. */
async function foreign(...entries: Parameters<typeof packTar>[0]): Promise<Uint8Array> {
  return gzipSync(await packTar(entries));
}

test("names that lead out, links, doubles and floods are refused before anything is read", async () => {
  const named = (name: string): Promise<Uint8Array> => foreign({ header: { name, size: 1 }, body: "x" });
  for (const name of [
    "/etc/passwd",
    "../up",
    "a/../../b",
    "a//b",
    "./a",
    ".hidden",
    "a/.ssh/key",
    "C:\\x",
    "a\nb",
    "a\u001b[31m",
    "\u202ea",
    "a".repeat(201),
  ]) {
    const reason = await unpack(await named(name)).then(
      () => "taken",
      (error: Error) => error.message,
    );
    assert.match(reason, /is no name that an export has/, JSON.stringify(name));
    assert.doesNotMatch(reason, /[\p{Cc}]/u);
  }
  await assert.rejects(
    unpack(await foreign({ header: { name: "a", size: 0, type: "symlink", linkname: "/etc" } })),
    /"a" in it is a symlink; an export holds plain files only/,
  );
  await assert.rejects(unpack(await foreign({ header: { name: "a/", size: 0, type: "directory" } })), /is a directory/);
  const twice = { header: { name: "a", size: 1 }, body: "x" };
  await assert.rejects(unpack(await foreign(twice, twice)), /"a" is in it twice/);
  const flood = Array.from({ length: MAX_FILES + 1 }, (_, index) => ({ header: { name: `f${index}`, size: 0 } }));
  await assert.rejects(unpack(await foreign(...flood)), /more than 10000 files/);
});

test("a bomb of zeros is cut at its unpacked limit, without being unpacked further", async () => {
  // A member of 16 MB of zeros packs to 16 kB, and gzip members follow one another: 320 MB in a third of a megabyte.
  const member = gzipSync(Buffer.alloc(16 * 1024 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(unpack(Buffer.concat(Array.from({ length: 20 }, () => member))), /unpacked it is larger than 268435456 bytes/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 600 * 1024 * 1024);
});

test("damaged and random bytes are findings, never an exception or an endless loop", async (t) => {
  const random = randomFor(t);
  const good = await exported();
  // A byte of the gzip header, or bits that fill its last byte, are no part of what is in it.
  const tar = gunzipSync(good);
  assert.match(await findings(new Uint8Array()), /^it is damaged: /);
  assert.match(await findings(good.subarray(0, good.length - 40)), /^it is damaged: /);
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from(good);
    bytes[random.below(bytes.length)] = random.below(256);
    const { findings: found } = await checkExport(bytes);
    if (found.length === 0) assert.deepEqual(gunzipSync(bytes), tar, `round ${round}`);
    await checkExport(gzipSync(random.bytes(random.below(4_096))));
    const spoiled = Uint8Array.from(tar);
    for (let at = 0; at < 4; at++) spoiled[random.below(2_048)] = random.below(256);
    await checkExport(gzipSync(spoiled));
  }
});

test("the lines of mtr and the samples are readable by others", () => {
  const rows = [
    '["lines","c/1",1,"[[1795290000000,\\"x 0 33000\\"],[1795290000100,\\"p 0 812 33000\\\\u001b\\"]]"]\n',
    `["samples","i1",1,0,1795290000000,100,"${["90010002", "02000015", "00000000", "90010043", "02000015"].join("")}"]\n`,
  ];
  // A block that begins one slot later and tells of the second again.
  rows.push(`["samples","i1",1,1,1795290000100,100,"${["58020002"].join("")}"]\n`);
  const [lines, samples] = rawFiles(rows).map(({ name, bytes }) => [name, Buffer.from(bytes).toString()] as const);
  assert.deepEqual(lines, ["mtr-c_1.txt", "2026-11-21T19:40:00.000Z\tx 0 33000\n2026-11-21T19:40:00.100Z\tp 0 812 33000\\x1b\n"]);
  assert.deepEqual(samples?.[1].split("\n"), [
    "sent_at,flow,outcome,rtt_ms,doubtful,duplicate,heard_by_peer",
    "2026-11-21T19:40:00.000Z,0,reply,0.4,,,",
    "2026-11-21T19:40:00.100Z,0,reply,0.6,,,",
    "2026-11-21T19:40:00.300Z,1,slow,0.4,,,",
    "2026-11-21T19:40:00.400Z,0,lost,,yes,,no",
    "",
  ]);
});

test("ids become file names that stay in their directory", () => {
  assert.deepEqual(["20261121T041203-4f2a", "../../etc", "a/b\n", ""].map(safeName), ["20261121T041203-4f2a", "______etc", "a_b_", "_"]);
});

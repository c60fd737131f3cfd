import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { MAX_CONFIG_BYTES } from "../../../src/config/safe-file.ts";

const isRoot = process.geteuid?.() === 0;
const asRoot = { skip: isRoot ? false : "needs root to own a file as root" };
const user = { hostName: "this-node", uid: 1000 };
const root = { hostName: "this-node", uid: 0 };

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "meshprobe-config-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function write(context: TestContext, content: string | Uint8Array = "data_dir: data\n"): string {
  const file = join(folder(context), "peers.yaml");
  writeFileSync(file, content, { mode: 0o644 });
  return file;
}

test("a file is read, and relative paths start at its directory", (context) => {
  const file = write(context);
  const config = loadConfig(file, user);
  assert.equal(config.file, file);
  assert.equal(config.dataDir, join(file, "../data"));
  assert.equal(config.node.name, "this-node");
});

test("a byte order mark and Windows line ends do no harm", (context) => {
  const file = write(context, "\ufeffdata_dir: /a\r\nprobe:\r\n  interval: 1s\r\n");
  assert.equal(loadConfig(file, user).probe.intervalMs, 1000);
});

test("a missing file says how to name another", (context) => {
  const file = join(folder(context), "none.yaml");
  assert.throws(() => loadConfig(file, user), {
    name: "ConfigError",
    code: "unreadable",
    line: null,
    message: `${file}: does not exist; create it (a commented peers.yaml ships with meshprobe) or name another with --config FILE`,
  });
});

test("a directory, a path through a file, a FIFO and a loop of links are refused without waiting", (context) => {
  const directory = folder(context);
  assert.throws(() => loadConfig(directory, user), {
    code: "unreadable",
    message: `${directory}: is a directory; name the configuration file in it`,
  });
  const through = join(write(context), "peers.yaml");
  assert.throws(() => loadConfig(through, user), { code: "unreadable", message: /cannot be read: ENOTDIR; / });
  const fifo = join(directory, "fifo");
  execFileSync("mkfifo", [fifo]);
  assert.throws(() => loadConfig(fifo, user), { code: "unreadable", message: /not a regular file/ });
  const loop = join(directory, "loop");
  symlinkSync(loop, loop);
  assert.throws(() => loadConfig(loop, user), { code: "unreadable", message: /ELOOP/ });
});

test("a file that may not be read says so", (context) => {
  const file = write(context);
  chmodSync(file, 0);
  // Root may read everything, so it becomes somebody else for the moment.
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.throws(() => loadConfig(file, user), { code: "unreadable", message: /may not be read by this user; / });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("a file over 4 MB is refused unread", (context) => {
  const file = write(context, "#".repeat(MAX_CONFIG_BYTES + 1));
  assert.throws(() => loadConfig(file, user), { code: "too-large", message: /is larger than 4 MB; / });
});

test("bytes that are not UTF-8 are refused where they stand", (context) => {
  const file = write(context, Buffer.concat([Buffer.from("data_dir: /a\n# Zür"), Buffer.from([0xfc]), Buffer.from("ich\n")]));
  assert.throws(() => loadConfig(file, user), { code: "encoding", message: `${file}:2:6: is not UTF-8 text; save the file as UTF-8` });
  const utf16 = write(context, Buffer.from("\ufeffpeers: []\n", "utf16le"));
  assert.throws(() => loadConfig(utf16, user), { code: "encoding", line: 1, column: 1 });
});

test("root refuses a file that its group or others may write, and says what to do", asRoot, (context) => {
  for (const mode of [0o664, 0o646, 0o777]) {
    const file = write(context);
    chmodSync(file, mode);
    assert.throws(() => loadConfig(file, root), {
      code: "unsafe",
      message: new RegExp(`^${file}: .*mode 0${mode.toString(8)}.*; chmod go-w ${file}$`),
    });
    assert.ok(loadConfig(file, user), "another user runs with it");
  }
});

test("root refuses a file of another user, and through a link too", asRoot, (context) => {
  const file = write(context);
  chownSync(file, 12_345, 12_345);
  const link = join(folder(context), "link.yaml");
  symlinkSync(file, link);
  for (const name of [file, link])
    assert.throws(() => loadConfig(name, root), { code: "unsafe", message: /belongs to user 12345, .*; chown root .* && chmod go-w / });
});

test("root refuses a hook's program that others may write", asRoot, (context) => {
  const program = join(folder(context), "notify");
  const file = write(context, `hooks: { incident: [${program}] }\n`);
  assert.ok(loadConfig(file, root));
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o777);
  assert.throws(() => loadConfig(file, root), { code: "unsafe", file: program, message: /; chmod go-w / });
  assert.ok(loadConfig(file, user));
  chmodSync(program, 0o755);
  assert.ok(loadConfig(file, root));
});

test("root looks at the key and token files the same way, and leaves missing ones to their readers", asRoot, (context) => {
  for (const text of ["mesh: { key_file: secret }\n", "collector: { url: https://c.example, token_file: secret }\n"]) {
    const file = write(context, text);
    assert.ok(loadConfig(file, root));
    const secret = join(file, "../secret");
    writeFileSync(secret, "x");
    chmodSync(secret, 0o620);
    assert.throws(() => loadConfig(file, root), { code: "unsafe", file: secret, message: /; chmod go-w / });
    assert.ok(loadConfig(file, user));
    chmodSync(secret, 0o600);
    assert.ok(loadConfig(file, root));
  }
});

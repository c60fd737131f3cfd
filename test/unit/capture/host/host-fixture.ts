/** A host as files: trees under test/fixtures/host, where a later one replaces files of an earlier one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadFile } from "../../../../src/capture/host/host-files.ts";
import { HostReader } from "../../../../src/capture/host/host-reader.ts";
import type { HostSnapshot } from "../../../../src/capture/host/host-snapshot.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures/host");
export const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);

export function fixture(path: string): string {
  return readFileSync(join(FIXTURES, path), "latin1");
}

export function filesOf(...trees: readonly string[]): ReadFile {
  return (path) => {
    for (const tree of trees.toReversed()) {
      try {
        return fixture(join(tree, path));
      } catch {
        // The tree before may have it.
      }
    }
    return null;
  };
}

/** Some files replaced; null removes. */
export function withFiles(files: ReadFile, replaced: Readonly<Record<string, string | null>>): ReadFile {
  return (path) => (path in replaced ? (replaced[path] ?? null) : files(path));
}

export const healthyFiles = filesOf("healthy");
export const pulledFiles = filesOf("healthy", "cable-pulled");
export const NET_DEV = "/proc/net/dev";
export const ETH0 = "/sys/class/net/eth0";

/** A host whose files can change, and a clock that is moved by hand. */
export class FakeHost {
  files: ReadFile = healthyFiles;
  nowMs = 5_000;
  /** What tc and ip print. */
  tools: Record<string, string | null> = { tc: fixture("tools/tc-qdisc.json"), ip: fixture("tools/ip-neigh.json") };
  readonly asked: string[] = [];
  readonly reader = new HostReader({
    readFile: (path) => this.files(path),
    runTool: (file, args) => {
      this.asked.push([file, ...args].join(" "));
      return Promise.resolve(this.tools[file] ?? null);
    },
    clock: { wallMs: () => T0 + this.nowMs, monotonicMs: () => this.nowMs },
  });

  /** A snapshot of these files at this time. */
  snapshot(files: ReadFile, nowMs: number): HostSnapshot {
    this.files = files;
    this.nowMs = nowMs;
    return this.reader.read();
  }
}

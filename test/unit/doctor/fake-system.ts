/** A machine as a table: its files, links, disks and programs. What is not in it is not there. */
import type { Runner } from "../../../src/doctor/runner.ts";
import type { FileFacts, System, ToolEnd } from "../../../src/doctor/system.ts";

export interface Machine {
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly stats?: Readonly<Record<string, Partial<FileFacts>>>;
  readonly freeBytes?: Readonly<Record<string, number>>;
  /** By program; the arguments are what `ran` is told. */
  readonly tools?: Readonly<Record<string, ToolEnd>>;
}

const PLAIN: FileFacts = { kind: "file", uid: 0, gid: 0, mode: 0o644, bytes: 0 };

export function fakeSystem(machine: Machine, ran: string[] = []): System {
  return {
    readFile: (path) => machine.files?.[path] ?? null,
    readLink: (path) => machine.links?.[path] ?? null,
    file: (path) => {
      const facts = machine.stats?.[path];
      return facts === undefined ? null : { ...PLAIN, ...facts };
    },
    freeBytes: (directory) => machine.freeBytes?.[directory] ?? null,
    run: (program, args) => {
      ran.push([program, ...args].join(" "));
      return Promise.resolve(machine.tools?.[program] ?? { kind: "missing" });
    },
  };
}

export function printed(stdout: string): ToolEnd {
  return { kind: "ended", exitCode: 0, stdout, stderr: "" };
}

/** The service as the package installs it. */
export const SERVICE: Runner = { kind: "service", pid: null, uid: 990, gids: [990], mayOpenRaw: true };
export const ROOT: Runner = { kind: "shell", pid: null, uid: 0, gids: [0], mayOpenRaw: true };

/** Asks the running agent. What comes back is the agent's word; what goes wrong on the way is said so that one knows what to do. */
import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { say } from "../phrases/control.ts";
import { ControlFailure, parseAnswer, requestLine, type ControlRequest } from "./protocol.ts";

/** The status of 16,000 peers takes 12 MB. */
const MAX_ANSWER_BYTES = 64_000_000;
/** The agent says something at least this often, also while it works. */
const SILENCE_MS = 10_000;

/** Nobody could be asked: exit code 3. */
export class NoAgent extends Error {
  override readonly name = "NoAgent";
}

export interface AskOptions {
  /** Tried in order. */
  readonly paths: readonly string[];
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The agent's result. Throws ControlFailure when it refuses, NoAgent when there is none to ask. */
export async function ask(request: ControlRequest, options: AskOptions): Promise<unknown> {
  const failed: NodeJS.ErrnoException[] = [];
  let other: ControlFailure | null = null;
  for (const path of options.paths) {
    try {
      return await askAt(path, request, options);
    } catch (error) {
      if (error instanceof ControlFailure && error.code === "other-agent") other = error;
      else if (isErrno(error)) failed.push(Object.assign(error, { path }));
      else throw error;
    }
  }
  const forbidden = failed.find(({ code }) => code === "EACCES" || code === "EPERM");
  if (forbidden !== undefined) throw new NoAgent(forbiddenText(forbidden.path ?? ""));
  if (other !== null) throw other;
  const odd = failed.find(({ code }) => code !== "ENOENT" && code !== "ECONNREFUSED" && code !== "ENOTDIR");
  if (odd !== undefined) throw new NoAgent(say("cannotAsk", { path: odd.path ?? "", code: odd.code ?? "" }));
  const [path = "", ...others] = options.paths;
  throw new NoAgent(others.length === 0 ? say("noAgent", { path }) : say("noAgentAtTwo", { path, other: others.join(", ") }));
}

function askAt(path: string, request: ControlRequest, options: AskOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let held: Buffer[] = [];
    let bytes = 0;
    const settle = (then: () => void): void => {
      socket.destroy();
      options.signal?.removeEventListener("abort", onAbort);
      then();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(new NoAgent(say("stopped")));
    const line = (text: string): void => {
      const answer = parseAnswer(text);
      if (answer === null) return fail(new NoAgent(say("notAnAgent", { path })));
      if (answer.kind === "progress") return options.onProgress?.(answer.text);
      if (answer.kind === "error") return fail(new ControlFailure(answer.code, answer.message));
      settle(() => resolve(answer.result));
    };
    options.signal?.addEventListener("abort", onAbort, { once: true });
    socket.setTimeout(SILENCE_MS, () => fail(new NoAgent(say("noAnswer", { path, n: SILENCE_MS / 1000 }))));
    socket.once("connect", () => socket.write(requestLine(request)));
    socket.once("error", fail);
    socket.once("end", () => fail(new NoAgent(say("ended", { path }))));
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) return fail(new NoAgent(say("tooLong", { path })));
      let rest = chunk;
      for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
        const text = Buffer.concat([...held, rest.subarray(0, at)]).toString("utf8");
        held = [];
        rest = rest.subarray(at + 1);
        line(text);
      }
      held.push(rest);
    });
  });
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

/** Names the group that may: that of the socket, or where that cannot be seen, of the directory that hides it. */
function forbiddenText(path: string): string {
  const group = groupOf(path) ?? groupOf(dirname(path)) ?? groupOf(dirname(dirname(path)));
  return group === null || group === "root" ? say("forbidden", { path }) : say("forbiddenGroup", { path, group });
}

function groupOf(path: string): string | null {
  try {
    const { gid } = statSync(path);
    const entry = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((line) => line.split(":")[2] === String(gid));
    return entry?.split(":")[0] ?? String(gid);
  } catch {
    return null;
  }
}

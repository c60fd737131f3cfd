#!/usr/bin/env node
/**
 * argv → command → exit code. The only place that reads process.argv and sets the exit code: 0 fine, 1 findings, 2 usage or configuration, 3 runtime.
 * A command loads what it needs when it is run: the report must not pay for the agent.
 */
import { hostname } from "node:os";
import process from "node:process";
import type { Command, World } from "./commands/command.ts";
import { COMMANDS } from "./commands/commands.ts";
import { commandHelp, programHelp } from "./commands/help.ts";
import { escapeForTerminal } from "./report/escape.ts";
import { VERSION } from "./version.ts";

const NODE_MAJOR = 24;
const SAME_REQUEST_MS = 1_000;
/** Where the output is no terminal. */
const DEFAULT_COLUMNS = 100;
const DEFAULT_ROWS = 50;

async function main(argv: readonly string[]): Promise<number> {
  const stderr = (text: string): void => void process.stderr.write(text);
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR) {
    stderr(`meshprobe: needs Node ${NODE_MAJOR}, this is ${process.version}; run: node_modules/.bin/node ${process.argv[1] ?? "dist/cli.js"} …\n`);
    return 3;
  }
  const [name = "", ...args] = argv;
  const usage = programHelp(COMMANDS.map(({ declaration }) => declaration));
  if (name === "help" && args.length > 0) return main([...args, "--help"]);
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(usage);
    return 0;
  }
  if (name === "--version" || name === "-V") {
    process.stdout.write(`meshprobe ${VERSION}\n`);
    return 0;
  }
  const command = COMMANDS.find(({ declaration }) => declaration.name === name);
  if (command === undefined) {
    const names = COMMANDS.map(({ declaration }) => declaration.name).join(", ");
    stderr(name === "" ? usage : `meshprobe: unknown command '${name}'; there are: ${names}\n`);
    return 2;
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(commandHelp(command.declaration, columns()));
    return 0;
  }
  return run(command, args);
}

function columns(): number {
  return process.stdout.columns ?? DEFAULT_COLUMNS;
}

/** Ctrl-C under npm comes twice at once (from the terminal and from npm): only a later repetition means that somebody has lost patience. */
function stopper(stop: AbortController): () => void {
  return () => {
    if (!stop.signal.aborted) {
      stop.abort();
      setTimeout(() => process.on("SIGINT", impatient).on("SIGTERM", impatient), SAME_REQUEST_MS).unref();
    }
  };
}

function impatient(): void {
  process.stderr.write("meshprobe: stopped without waiting\n");
  process.exit(3);
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopper(stop));
  const world: World = {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    now: Date.now,
    isTty: process.stdout.isTTY,
    get columns() {
      return columns();
    },
    get rows() {
      return process.stdout.rows ?? DEFAULT_ROWS;
    },
    env: process.env,
    hostName: hostname(),
    onHangup: (listener) => void process.on("SIGHUP", listener),
    signal: stop.signal,
  };
  try {
    return await command.run(args, world);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [line = message] = message.split("\n", 1);
    // What somebody else has written (names of peers, paths) may be in it; backslashes are as they were.
    world.stderr(`meshprobe: ${line.split("\\").map(escapeForTerminal).join("\\")}\n`);
    return error instanceof Error && (error.name === "UsageError" || error.name === "ConfigError") ? 2 : 3;
  }
}

/** Errno with which the output could not be written, null while it could. */
let outputError: string | null = null;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (head, less) closes the pipe; that is no error.
  if (error.code === "EPIPE" || outputError !== null) return;
  // Of a report it is the end. An agent goes on without its log: the evidence counts.
  outputError = error.code ?? error.message;
  process.stderr.write(`meshprobe: Cannot write to stdout: ${outputError}; give it a place with room\n`);
});
process.stderr.on("error", () => {});
process.on("exit", (code) => {
  if (outputError !== null && code === 0) process.exitCode = 3;
});

process.exitCode = await main(process.argv.slice(2));

/** The work of `meshprobe collector token`. A token is printed once, as the last word, and is nowhere else. */
import { loadCollectorConfig } from "../collector/config/load.ts";
import { newToken, tokenSum } from "../collector/tokens/token-book.ts";
import { changeTokensInTurn, readTokens } from "../collector/tokens/token-file.ts";
import { addToken, nameProblem, revokeTokens, rotateToken, TokenError, type TokenEntry, type TokenRole } from "../collector/tokens/token-list.ts";
import { formatDuration, parseDuration } from "../config/units.ts";
import { escapeForTerminal } from "../report/escape.ts";
import type { World } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** Longer is not rotating. */
const MAX_OVERLAP_MS = 365 * 86_400_000;

export interface TokenCommand {
  readonly action: "add" | "revoke" | "rotate" | "list";
  readonly name: string;
  readonly role: TokenRole | undefined;
  readonly overlap: string;
  readonly config: string;
}

export async function runToken(command: TokenCommand, world: World): Promise<number> {
  const { action, name } = command;
  const problem = action === "list" ? null : nameProblem(name);
  if (problem !== null) throw new UsageError(`NAME: ${problem}`);
  const overlapMs = overlap(command.overlap);
  const file = loadCollectorConfig(command.config).tokensFile;
  const shown = escapeForTerminal(name);
  const token = newToken();
  const nowMs = world.now();
  try {
    switch (action) {
      case "add": {
        const role = command.role ?? "node";
        await changeTokensInTurn(file, (list) => addToken(list, { name, role, sha256: tokenSum(token), createdMs: nowMs, endsMs: null }));
        world.stdout(`${role} token of ${shown}: ${token}\n`);
        return 0;
      }
      case "rotate":
        await changeTokensInTurn(file, (list) => rotateToken(list, { name, sha256: tokenSum(token), nowMs, overlapMs }));
        world.stdout(`the old token of ${shown} ends in ${formatDuration(overlapMs)}, the new one: ${token}\n`);
        return 0;
      case "revoke":
        await changeTokensInTurn(file, (list) => revokeTokens(list, name));
        world.stdout(`${shown} has no token any more\n`);
        return 0;
      case "list":
        world.stdout(listText(readTokens(file), nowMs));
        return 0;
    }
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    world.stderr(`meshprobe collector: ${error.message}\n`);
    return 3;
  }
}

function overlap(text: string): number {
  const duration = parseDuration(text);
  if (duration.kind === "bad") throw new UsageError(`--overlap: ${JSON.stringify(text)} ${duration.reason}`);
  if (duration.value > MAX_OVERLAP_MS) throw new UsageError("--overlap: at most 365d");
  return duration.value;
}

function listText(list: readonly TokenEntry[], nowMs: number): string {
  if (list.length === 0) return "no tokens; see meshprobe collector token add\n";
  const width = Math.max(...list.map(({ name }) => escapeForTerminal(name).length)) + 2;
  const end = ({ endsMs }: TokenEntry): string =>
    endsMs === null ? "" : `  ${endsMs <= nowMs ? "ended" : "ends"} ${new Date(endsMs).toISOString()}`;
  return list
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.createdMs - b.createdMs))
    .map(
      (entry) =>
        `${escapeForTerminal(entry.name).padEnd(width)}${entry.role.padEnd(8)}since ${new Date(entry.createdMs).toISOString()}${end(entry)}\n`,
    )
    .join("");
}

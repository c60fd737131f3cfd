import { agentCommand } from "./agent.ts";
import type { Command } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { reportCommand } from "./report.ts";
import { verifyCommand } from "./verify.ts";

/** All subcommands, in the order of the help text. */
export const COMMANDS: readonly Command[] = [agentCommand, reportCommand, exportCommand, verifyCommand, doctorCommand];

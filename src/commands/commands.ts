import { agentCommand } from "./agent.ts";
import { collectorCommand } from "./collector.ts";
import type { Command } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { reloadCommand } from "./reload.ts";
import { reportCommand } from "./report.ts";
import { statusCommand } from "./status.ts";
import { traceCommand } from "./trace.ts";
import { verifyCommand } from "./verify.ts";

/** All subcommands, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  agentCommand,
  statusCommand,
  reportCommand,
  exportCommand,
  verifyCommand,
  traceCommand,
  reloadCommand,
  doctorCommand,
  collectorCommand,
];

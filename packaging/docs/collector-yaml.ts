/** config/collector.yaml, commented from the documentation of its keys, as the package installs it. Checked in; a test holds it against what is made here. */
import { COLLECTOR_ENTRIES } from "../../src/collector/config/documentation.ts";
import { comment, keyLines, sectionLines } from "./yaml-comments.ts";

/** It opens the man page too. */
export const COLLECTOR_INTRO =
  "Where a collector listens, what it keeps and who may come. A key that is left out has its default. Unknown keys are errors, so that a misspelt one cannot go unnoticed. Durations carry units (h, d: 12h, 365d). Relative paths start at the directory of this file. Run as root, meshprobe refuses a file that other users may write. A change needs a restart, but for tokens_file and the certificate, which are read again when they change.";

export function collectorYaml(): string {
  return [
    ...comment(COLLECTOR_INTRO, 0),
    "# The values below are the defaults; commented lines are examples. `npm run docs` makes this file from src/collector/config/documentation.ts.",
    ...COLLECTOR_ENTRIES.flatMap((one) => ["", ...("section" in one ? sectionLines(one) : keyLines(one, 0))]),
    "",
  ].join("\n");
}

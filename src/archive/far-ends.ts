/** What an export of another node tells of an incident of ours. It is believed as far as its sums go, and no further than its author. */
import { parseFarEnd } from "../report/page/far-end.ts";
import type { FarEnd } from "../report/page/ticket.ts";
import { ArchiveError } from "./archive-error.ts";
import { checkExport, REPORT_FILE } from "./check.ts";

/** `file` names it in errors. Throws ArchiveError for one that is not as it was packed. */
export async function loadFarEnds(bytes: Uint8Array, file: string): Promise<FarEnd[]> {
  const { files, findings } = await checkExport(bytes);
  const [finding] = findings;
  if (finding !== undefined) throw new ArchiveError(`Cannot use ${file}: ${finding}; meshprobe verify tells more`);
  const ends = [...files].filter(([name]) => name.endsWith(`/${REPORT_FILE}`)).flatMap(([, text]) => parseFarEnd(parse(text)) ?? []);
  if (ends.length === 0) throw new ArchiveError(`Cannot use ${file}: it holds no report`);
  return mergeByNode(ends);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
}

/** An export holds a report for each ticket; one trace may be in several. */
function mergeByNode(ends: readonly FarEnd[]): FarEnd[] {
  const byName = Map.groupBy(ends, ({ node }) => node.name);
  return [...byName.values()].map((parts) => ({
    node: (parts[0] as FarEnd).node,
    incidents: distinct(parts.flatMap(({ incidents }) => incidents)),
    remote_captures: distinct(parts.flatMap(({ remote_captures: captures }) => captures)),
  }));
}

function distinct<T extends { readonly id: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

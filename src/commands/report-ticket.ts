/** `meshprobe report INCIDENT`: the page for a ticket. */
import { readFileSync } from "node:fs";
import { loadFarEnds } from "../archive/far-ends.ts";
import { buildTicket } from "../report/page/build-ticket.ts";
import type { Language } from "../report/language.ts";
import { ENGLISH, type Labels } from "../report/page/labels.ts";
import { pageOf } from "../report/page/page.ts";
import { renderTicketJson } from "../report/page/page-json.ts";
import { renderPageHtml } from "../report/page/render-html.ts";
import { renderPageMarkdown } from "../report/page/render-markdown.ts";
import { renderPageText } from "../report/page/render-text.ts";
import type { FarEnd, TicketSource } from "../report/page/ticket.ts";
import { storeError } from "../store/store-error.ts";
import { readTicket } from "../store/ticket-reader.ts";
import type { World } from "./command.ts";
import { localZone } from "./data-dir.ts";
import { pageLabels } from "./language-option.ts";
import { verdictWords } from "../verdict/words-of.ts";
import { requireTicket, withEvidence } from "./open-evidence.ts";
import { UsageError } from "./usage-error.ts";

export type TicketFormat = "text" | "markdown" | "html" | "json";

/** Narrower, an mtr table would be broken. */
export const MIN_PAGE_COLUMNS = 80;

export interface TicketOptions {
  readonly id: string;
  readonly format: TicketFormat;
  readonly dataDir: string;
  /** Files that `meshprobe export` made on other nodes. */
  readonly exports: readonly string[];
  readonly language: Language;
}

export async function reportTicket({ id, format, dataDir, exports, language }: TicketOptions, world: World): Promise<number> {
  const warn = (line: string): void => world.stderr(`meshprobe report: ${line}\n`);
  const [labels, words] = await Promise.all([pageLabels(language), verdictWords(language)]);
  const problems = await withEvidence(dataDir, warn, async ({ reader, db }) => {
    const found = requireTicket(db, id);
    const source = readTicket(reader, db, { ...found, nowMs: world.now(), words });
    const farEnds = await readFarEnds(exports, source);
    world.stdout(renderTicket(source, farEnds, { format, columns: Math.max(MIN_PAGE_COLUMNS, world.columns), labels }));
    return source.report.problems;
  });
  return problems.length > 0 ? 3 : 0;
}

export function renderTicket(
  source: TicketSource,
  farEnds: readonly FarEnd[],
  { format, columns, labels = ENGLISH }: { readonly format: TicketFormat; readonly columns: number; readonly labels?: Labels },
): string {
  const ticket = buildTicket(source, farEnds);
  if (format === "json") return renderTicketJson(source.report, ticket, labels.said);
  const page = pageOf(ticket, source.report, { labels, zone: localZone });
  switch (format) {
    case "text":
      return renderPageText(page, { columns });
    case "markdown":
      return renderPageMarkdown(page);
    case "html":
      return renderPageHtml(page);
    default:
      return format satisfies never;
  }
}

/** Throws UsageError for an export of a node that is no end of the incident. */
async function readFarEnds(files: readonly string[], { report }: TicketSource): Promise<FarEnd[]> {
  const peers = new Set(report.incidents.map(({ peer }) => peer));
  const ends: FarEnd[] = [];
  for (const file of files) {
    for (const end of await loadFarEnds(readExport(file), file)) {
      if (end.node.name === null || !peers.has(end.node.name))
        throw new UsageError(`${file} is of ${JSON.stringify(end.node.name)}, and this incident is with ${[...peers].join(", ")}`);
      ends.push(end);
    }
  }
  return ends;
}

function readExport(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw storeError(error, "read", file);
  }
}

/** `meshprobe report --collector URL`: the same report over all nodes, and the page of an incident with both of its sides. */
import { askCollector, CollectorError } from "../collector/client/ask.ts";
import { collectedPage } from "../collector/reports/page-source.ts";
import { parseRecordsAnswer } from "../collector/reports/parse-answer.ts";
import type { RecordsAnswer } from "../collector/reports/incident-records.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { count } from "../report/figures.ts";
import type { FleetReport } from "../report/fleet/fleet.ts";
import { renderFleetText } from "../report/fleet/fleet-text.ts";
import { parseFleetReport } from "../report/fleet/parse-fleet.ts";
import { renderJson } from "../report/json.ts";
import type { Language } from "../report/language.ts";
import { MIN_PREFIX } from "../store/ticket-finder.ts";
import type { Access } from "./collector-access.ts";
import type { World } from "./command.ts";
import { localZone } from "./data-dir.ts";
import { verdictWords } from "../verdict/words-of.ts";
import { fleetLabels, listLabels, pageLabels } from "./language-option.ts";
import { MIN_PAGE_COLUMNS, renderTicket, type TicketFormat } from "./report-ticket.ts";
import { UsageError } from "./usage-error.ts";

const MIN_COLUMNS = 40;
/** As nobody calls a peer. */
const ADDRESS = /^[\d.]+$|^[\da-f]*:[\da-f:.]*(%.*)?$/i;
const CLEAR_LINE = "\r\x1b[K";

export interface CollectedListOptions {
  readonly access: Access;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly node: string | null;
  readonly peer: string | null;
  readonly format: "text" | "json";
  readonly full: boolean;
  readonly language: Language;
}

export async function reportFleet(options: CollectedListOptions, world: World): Promise<number> {
  const { access, node, peer, format, full, language } = options;
  const range = { since: new Date(options.sinceMs).toISOString(), until: new Date(options.untilMs).toISOString() };
  const query = { ...range, ...(node === null ? {} : { node }), ...(peer === null ? {} : { peer }) };
  return answered(world, async () => {
    const report = parseFleetReport(await askIn(access, { path: "/api/v1/report", query, world, language }));
    if (report === null) throw notOurs(access);
    // Otherwise a misspelt name would read as a quiet night.
    if (node !== null && !report.nodes.some((each) => each.node === node))
      throw new UsageError(`the collector knows no node ${JSON.stringify(node)}; without --node the report lists them`);
    if (peer !== null && report.peers.length === 0 && report.incidents.length === 0 && report.problems.length === 0)
      throw new UsageError(
        `the collector has nothing about a peer ${JSON.stringify(peer)} in that time${ADDRESS.test(peer) ? " (it knows peers by name, not by address)" : ""}; without --peer the report lists what it has`,
      );
    world.stdout(
      format === "json" ? renderJson(report, (await listLabels(language)).said) : await listText(report, { access, full, language, world }),
    );
    return report.problems.length > 0 ? 3 : 0;
  });
}

async function listText(
  report: FleetReport,
  { access, full, language, world }: { readonly access: Access; readonly full: boolean; readonly language: Language; readonly world: World },
): Promise<string> {
  const [labels, fleet] = await Promise.all([listLabels(language), fleetLabels(language)]);
  return renderFleetText(report, { columns: Math.max(MIN_COLUMNS, world.columns), zone: localZone, full, url: access.url, labels, fleet });
}

export interface CollectedPageOptions {
  readonly access: Access;
  readonly id: string;
  readonly node: string | null;
  readonly format: TicketFormat;
  readonly language: Language;
}

export async function reportCollected({ access, id, node, format, language }: CollectedPageOptions, world: World): Promise<number> {
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/records`;
  return answered(world, async () => {
    const answer = parseRecordsAnswer(
      await ask(access, { path, query: node === null ? {} : { node }, world }).catch((error: unknown) => unknownId(error, { id })),
    );
    if (answer === null) throw notOurs(access);
    requireOne(answer, id);
    const [labels, words] = await Promise.all([pageLabels(language), verdictWords(language)]);
    const page = collectedPage(answer, { nowMs: world.now(), words });
    if (page === null) throw notOurs(access);
    world.stdout(renderTicket(page.source, page.farEnds, { format, columns: Math.max(MIN_PAGE_COLUMNS, world.columns), labels }));
    return page.source.report.problems.length > 0 ? 3 : 0;
  });
}

/** Throws UsageError, as for the data of a node. */
function requireOne({ incidents }: RecordsAnswer, id: string): void {
  if (incidents.length < 2) return;
  const names = incidents.map((each) => `${each.id} of ${each.node}`).join(", ");
  const same = incidents.every((each) => each.id === incidents[0]?.id);
  throw new UsageError(
    same
      ? `several nodes have ${JSON.stringify(id)}: ${names}; say which with --node`
      : `${JSON.stringify(id)} is the beginning of several: ${names}`,
  );
}

function unknownId(error: unknown, { id }: { readonly id: string }): never {
  if (!(error instanceof CollectorError) || error.code !== "not-found") throw error;
  const said = JSON.stringify(id);
  if (id.length < MIN_PREFIX)
    throw new UsageError(`${said} is too short for an incident: give its id, or the first ${MIN_PREFIX} characters or more`);
  throw new UsageError(`the collector has no incident or event ${said}; without INCIDENT the report lists them`);
}

interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly world: World;
}

/** A collector of before speaks English only, and refuses to be asked for more. */
async function askIn(access: Access, { language, query, ...more }: Asked & { readonly language: Language }): Promise<unknown> {
  if (language === "en") return ask(access, { query, ...more });
  try {
    return await ask(access, { query: { ...query, lang: language }, ...more });
  } catch (error) {
    if (!(error instanceof CollectorError) || error.code !== "not-understood") throw error;
    return ask(access, { query, ...more });
  }
}

async function ask(access: Access, { path, query, world }: Asked): Promise<unknown> {
  const progress = (text: string): void => {
    if (world.isTty) world.stderr(`${CLEAR_LINE}${text}`);
  };
  progress(`asking ${escapeForTerminal(access.url)} …`);
  try {
    return await askCollector({
      ...access,
      path,
      query,
      signal: world.signal,
      onProgress: (bytes) => progress(`${count(Math.round(bytes / 1024))} kB of ${escapeForTerminal(access.url)}`),
    });
  } finally {
    progress("");
  }
}

function notOurs({ url }: Access): CollectorError {
  return new CollectorError(
    "bad-answer",
    `${url} answers with something that is no report of this version; is it a collector, and of which version?`,
  );
}

async function answered(world: World, use: () => Promise<number>): Promise<number> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error;
    world.stderr(`meshprobe report: ${escapeForTerminal(error.message)}\n`);
    return 3;
  }
}

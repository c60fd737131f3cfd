import type { Translate } from "../../phrases/phrase.ts";
import { renderJson } from "../json.ts";
import type { Report } from "../report.ts";
import type { Ticket } from "./ticket.ts";

/** `meshprobe.report/1` of the incidents of the ticket, and the ticket under a key of its own. */
export function renderTicketJson(report: Report, ticket: Ticket, said?: Translate): string {
  const document: Report & { readonly ticket: Ticket } = { ...report, ticket };
  return renderJson(document, said);
}

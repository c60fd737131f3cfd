/** What somebody means by the id of an incident or an event, or by its first characters, among all nodes. Two nodes may have given the same id. */
import { MIN_PREFIX } from "../../store/ticket-finder.ts";
import type { CollectorStore } from "../store/port.ts";
import { findHeads, parsed, type FoundHead } from "./incident-heads.ts";
import { parseVerdictHead } from "./heads.ts";

/** Named in an answer when several match. */
const MAX_MATCHES = 20;

export interface FoundTicketOf {
  readonly kind: "incident" | "event";
  readonly node: string;
  readonly id: string;
  readonly incidents: readonly FoundHead[];
}

/** A whole id goes before those that only begin with it. */
export async function findTickets(
  store: CollectorStore,
  { id, node }: { readonly id: string; readonly node: string | null },
): Promise<FoundTicketOf[]> {
  const place = node === null ? {} : { node };
  const incidents = await findHeads(store, { ...place, ids: [id] });
  if (incidents.length > 0) return incidents.map(single);
  const events = eventsOf(await findHeads(store, { ...place, parents: [id] }));
  if (events.length > 0 || id.length < MIN_PREFIX) return events;
  const begun = [...(await findHeads(store, { ...place, idPrefix: id })).map(single), ...(await eventsBegun(store, { ...place, idPrefix: id }))];
  return begun.slice(0, MAX_MATCHES);
}

function single(found: FoundHead): FoundTicketOf {
  return { kind: "incident", node: found.node, id: found.head.id, incidents: [found] };
}

function eventsOf(found: readonly FoundHead[]): FoundTicketOf[] {
  const events = Map.groupBy(found, ({ node, head }) => JSON.stringify([node, head.event_id]));
  return [...events.values()].flatMap((incidents) => {
    const [first] = incidents;
    return first === undefined ? [] : [{ kind: "event" as const, node: first.node, id: first.head.event_id, incidents }];
  });
}

/** By their verdicts, which go by the event; one that was not judged yet is found by its whole id. */
async function eventsBegun(store: CollectorStore, query: { readonly node?: string; readonly idPrefix: string }): Promise<FoundTicketOf[]> {
  const verdicts = await store.records({ ...query, types: ["verdict"], limit: MAX_MATCHES });
  const parents = verdicts.flatMap(({ data }) => parseVerdictHead(parsed(data))?.event_id ?? []);
  const place = query.node === undefined ? {} : { node: query.node };
  return parents.length === 0 ? [] : eventsOf(await findHeads(store, { ...place, parents }));
}

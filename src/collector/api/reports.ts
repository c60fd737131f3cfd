/** GET /api/v1/incidents/ID, its records, and /api/v1/report: what is made of the records. */
import { LANGUAGES } from "../../report/language.ts";
import { Refusal } from "../http/refusal.ts";
import type { Endpoint } from "../http/router.ts";
import { Parameters } from "./parameters.ts";
import type { Reports } from "./ports.ts";

const DEFAULT_BACK_MS = 24 * 3_600_000;

export function reportEndpoints(reports: Reports): Endpoint[] {
  const one = (path: string, read: Reports["incident"]): Endpoint => ({
    method: "GET",
    path,
    access: "reader",
    handle: async ({ parameters: [id = ""], query, receivedMs }) => {
      const node = new Parameters(query, { known: ["node"], nowMs: receivedMs }).name("node");
      const value = await read(id, node);
      if (value === null) throw new Refusal(404, "not-found", { message: "there is no such incident here" });
      return { kind: "json", value };
    },
  });
  return [
    one("/api/v1/incidents/{id}", (id, node) => reports.incident(id, node)),
    one("/api/v1/incidents/{id}/records", (id, node) => reports.records(id, node)),
    {
      method: "GET",
      path: "/api/v1/report",
      access: "reader",
      handle: async ({ query, receivedMs }) => {
        const parameters = new Parameters(query, { known: ["since", "until", "node", "peer", "lang"], nowMs: receivedMs });
        const range = { ...parameters.range(DEFAULT_BACK_MS), node: parameters.name("node"), peer: parameters.name("peer") };
        return { kind: "json", value: await reports.report({ ...range, language: parameters.word("lang", LANGUAGES) ?? "en" }) };
      },
    },
  ];
}

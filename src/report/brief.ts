/** Incidents and verdicts without their evidence, as another machine tells them → what a list shows. Null where one is none; what is missing is empty. */
import { figure, fields, list, text, texts, time, word, type Fields } from "./fields.ts";
import type { ReportBurst, ReportIncident, ReportVerdict } from "./report.ts";

/** Longer than any other text. */
const MAX_SENTENCE = 2_000;
const MAX_ID = 600;
const MAX_BURSTS = 500;
const MAX_FLOWS = 16;
const MAX_FINDINGS = 16;

export type BriefIncident = Omit<ReportIncident, "captures" | "strip" | "strip_started_at" | "verdict">;

export function parseBrief(value: unknown): BriefIncident | null {
  const one = fields(value);
  if (one === null) return null;
  const id = text(one["id"], MAX_ID);
  const peer = text(one["peer"]);
  const address = text(one["address"]);
  const startedAt = time(one["started_at"]);
  const status = word(one["status"], ["open", "cooling", "closed", "interrupted"]);
  if (id === null || peer === null || address === null || startedAt === null || status === null) return null;
  return {
    id,
    event_id: text(one["event_id"], MAX_ID) ?? id,
    continues: text(one["continues"], MAX_ID),
    peer,
    address,
    kind: word(one["kind"], ["loss", "brownout", "local"]),
    status,
    started_at: startedAt,
    detected_at: time(one["detected_at"]) ?? startedAt,
    ended_at: time(one["ended_at"]),
    interval_ms: figure(one["interval_ms"]) ?? 0,
    timeout_ms: figure(one["timeout_ms"]) ?? 0,
    sent: figure(one["sent"]) ?? 0,
    lost: figure(one["lost"]) ?? 0,
    late: figure(one["late"]) ?? 0,
    loss_pct: figure(one["loss_pct"]),
    out: counts(one["out"]),
    in: counts(one["in"]),
    flows: list(one["flows"], MAX_FLOWS).flatMap((each) => flow(each) ?? []),
    bursts: list(one["bursts"], MAX_BURSTS).flatMap((each) => burst(each) ?? []),
  };
}

export function parseVerdict(value: unknown): ReportVerdict | null {
  const one = fields(value);
  if (one === null) return null;
  const scope = word(one["scope"], ["agent", "local", "gateway", "uplink", "shared", "path", "peer", "uncertain"]);
  const direction = word(one["direction"], ["out", "in", "both", "unknown"]);
  const certainty = word(one["certainty"], ["certain", "likely", "possible"]);
  const sentence = text(one["sentence"], MAX_SENTENCE);
  const at = time(one["at"]);
  if (scope === null || direction === null || certainty === null || sentence === null || at === null) return null;
  const hop = fields(one["hop"]);
  return {
    scope,
    direction,
    hop: hop === null ? null : { after: text(hop["after"]), before: text(hop["before"]) },
    certainty,
    at,
    version: figure(one["version"]) ?? 1,
    counts: Object.fromEntries(Object.entries(fields(one["counts"]) ?? {}).filter((entry): entry is [string, number] => figure(entry[1]) !== null)),
    sentence,
    rule: text(one["rule"]) ?? "",
    findings: texts(one["findings"], MAX_FINDINGS),
  };
}

function burst(one: Fields): ReportBurst | null {
  const startedAt = time(one["started_at"]);
  if (startedAt === null) return null;
  const number = (name: string): number => figure(one[name]) ?? 0;
  return {
    started_at: startedAt,
    ended_at: time(one["ended_at"]),
    sent: number("sent"),
    lost: number("lost"),
    late: number("late"),
    send_failed: number("send_failed"),
    blind: number("blind"),
    longest_run: number("longest_run"),
  };
}

function counts(value: unknown): ReportIncident["out"] {
  const one = fields(value);
  return { sent: figure(one?.["sent"]), lost: figure(one?.["lost"]) };
}

function flow(one: Fields): ReportIncident["flows"][number] | null {
  const [number, sent, lost] = [figure(one["flow"]), figure(one["sent"]), figure(one["lost"])];
  return number === null || sent === null || lost === null ? null : { flow: number, sent, lost };
}

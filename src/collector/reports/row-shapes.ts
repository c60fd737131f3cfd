/** The shapes of the rows that a node sends, column by column in the order of `columnsOf`, as rows.ts has them. */
import type { EvidenceTable } from "../../sync/record-types.ts";
import { count, dictionary, figure, flag, json, key, list, object, oneOf, optional, orNull, span, text, time, type Shape } from "./shapes.ts";

/** The slots of a boot of the agent, and a few ticks before it. */
const slot: Shape = (value) => Number.isSafeInteger(value);
const stored: Shape = (value) => value === 0 || value === 1;
/** Longer ones are no base64 of a record. */
const base64: Shape = (value) => typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);

const packets = object({ sent: count, lost: count });
const ttl: Shape = (value) => count(value) && Number(value) >= 1 && Number(value) <= 255;
const path = orNull(list(orNull(text)));

const burst = object({
  number: count,
  startedMs: time,
  endedMs: orNull(time),
  sent: count,
  lost: count,
  late: count,
  sendFailed: count,
  blind: count,
  longestRun: count,
  flows: list(object({ flow: count, sent: count, lost: count })),
  out: optional(packets),
  in: optional(packets),
});

const hop = object({
  ttl,
  address: orNull(text),
  addresses: list(text),
  sent: count,
  received: count,
  lossPct: orNull(figure),
  rttMs: orNull(object({ best: figure, avg: figure, worst: figure, last: optional(figure), stdev: optional(figure) })),
  mpls: list(text),
  note: orNull(text),
  rttsUs: optional(list(figure)),
});

const node = object({
  name: text,
  id: text,
  address: orNull(text),
  version: text,
  intervalMs: figure,
  timeoutMs: figure,
  notes: list(text),
});

const verdict = object({
  scope: oneOf("agent", "local", "gateway", "uplink", "shared", "path", "peer", "uncertain"),
  direction: oneOf("out", "in", "both", "unknown"),
  hop: orNull(object({ after: orNull(text), before: orNull(text) })),
  certainty: oneOf("certain", "likely", "possible"),
  rule: key,
  counts: dictionary(figure),
  findings: list(text),
});

const canary = orNull(object({ address: text, answers: flag, sent: count, lost: count }));

const host = object({
  interface: orNull(text),
  gateway: optional(orNull(text)),
  sendErrors: dictionary(count),
  unreachableFromSelf: figure,
  carrierLost: orNull(flag),
  carrierChanges: orNull(figure),
  nicErrors: orNull(figure),
  nicDrops: orNull(figure),
  softnetDrops: orNull(figure),
  queueDrops: orNull(figure),
  gatewayNeighbour: orNull(oneOf("reachable", "failed")),
  conntrackFull: orNull(flag),
  tcpRetransmits: orNull(figure),
  linkUse: orNull(figure),
});

const segment = object({
  after: orNull(text),
  afterTtl: count,
  before: orNull(text),
  beforeSilent: flag,
  isLast: flag,
  links: figure,
  near: orNull(packets),
  far: packets,
  votes: count,
  of: count,
  refusals: count,
});

const fault = object({
  id: text,
  peer: text,
  address: text,
  labels: dictionary(text),
  startedMs: time,
  endedMs: orNull(time),
  sent: count,
  lost: count,
  bursts: count,
  brownout: flag,
  late: count,
  slow: count,
  pending: count,
  sendFailed: count,
  blind: count,
  flows: list(packets),
  hearing: object({
    state: oneOf("calibrated", "off", "none"),
    authentic: flag,
    in: orNull(packets),
    out: orNull(packets),
    saysBad: orNull(flag),
  }),
  segment: orNull(segment),
  path,
  pathChanged: orNull(object({ before: list(orNull(text)), now: list(orNull(text)) })),
  replyTtlChanged: orNull(object({ before: figure, now: figure })),
  freshId: orNull(packets),
});

const facts = object({
  node: text,
  startedMs: time,
  endedMs: orNull(time),
  mesh: object({ peers: count, bad: count, members: list(object({ peer: text, address: text, labels: dictionary(text), path })) }),
  loopback: canary,
  gateway: canary,
  host: orNull(host),
  agent: object({ blindMs: figure, eventMs: figure, cpuPressure: orNull(figure), steal: orNull(figure) }),
  incidents: list(fault),
});

/** `[[ms, "line"], …]`. */
const lines: Shape = list((line) => Array.isArray(line) && line.length === 2 && time(line[0]) && text(line[1]));

const chunks: Shape = list((chunk) => Array.isArray(chunk) && chunk.length === 2 && count(chunk[0]) && json(lines)(chunk[1]));

export const ROW_SHAPES: Readonly<Record<EvidenceTable, readonly Shape[]>> = {
  incidents: [
    text,
    text,
    orNull(text),
    text,
    text,
    orNull(oneOf("loss", "brownout", "local")),
    oneOf("open", "cooling", "closed", "interrupted"),
    time,
    time,
    orNull(time),
    span,
    span,
    orNull(text),
    json(list(burst)),
  ],
  captures: [
    text,
    orNull(text),
    text,
    oneOf("sweep", "mtr", "snapshot", "samples"),
    oneOf("before", "during", "after"),
    oneOf("baseline", "suspect", "burst", "recapture", "after", "request", "remote"),
    text,
    oneOf("running", "complete", "partial", "failed", "skipped"),
    orNull(text),
    orNull(count),
    orNull(text),
    text,
    orNull(stored),
    orNull(text),
    time,
    orNull(time),
    orNull(time),
    json(object({})),
    json(list(hop)),
  ],
  lines: [text, count, chunks],
  verdicts: [text, count, time, text, json(verdict), json(facts)],
  blind: [time, text, time, orNull(text)],
  peers: [text, text, span, orNull(time), stored, count, orNull(time)],
  node: [(only) => only === 1, json(node)],
  hop_names: [text, time, orNull(text), time, time],
  samples: [text, count, slot, time, span, base64],
};

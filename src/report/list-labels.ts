/**
 * Every word of the text report, `meshprobe report` without an INCIDENT, in one table a language; what it has in common with the page is the page's. Texts hold {places};
 * `one` and `many` are chosen by {n}. A word of the store that a table does not know is shown as it is.
 */
import type { CaptureKind, CaptureStatus, IncidentKind, IncidentStatus, Phase, Trigger } from "../store/rows.ts";
import type { Certainty, Direction, Scope } from "../verdict/verdict.ts";
import { ENGLISH, type Counted, type Labels } from "./page/labels.ts";

export interface ListLabels {
  readonly unit: Labels["unit"];
  readonly said: Labels["said"];
  readonly phase: Labels["phase"];
  readonly tables: Pick<Labels["tables"], "sweeps" | "runs" | "and">;
  readonly head: {
    readonly unknownNode: string;
    readonly thisNode: string;
    readonly address: string;
    readonly version: string;
    readonly utcRange: string;
    readonly localRange: string;
    /** Between the parts of the headline. */
    readonly joint: string;
    readonly incidents: Counted;
    readonly incidentsUnknown: string;
    readonly inEvents: Counted;
    readonly peers: Counted;
    readonly neverAnswered: string;
    readonly noProbes: string;
    readonly loss: Counted;
    readonly problem: string;
    readonly note: string;
    readonly silentAgent: string;
    readonly stale: string;
    readonly nothingStored: string;
    readonly nothingMeasured: string;
  };
  readonly section: Readonly<Record<"incidents" | "peers" | "blind" | "remote" | "requested" | "evicted", string>>;
  readonly list: Readonly<
    Record<"number" | "started" | "lasted" | "peer" | "what" | "lost" | "run" | "traced" | "verdict" | "status" | "id", string> & {
      readonly lostOf: string;
      readonly goingOn: string;
      readonly ms: string;
      readonly place: string;
      readonly narrow: string;
    }
  >;
  readonly what: Readonly<Record<IncidentKind | "lossShare" | "lossSoFar" | "lossShareSoFar" | "undecided" | "unknown", string>>;
  readonly status: Readonly<Record<IncidentStatus, string>>;
  readonly verdict: {
    readonly scope: Readonly<Record<Scope, string>>;
    readonly direction: Readonly<Record<Direction, string>>;
    readonly certainty: Readonly<Record<Certainty, string>>;
    readonly text: string;
  };
  readonly incident: {
    readonly title: string;
    readonly started: string;
    readonly ended: string;
    readonly notYet: string;
    readonly lasted: string;
    readonly lost: string;
    readonly lostValue: Counted;
    readonly percent: string;
    readonly late: string;
    readonly noticed: string;
    readonly noticedValue: string;
    readonly traced: string;
    readonly tracedValue: string;
    readonly untraced: string;
    readonly method: string;
    readonly methodValue: string;
    readonly flows: string;
    readonly flow: string;
    readonly continues: string;
    readonly id: string;
    readonly both: string;
  };
  readonly bursts: Readonly<Record<"title" | "more" | "text" | "lost" | "run" | "late" | "failed" | "blind" | "joint", string>>;
  readonly strip: { readonly none: string; readonly legend: string; readonly more: Counted; readonly quiet: Counted };
  readonly traces: { readonly none: string; readonly caption: string };
  readonly captures: {
    readonly kind: Readonly<Record<CaptureKind, string>>;
    readonly phase: Readonly<Record<Phase, string>>;
    readonly outcome: Readonly<Record<CaptureStatus, string>>;
    readonly trigger: Readonly<Record<Trigger, string>>;
    readonly title: string;
    readonly reason: string;
    readonly heading: string;
    readonly about: string;
    readonly until: string;
    readonly reached: string;
    readonly notReached: string;
    readonly asked: string;
    readonly facts: string;
    readonly remote: string;
    readonly requested: string;
    readonly nobody: string;
  };
  readonly peers: Readonly<
    Record<
      | "peer"
      | "address"
      | "sent"
      | "lost"
      | "loss"
      | "late"
      | "blind"
      | "min"
      | "p50"
      | "p99"
      | "max"
      | "incidents"
      | "p95"
      | "error"
      | "doubtful"
      | "duplicate"
      | "foreign"
      | "notSent"
      | "skipped"
      | "never",
      string
    >
  > & { readonly quiet: Counted };
  readonly blind: { readonly earlier: string; readonly text: string; readonly detail: string; readonly cause: Readonly<Record<string, string>> };
  readonly evicted: { readonly text: string; readonly budget: string; readonly age: string; readonly what: Readonly<Record<string, string>> };
}

export const LIST_ENGLISH: ListLabels = {
  unit: ENGLISH.unit,
  said: ENGLISH.said,
  phase: ENGLISH.phase,
  tables: ENGLISH.tables,
  head: {
    unknownNode: "unknown node",
    thisNode: "this node",
    address: " ({address})",
    version: ", meshprobe {version}",
    utcRange: "{from} to {to} UTC, {lasted}",
    localRange: "{from} to {to} {offset}, {lasted} ({fromUtc} to {toUtc} UTC)",
    joint: ", ",
    incidents: { one: "{n} incident", many: "{n} incidents" },
    incidentsUnknown: "incidents not known",
    inEvents: { one: " in {n} event", many: " in {n} events" },
    peers: { one: "{n} peer", many: "{n} peers" },
    neverAnswered: " ({n} never answered)",
    noProbes: "no probes",
    loss: { one: "loss {loss} ({lost} of {n} probe)", many: "loss {loss} ({lost} of {n} probes)" },
    problem: "NOT COMPLETE: {problem}",
    note: "note: {note}",
    silentAgent: "the agent of {peer} has been silent since {at}; its host answers",
    stale: "the newest data is of {at}; the agent may not be running",
    nothingStored: "Nothing is stored yet: the agent writes its first figures ten to twenty seconds after its start.",
    nothingMeasured: "Nothing was measured in this time. Try a longer --since, or see whether the agent was running.",
  },
  section: {
    incidents: "INCIDENTS (newest last)",
    peers: "PEERS (worst first)",
    blind: "BLIND (the agent itself could not judge: neither good nor lost)",
    remote: "TRACED FOR OTHER NODES",
    requested: "TRACED ON REQUEST",
    evicted: "NO LONGER STORED",
  },
  list: {
    number: "#",
    started: "started",
    lasted: "lasted",
    peer: "peer",
    what: "what",
    lost: "lost",
    run: "in a row",
    traced: "traced after",
    verdict: "verdict",
    status: "status",
    id: "id",
    lostOf: "{lost} of {sent}",
    goingOn: "going on",
    ms: "{n} ms",
    place: "{number} of {total}",
    narrow: "Paths and strips are shown for up to {max} incidents: narrow --since, --until or --peer, or give --full.",
  },
  what: {
    loss: "loss",
    lossShare: "loss {percent} %",
    lossSoFar: "loss so far",
    lossShareSoFar: "loss {percent} % so far",
    brownout: "brownout",
    local: "local fault",
    undecided: "not decided yet",
    unknown: "unknown kind",
  },
  status: { open: "open", cooling: "cooling", closed: "closed", interrupted: "interrupted" },
  verdict: {
    scope: {
      agent: "agent",
      local: "local",
      gateway: "gateway",
      uplink: "uplink",
      shared: "shared",
      path: "path",
      peer: "peer",
      uncertain: "uncertain",
    },
    direction: { out: " out", in: " in", both: " both", unknown: "" },
    certainty: { certain: "certain", likely: "likely", possible: "possible" },
    text: "{scope}{direction}, {certainty}",
  },
  incident: {
    title: "INCIDENT {place}: {what} towards {peer} ({address}), {status}",
    started: "started",
    ended: "ended",
    notYet: "not yet",
    lasted: ", lasted {duration}",
    lost: "lost",
    lostValue: { one: "{lost} of {n} probe{percent}, longest run {run}{late}", many: "{lost} of {n} probes{percent}, longest run {run}{late}" },
    percent: " ({percent} %)",
    late: "; {late} more answered late",
    noticed: "noticed",
    noticedValue: "{after} ms after the first lost packet",
    traced: "traced",
    tracedValue: "first hop of evidence {after} ms after the first lost packet",
    untraced: "no sweep brought a hop",
    method: "method",
    methodValue: "one probe every {interval}, lost when not answered within {timeout}",
    flows: "flows",
    flow: "{flow}: {lost} of {sent} lost",
    continues: "continues",
    id: "id",
    both: "{local} ({utc})",
  },
  bursts: {
    title: "bursts",
    more: "… {n} more, see --full",
    text: "{at}  {lasted}, {counts}",
    lost: "{lost} of {sent} lost",
    run: "longest run {run}",
    late: "{n} late",
    failed: "{n} not sent",
    blind: "{n} blind",
    joint: ", ",
  },
  strip: {
    none: "no samples stored",
    legend: ". good, o late or slow, x lost, - blind, ! send failure, blank not recorded",
    more: { one: "… {n} more probe, see --full", many: "… {n} more probes, see --full" },
    quiet: { one: "… {n} good probe ({duration}) …", many: "… {n} good probes ({duration}) …" },
  },
  traces: { none: "no trace", caption: "{what}, {from} to {to}" },
  captures: {
    kind: { sweep: "sweep", mtr: "mtr", snapshot: "snapshot", samples: "samples" },
    phase: { before: "before", during: "during", after: "after" },
    outcome: { running: "running", complete: "complete", partial: "partial", failed: "failed", skipped: "skipped" },
    trigger: {
      baseline: "baseline",
      suspect: "suspect",
      burst: "burst",
      recapture: "recapture",
      after: "after",
      request: "request",
      remote: "remote",
    },
    title: "{kind} {phase} ({trigger}) {outcome}{reason}",
    reason: ": {reason}",
    heading: "CAPTURE {title}",
    about: "{tool} to {target}, {at}{until}{reached}{asked}",
    until: " to {at}",
    reached: ", reached the target",
    notReached: ", did not reach the target",
    asked: ", asked by {who}",
    facts: "facts {json}",
    remote: "{at}  {kind} to {target}, asked by {who}, {outcome}{reason}",
    requested: "{at}  {kind} to {target}, {outcome}{reason}",
    nobody: "unknown",
  },
  peers: {
    peer: "peer",
    address: "address",
    sent: "sent",
    lost: "lost",
    loss: "loss",
    late: "late",
    blind: "blind",
    min: "min",
    p50: "p50",
    p99: "p99",
    max: "max ms",
    incidents: "incidents",
    p95: "p95",
    error: "error",
    doubtful: "doubtful",
    duplicate: "duplicate",
    foreign: "foreign",
    notSent: "not sent",
    skipped: "skipped",
    never: "{peer} has never answered",
    quiet: {
      one: "and {n} peer without loss, late replies or incidents (--full shows them)",
      many: "and {n} peers without loss, late replies or incidents (--full shows them)",
    },
  },
  blind: { earlier: "… {n} earlier, see --full", text: "{at}  {lasted}, {cause}{detail}", detail: ": {detail}", cause: {} },
  evicted: { text: "{what}, {from} to {to}: {why}", budget: "deleted to stay within store.max_bytes", age: "older than is kept", what: {} },
};

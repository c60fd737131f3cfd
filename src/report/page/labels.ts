/**
 * Every word of the page that is not evidence, in one table a language. Texts hold {places}; `one` and `many` are chosen by {n}. What stands in the evidence itself
 * (names, reasons, notes of hops, the verdict) does not come from here; `said` puts it into the language.
 */
import type { Translate } from "../../phrases/phrase.ts";
import type { CaptureKind, CaptureStatus, IncidentKind, IncidentStatus, Phase } from "../../store/rows.ts";
import type { Units } from "../figures.ts";
import type { OwnCheck, OwnCheckName, Receipt, Reverse } from "./ticket.ts";

export interface Counted {
  readonly one: string;
  readonly many: string;
}

export interface Labels {
  /** BCP 47, for the html. */
  readonly language: string;
  /** Reasons, notes and details, which are stored in English. */
  readonly said: Translate;
  readonly title: Readonly<Record<"incident" | "event", string>>;
  readonly kind: Readonly<Record<IncidentKind | "undecided", string>>;
  readonly status: Readonly<Record<IncidentStatus, string>>;
  readonly noVerdict: string;
  readonly incomplete: string;
  readonly notKnown: string;
  readonly utc: string;
  /** Before what the clock is held against. */
  readonly clock: { readonly ahead: string; readonly behind: string };
  readonly unit: Units;
  readonly section: Readonly<
    Record<"summary" | "ends" | "incidents" | "strip" | "tables" | "reverse" | "paths" | "others" | "own" | "method" | "evidence" | "receipt", string>
  >;
  readonly summary: {
    readonly path: string;
    readonly pathValue: string;
    readonly started: string;
    readonly ended: string;
    readonly notYet: string;
    readonly duration: string;
    readonly soFar: string;
    readonly clock: string;
    readonly clockUnknown: string;
    readonly clockNamed: string;
    readonly clockKnown: string;
    readonly loss: string;
    readonly lossValue: string;
    readonly late: string;
    readonly out: string;
    readonly in: string;
    readonly direction: string;
    readonly directionUnknown: string;
    readonly bursts: string;
    readonly burst: string;
    readonly flows: string;
    readonly flow: string;
    /** Between flows. */
    readonly joint: string;
    readonly noticed: string;
    readonly noticedValue: string;
    readonly traced: string;
    readonly tracedValue: string;
    readonly untraced: string;
    readonly status: string;
    readonly continues: string;
    readonly id: string;
    readonly event: string;
  };
  readonly ends: {
    readonly end: string;
    readonly here: string;
    readonly there: string;
    readonly name: string;
    readonly address: string;
    readonly interface: string;
    readonly gateway: string;
    readonly link: string;
    readonly linkValue: string;
    readonly version: string;
  };
  readonly incidents: {
    readonly peer: string;
    readonly address: string;
    readonly started: string;
    readonly lasted: string;
    readonly lost: string;
    readonly out: string;
    readonly in: string;
    readonly id: string;
    readonly more: Counted;
  };
  readonly strip: {
    readonly none: string;
    readonly notYet: string;
    readonly quiet: string;
    readonly legend: string;
    readonly caption: string;
    readonly marks: Readonly<Record<"good" | "late" | "lost" | "blind" | "failed", string>>;
  };
  readonly phase: Readonly<Record<Phase, string>>;
  readonly tables: {
    readonly none: string;
    readonly caption: string;
    readonly sweeps: Counted;
    readonly runs: Counted;
    readonly and: string;
    readonly hopNote: string;
    readonly rateNote: string;
    readonly troubles: string;
    readonly trouble: string;
    readonly kinds: Readonly<Record<CaptureKind, string>>;
    readonly statuses: Readonly<Record<CaptureStatus, string>>;
  };
  readonly reverse: Readonly<Record<Reverse["state"], string>> & {
    readonly there: string;
    readonly here: string;
    readonly incident: string;
    readonly nothing: string;
    readonly asked: string;
    /** In the place of `merged`. */
    readonly collected: string;
    readonly aligned: string;
    readonly unaligned: string;
  };
  readonly paths: {
    readonly same: string;
    readonly changed: string;
    readonly notComparable: string;
    readonly hop: string;
    readonly silent: string;
    readonly none: string;
    readonly differs: string;
  };
  readonly others: {
    readonly period: string;
    readonly none: string;
    readonly peer: string;
    readonly address: string;
    readonly sent: string;
    readonly lost: string;
    readonly loss: string;
    readonly p50: string;
    readonly state: string;
    readonly incident: string;
    readonly elsewhere: string;
    readonly states: Readonly<Record<"good" | "bad" | "unknown", string>>;
    readonly more: Counted;
  };
  readonly own: {
    readonly states: Readonly<Record<OwnCheck["state"], string>>;
    /** `suspect` where other words are needed for it. */
    readonly checks: Readonly<Record<OwnCheckName, { readonly name: string; readonly value: string; readonly suspect?: string }>>;
  };
  readonly method: {
    readonly probes: string;
    readonly probesValue: string;
    readonly lost: string;
    readonly lostValue: string;
    readonly sweeps: string;
    readonly sweepsValue: string;
    readonly mtr: string;
    readonly mtrValue: string;
    readonly noMtr: string;
    readonly tables: string;
    readonly tablesValue: string;
    readonly direction: string;
    readonly directionValue: string;
    readonly limits: string;
    readonly limitsValue: string;
    readonly version: string;
    readonly versionValue: string;
    readonly notes: string;
  };
  readonly evidence: {
    readonly hash: string;
    readonly notFinal: string;
    readonly notFinalValue: string;
    readonly covers: string;
    readonly coversValue: string;
    readonly check: string;
    readonly checkThere: string;
    readonly meaning: string;
    readonly meaningValue: string;
  };
  readonly receipt: {
    readonly received: string;
    readonly receivedValue: string;
    readonly clock: string;
    readonly clockValue: string;
    readonly hash: string;
    readonly rows: string;
    readonly states: Readonly<Record<Receipt["state"], string>>;
    readonly changed: string;
    readonly changedValue: string;
    readonly meaning: string;
    readonly meaningValue: string;
  };
}

export const ENGLISH: Labels = {
  language: "en",
  said: (text) => text,
  title: { incident: "{what} from {from} to {to}", event: "Event: {n} peers of {from} at once" },
  kind: { loss: "Packet loss", brownout: "Slow answers", local: "Local fault", undecided: "Packet loss" },
  status: { open: "open", cooling: "open, no burst now", closed: "closed", interrupted: "interrupted: the agent stopped" },
  noVerdict: "Not judged yet.",
  incomplete: "NOT COMPLETE: {problem}",
  notKnown: "not known",
  utc: "UTC",
  clock: { ahead: "{ms} ms ahead of", behind: "{ms} ms behind" },
  unit: { ms: "ms", s: "s", min: "min", h: "h", d: "d" },
  section: {
    summary: "Summary",
    ends: "Both ends",
    incidents: "Peers of this event",
    strip: "Every probe around the burst",
    tables: "Path out",
    reverse: "Path back",
    paths: "Path compared",
    others: "Other peers at the same time",
    own: "Was it our own side?",
    method: "How it was measured",
    evidence: "Evidence",
    receipt: "Receipt of the collector",
  },
  summary: {
    path: "Between",
    pathValue: "{from} ({fromAddress}) and {to} ({toAddress})",
    started: "Started",
    ended: "Ended",
    notYet: "not yet",
    duration: "Duration",
    soFar: "{duration} so far",
    clock: "Clock",
    clockNamed: "kept by {source}, its error not known; durations come from a monotonic clock and do not depend on it",
    clockUnknown: "quality not measured; durations come from a monotonic clock and do not depend on it",
    clockKnown: "kept by {source}: offset {offset} ms, error at most {error} ms; durations come from a monotonic clock",
    loss: "Loss",
    lossValue: "{lost} of {sent} probes ({percent}), longest run {run}",
    late: "; {late} more answered late",
    out: "outbound {lost} of {sent} lost ({percent})",
    in: "inbound {lost} of {sent} lost ({percent})",
    direction: "By direction",
    directionUnknown: "not known: the far end tells nothing of what it heard",
    bursts: "Bursts",
    burst: "{at}, {duration}: {lost} of {sent} lost, longest run {run}",
    flows: "Flows",
    flow: "flow {flow}: {lost} of {sent} lost",
    joint: "; ",
    noticed: "Noticed",
    noticedValue: "{after} after the first lost packet",
    traced: "Traced",
    tracedValue: "first hop of evidence {after} after the first lost packet",
    untraced: "no sweep brought a hop",
    status: "Status",
    continues: "Continues",
    id: "Incident",
    event: "Event",
  },
  ends: {
    end: "End",
    here: "this node",
    there: "peer",
    name: "Name",
    address: "Address",
    interface: "Interface",
    gateway: "Gateway",
    link: "Link",
    linkValue: "{speed} Mbit/s, MTU {mtu}",
    version: "meshprobe",
  },
  incidents: {
    peer: "Peer",
    address: "Address",
    started: "Started (UTC)",
    lasted: "Lasted",
    lost: "Lost",
    out: "Out",
    in: "In",
    id: "Incident",
    more: { one: "Details of {n} more are on its own page.", many: "Details of {n} more are on their own pages: meshprobe report INCIDENT." },
  },
  strip: {
    none: "No samples are stored.",
    notYet: "No samples are here yet: they come when the burst is over.",
    quiet: "{n} good probes ({duration})",
    legend: ". good   o late or slow   x lost   - blind   ! send failure   blank not recorded",
    caption: "One mark a probe, one probe every {interval}, from {from} to {to}",
    marks: { good: "good", late: "late or slow", lost: "lost", blind: "blind: not judged", failed: "refused by our own kernel" },
  },
  phase: { before: "BEFORE", during: "DURING", after: "AFTER" },
  tables: {
    none: "no trace",
    caption: "{what}, {from} to {to}",
    sweeps: { one: "{n} sweep", many: "{n} sweeps" },
    runs: { one: "{n} mtr run", many: "{n} mtr runs" },
    and: " and ",
    hopNote: "hop {ttl}: {note}",
    rateNote: "Loss at a hop that does not reach the destination is that router's limit on its own answers, not loss on the path.",
    troubles: "Not captured:",
    trouble: "{phase}: {kind} {status}: {reason}",
    kinds: { sweep: "sweep", mtr: "mtr", snapshot: "host snapshot", samples: "samples" },
    statuses: { running: "running", complete: "complete", partial: "partial", failed: "failed", skipped: "skipped" },
  },
  reverse: {
    held: "The trace of the way back is held by {peer}, which our incident {id} asked to trace back. Fetch it, and put it on this page:",
    unasked: "{peer} was not asked to trace back (no common mesh key); what it saw of its own accord is fetched so:",
    none: "{peer} runs no agent, so nobody traced the way back.",
    merged: "From the export of {peer}:",
    there: "on {peer}:",
    here: "here:",
    incident: "its incident {id}, {started} to {ended}: {lost} of {sent} probes towards us lost ({percent})",
    nothing: "It holds neither an incident with us nor a trace for us from {since} to {until}.",
    asked: "TRACED AT OUR REQUEST",
    collected: "What {peer} has sent to the collector:",
    aligned:
      "The clock of {peer} is {difference} ours, ± {error} ms as measured by the collector; the times below are on ours, those in its sentences on its own.",
    unaligned: "The clocks were not measured against each other: the times below are on the clock of {peer}.",
  },
  paths: {
    same: "No hop changed.",
    changed: "The path changed.",
    notComparable: "Not comparable: a trace before or since is missing.",
    hop: "Hop",
    silent: "(silent)",
    none: "-",
    differs: "changed",
  },
  others: {
    period: "Sums from {from} to {to}, the periods of {period} that hold the incident.",
    none: "No other peer was probed.",
    peer: "Peer",
    address: "Address",
    sent: "Sent",
    lost: "Lost",
    loss: "Loss",
    p50: "p50 ms",
    state: "State",
    incident: "Incident",
    elsewhere: "{id}, at another time",
    states: { good: "good", bad: "bad", unknown: "not known" },
    more: { one: "and {n} more good peer", many: "and {n} more good peers" },
  },
  own: {
    states: { clean: "clean", suspect: "NOT CLEAN", unmeasured: "not measured", info: "for information" },
    checks: {
      loopback: { name: "Agent answers itself (loopback probes)", value: "{lost} of {sent} lost" },
      gateway: { name: "Our gateway, probed like a peer", value: "{address}: {lost} of {sent} lost" },
      gateway_neighbour: { name: "Gateway answers ARP", value: "reachable", suspect: "does not answer" },
      carrier: { name: "Link carrier", value: "present, {changes} changes", suspect: "missing meanwhile, or {changes} changes" },
      nic: { name: "Interface errors and drops", value: "{errors} errors, {drops} drops" },
      receive_queue: { name: "Kernel receive queue", value: "{drops} drops" },
      send_queue: { name: "Send queue of the interface (tc)", value: "{drops} drops" },
      send_errors: { name: "Sends that our kernel refused", value: "{count} {codes}" },
      own_unreachables: { name: "ICMP unreachable from our own address", value: "{count}" },
      conntrack: { name: "Connection tracking table", value: "not full", suspect: "full" },
      link_use: { name: "Use of our own link", value: "at most {percent} %" },
      agent_blind: { name: "Agent able to judge", value: "blind for {blind_ms} of {event_ms} ms" },
      cpu: { name: "Processor", value: "tasks waited {pressure} % of the time, {steal} % taken by the hypervisor" },
      other_peers: { name: "Other peers through the same interface", value: "{good} of {total} good" },
      tcp: { name: "Real TCP traffic of this host", value: "{count} segments sent again" },
      tcp_probe: { name: "TCP or UDP towards the peer", value: "" },
      cabling: { name: "Cabling, optics and switches beyond our interface", value: "" },
    },
  },
  method: {
    probes: "Probes",
    probesValue: "ICMP echo, 64 bytes of payload, one every {interval}, on four flows of constant checksum in turn",
    lost: "Lost",
    lostValue: "no answer within {timeout}; an answer after that counts as late, a time in which the agent could not judge as blind",
    sweeps: "Sweeps",
    sweepsValue: "one packet for every TTL at once on the flow of the lost probes",
    mtr: "mtr",
    mtrValue: "{tool}, one cycle a second; every line stamped as it came",
    noMtr: "not used",
    tables: "Tables",
    tablesValue: "in the columns and with the arithmetic of mtr 0.95; before, during and after are never mixed",
    direction: "Direction",
    directionValue: "each end counts the requests of the other and tells which it heard; no clocks are compared",
    limits: "Limits",
    limitsValue:
      "routers limit their own ICMP answers: a budget for every hop keeps our traces below the usual limits, and one mtr runs through any one hop",
    version: "Version",
    versionValue: "meshprobe {version}",
    notes: "Set-up",
  },
  evidence: {
    hash: "SHA-256",
    notFinal: "Not final",
    notFinalValue:
      "samples and traces are still added, until two minutes after the end: make the page again then, or this sum will not be that of what is stored",
    covers: "Covers",
    coversValue: "{rows} stored rows, {bytes} bytes ({format}): the incidents, captures, raw lines and samples, without the verdict",
    check: "Check",
    checkThere: "Check on the node",
    meaning: "Meaning",
    meaningValue: "equal sums show that nothing was changed by accident; whoever can write the database can also make a new sum",
  },
  receipt: {
    received: "Received",
    receivedValue: "{at}, by the clock of the collector",
    clock: "Clock",
    clockValue: "that of {node} was {difference} it then, ± {error} ms",
    hash: "SHA-256",
    rows: "Rows",
    states: {
      unsealed: "{node} has not sent a sum yet: it does once the incident is over and its last trace is done",
      partial: "{missing} of {rows} have not arrived yet, so those that are here give another sum",
      complete: "all {rows} are here, and are what {node} had when it closed the incident",
      differs: "those that are here give another sum than {node} had when it closed the incident",
    },
    changed: "Changed",
    changedValue: "{node} sent another sum at {at}: {sha256}",
    meaning: "Meaning",
    meaningValue: "the sum was here at that time: evidence that gives it has not been edited since",
  },
};

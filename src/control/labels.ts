/** Every word of `status` and `trace` on a screen, in one table a language. Texts hold {places}; `one` and `many` are chosen by {n}. */
import type { Translate } from "../phrases/phrase.ts";
import { LIST_ENGLISH, type ListLabels } from "../report/list-labels.ts";
import type { Counted } from "../report/page/labels.ts";
import type { PeerState } from "./status.ts";

export interface ControlLabels {
  /** What both have in common with the report. */
  readonly list: ListLabels;
  /** Notes, reasons, details, progress and refusals, which the agent says in English. */
  readonly said: Translate;
  readonly status: {
    readonly node: string;
    readonly address: string;
    readonly rate: string;
    readonly peers: Counted;
    readonly states: string;
    readonly state: string;
    /** Between states. */
    readonly joint: string;
    readonly used: string;
    readonly free: string;
    readonly incident: string;
    readonly since: string;
    readonly over: string;
    readonly moreIncidents: Counted;
    readonly blind: Counted;
    readonly morePeers: Counted;
    readonly collector: {
      readonly line: string;
      readonly works: string;
      readonly fails: string;
      readonly failsYet: string;
      readonly notYet: string;
      readonly empty: string;
      readonly waiting: Counted;
      readonly refused: Counted;
      readonly refusedOne: string;
      readonly moreRefused: Counted;
    };
    readonly words: Readonly<Record<PeerState, string>>;
    readonly silent: string;
    readonly columns: Readonly<Record<"peer" | "address" | "state" | "loss" | "rtt" | "worst" | "last", string>>;
  };
  readonly trace: Readonly<Record<"title" | "note" | "capture" | "reached" | "notReached" | "reason", string>> & {
    readonly kind: ListLabels["captures"]["kind"];
  };
}

export const CONTROL_ENGLISH: ControlLabels = {
  list: LIST_ENGLISH,
  said: LIST_ENGLISH.said,
  status: {
    node: "{node}{address}, meshprobe {version}, up {up}, a probe every {interval}{rate}",
    address: " ({address})",
    rate: ", {n} probes/s",
    peers: { one: "{n} peer", many: "{n} peers" },
    states: ": {list}",
    state: "{n} {word}",
    joint: ", ",
    used: "{peers}{states}; {used} of {max} used{free}",
    free: ", {free} free on the disk",
    incident: "INCIDENT {peer} ({address}) {lasts}, {loss} lost ({lost} of {sent}), {id}",
    since: "since {at}, {duration}",
    over: "over, watched",
    moreIncidents: { one: "… and {n} incident more", many: "… and {n} incidents more" },
    blind: {
      one: "blind {n} time, {total} in all; last at {at} for {lasted}: {why}",
      many: "blind {n} times, {total} in all; last at {at} for {lasted}: {why}",
    },
    morePeers: { one: "… and {n} peer more, not worse than these", many: "… and {n} peers more, none of them worse" },
    collector: {
      line: "collector {url}: {state}; {waiting}{refused}",
      works: "answers, last at {at}",
      fails: "FAILS, last answered at {at}",
      failsYet: "FAILS, has not answered yet",
      notYet: "not asked yet",
      empty: "nothing waits",
      waiting: { one: "{n} record waits", many: "{n} records wait" },
      refused: { one: ", {n} record refused", many: ", {n} records refused" },
      refusedOne: "refused: {type} {id} ({code})",
      moreRefused: { one: "… and {n} refused record more", many: "… and {n} refused records more" },
    },
    words: { burst: "LOSING", cooling: "lost lately", unresolved: "no address", "never-answered": "no answer yet", well: "well" },
    silent: "{word}, agent silent",
    columns: { peer: "PEER", address: "ADDRESS", state: "STATE", loss: "LOSS 10min", rtt: "RTT", worst: "WORST", last: "last {duration}" },
  },
  trace: {
    title: "trace from {from} to {to}",
    note: "note: {note}",
    capture: "{kind}  {tool}, {at}, {status}{reached}{reason}",
    reached: ", reached it",
    notReached: ", did not reach it",
    reason: ": {reason}",
    kind: { sweep: "SWEEP", mtr: "MTR", snapshot: "SNAPSHOT", samples: "SAMPLES" },
  },
};

/** What stands around the incident: other peers, our own side, how it was measured, and what the page rests on. */
import { fill } from "../../verdict/words.ts";
import { count } from "../figures.ts";
import type { Report } from "../report.ts";
import type { Fact, Section } from "./document.ts";
import type { Ticket } from "./ticket.ts";
import { counted, length, share, utc, type Wording } from "./wording.ts";

export function othersSection({ others }: Ticket, wording: Wording): Section {
  const { labels } = wording;
  const { others: words } = labels;
  const range = { from: utc(others.since, wording), to: utc(others.until, wording), period: length(others.period_ms, wording) };
  const period = { kind: "text", text: fill(words.period, range) } as const;
  if (others.peers.length === 0) return { title: labels.section.others, blocks: [{ kind: "text", text: words.none }] };
  const titles = [words.peer, words.address, words.sent, words.lost, words.loss, words.p50, words.state, words.incident];
  const columns = titles.map((title, index) => ({ title, align: index >= 2 && index <= 5 ? ("right" as const) : ("left" as const) }));
  const rows = others.peers.map((peer) => [
    peer.peer,
    peer.address ?? "-",
    count(peer.sent),
    count(peer.lost),
    peer.loss_pct === null ? "-" : share(peer.lost, peer.sent),
    peer.p50_ms === null ? "-" : peer.p50_ms.toFixed(1),
    words.states[peer.state],
    peer.incident ?? (peer.elsewhere === null ? "" : fill(words.elsewhere, { id: peer.elsewhere })),
  ]);
  const more = others.more_good > 0 ? [{ kind: "text", text: counted(others.more_good, words.more) } as const] : [];
  return { title: labels.section.others, blocks: [period, { kind: "table", columns, rows }, ...more] };
}

const ORDER = ["suspect", "clean", "info", "unmeasured"] as const;

/** What speaks against us first, what nobody looked at last. */
export function ownSection({ own }: Ticket, { labels }: Wording): Section {
  const items = ORDER.flatMap((state) =>
    own
      .filter((check) => check.state === state)
      .map(({ name, values }) => {
        const words = labels.own.checks[name];
        return {
          state,
          word: labels.own.states[state],
          name: words.name,
          value: state === "unmeasured" ? "" : fill(state === "suspect" ? (words.suspect ?? words.value) : words.value, values).trim(),
        };
      }),
  );
  return { title: labels.section.own, blocks: [{ kind: "checks", items }] };
}

export function methodSection({ node, incidents }: Report, wording: Wording): Section {
  const { labels } = wording;
  const { method: words } = labels;
  const [first] = incidents;
  const mtr = incidents.flatMap(({ captures }) => captures).find(({ kind, status }) => kind === "mtr" && status !== "skipped");
  const rows: Fact[] = [
    ...(first === undefined
      ? []
      : [
          { label: words.probes, values: [fill(words.probesValue, { interval: length(first.interval_ms, wording) })] },
          { label: words.lost, values: [fill(words.lostValue, { timeout: length(first.timeout_ms, wording) })] },
        ]),
    { label: words.sweeps, values: [words.sweepsValue] },
    { label: words.mtr, values: [mtr === undefined ? words.noMtr : fill(words.mtrValue, { tool: mtr.tool })] },
    { label: words.tables, values: [words.tablesValue] },
    { label: words.direction, values: [words.directionValue] },
    { label: words.limits, values: [words.limitsValue] },
    { label: words.version, values: [fill(words.versionValue, { version: node.version ?? labels.notKnown })] },
    ...(node.notes.length === 0 ? [] : [{ label: words.notes, values: node.notes.map(labels.said) }]),
  ];
  return { title: labels.section.method, blocks: [{ kind: "facts", rows }] };
}

export function evidenceSection({ id, evidence, final, receipts }: Ticket, { labels }: Wording): Section {
  const { evidence: words } = labels;
  const covers = fill(words.coversValue, { rows: count(evidence.rows), bytes: count(evidence.bytes), format: evidence.format });
  const rows: Fact[] = [
    { label: words.hash, values: [evidence.sha256], isCode: true },
    // At a collector the receipts tell it, once the node has told a sum.
    ...(final || (receipts.length > 0 && receipts.every(({ state }) => state !== "unsealed"))
      ? []
      : [{ label: words.notFinal, values: [words.notFinalValue] }]),
    { label: words.covers, values: [covers] },
    {
      label: receipts.length === 0 ? words.check : words.checkThere,
      values: [`meshprobe verify ${id} --sha256 ${evidence.sha256}`],
      isCode: true,
    },
    { label: words.meaning, values: [words.meaningValue] },
  ];
  return { title: labels.section.evidence, blocks: [{ kind: "facts", rows }] };
}

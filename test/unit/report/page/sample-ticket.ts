/** Everything that a page can show, with one name in every place where a name can stand. */
import type { FarEnd, TicketSource } from "../../../../src/report/page/ticket.ts";
import type { ReportIncident, ReportVerdict } from "../../../../src/report/report.ts";
import type { EventFacts } from "../../../../src/verdict/facts.ts";
import { calmHost } from "../../verdict/facts-builder.ts";
import { hop, reportCapture, reportIncident, reportPeer, sampleReport } from "../sample-report.ts";

const AT = "2026-11-19T20:12:13.000Z";

function verdict(name: string): ReportVerdict {
  return {
    scope: "path",
    direction: "out",
    hop: { after: name, before: null },
    certainty: "likely",
    at: AT,
    version: 1,
    counts: {},
    sentence: `37 % of packets to ${name} were lost`,
    rule: "path-out",
    findings: [name, `the path to ${name} changed`],
  };
}

export function ticketIncident(name: string, more: Partial<ReportIncident> = {}): ReportIncident {
  const hops = [
    hop(1, name, { name, addresses: [name, `${name}2`], mpls: [name], note: name, rtts_us: [300, 400, 600] }),
    hop(2, null),
    hop(3, "10.20.3.2", { sent: 3, received: 2, loss_pct: 33.3, rtts_us: [900, 1_100] }),
  ];
  return reportIncident({
    peer: name,
    address: name,
    strip: `${".".repeat(250)}x.xx-!o${".".repeat(60)}`,
    flows: [
      { flow: 0, sent: 30, lost: 30 },
      { flow: 1, sent: 30, lost: 0 },
    ],
    out: { sent: 120, lost: 45 },
    in: { sent: 120, lost: 0 },
    verdict: verdict(name),
    captures: [
      reportCapture({ id: "b1", phase: "before", trigger: "baseline", hops: [hop(1, "10.20.1.1"), hop(2, name), hop(3, "10.20.3.2")] }),
      reportCapture({ id: "d1", hops, source: name, target: name }),
      reportCapture({ id: "d2", kind: "mtr", tool: name, status: "failed", reason: name, hops: [] }),
      reportCapture({
        id: "s1",
        kind: "snapshot",
        tool: "meshprobe host",
        facts: { interface: name, gateway: name, speed_mbit: 1000, mtu: 1500 },
        hops: [],
      }),
    ],
    ...more,
  });
}

export function ticketFacts(more: Partial<EventFacts> = {}): EventFacts {
  return {
    node: "sh-a1",
    startedMs: Date.parse("2026-11-19T20:12:03.120Z"),
    endedMs: Date.parse("2026-11-19T20:12:12.320Z"),
    mesh: { peers: 12, bad: 1, members: [] },
    loopback: { address: "127.0.0.1", answers: true, sent: 92, lost: 0 },
    gateway: { address: "10.20.1.1", answers: true, sent: 92, lost: 0 },
    host: calmHost,
    agent: { blindMs: 0, eventMs: 9_200, cpuPressure: 0.04, steal: 0 },
    incidents: [],
    ...more,
  };
}

export function ticketSource(name: string, more: Partial<TicketSource> = {}): TicketSource {
  const report = sampleReport({ incidents: [ticketIncident(name)] });
  return {
    kind: "incident",
    id: "i1",
    report: { ...report, node: { ...report.node, name, address: name, version: name, notes: [name] } },
    others: {
      since: "2026-11-19T20:12:00.000Z",
      until: "2026-11-19T20:12:20.000Z",
      period_ms: 10_000,
      peers: [reportPeer({ peer: `${name}3`, address: name, loss_pct: 0, lost: 0 }), reportPeer({ peer: `${name}4`, loss_pct: 100, lost: 36_000 })],
      incidents: [],
    },
    facts: ticketFacts({ host: { ...calmHost, sendErrors: { [name]: 2 } } }),
    evidence: { format: "meshprobe evidence 1", sha256: "ab".repeat(32), rows: 12, bytes: 3_456 },
    isFinal: true,
    ...more,
  };
}

export function farEnd(name: string, more: Partial<FarEnd> = {}): FarEnd {
  return {
    node: { name, address: name, version: name },
    incidents: [ticketIncident(name, { id: name, verdict: verdict(name) })],
    remote_captures: [reportCapture({ id: "r1", target: name, asked_by: `${name} incident 3`, hops: [hop(1, name)] })],
    ...more,
  };
}

/** A report with one incident, for the renderers; a test names only what it is about. */
import { REPORT_SCHEMA, type Report, type ReportCapture, type ReportHop, type ReportIncident, type ReportPeer } from "../../../src/report/report.ts";

export function hop(ttl: number, address: string | null, more: Partial<ReportHop> = {}): ReportHop {
  return {
    ttl,
    address,
    name: null,
    addresses: address === null ? [] : [address],
    sent: 3,
    received: address === null ? 0 : 3,
    loss_pct: address === null ? 100 : 0,
    rtt_ms: address === null ? null : { best: 0.3, avg: 0.4, worst: 0.6 },
    mpls: [],
    note: null,
    ...more,
  };
}

export function reportCapture(more: Partial<ReportCapture> = {}): ReportCapture {
  return {
    id: "c1",
    kind: "sweep",
    phase: "during",
    trigger: "burst",
    tool: "meshprobe sweep",
    status: "complete",
    reason: null,
    flow: 0,
    source: "10.20.1.2",
    target: "10.20.3.2",
    reached: false,
    asked_by: null,
    started_at: "2026-11-19T20:12:03.290Z",
    first_hop_at: "2026-11-19T20:12:03.301Z",
    finished_at: "2026-11-19T20:12:04.290Z",
    facts: {},
    hops: [hop(1, "10.20.1.1"), hop(2, null)],
    hops_until: null,
    ...more,
  };
}

export function reportIncident(more: Partial<ReportIncident> = {}): ReportIncident {
  return {
    id: "i1",
    event_id: "e1",
    continues: null,
    peer: "bj-b1",
    address: "10.20.3.2",
    kind: "loss",
    status: "closed",
    started_at: "2026-11-19T20:12:03.120Z",
    detected_at: "2026-11-19T20:12:03.600Z",
    ended_at: "2026-11-19T20:12:12.320Z",
    interval_ms: 100,
    timeout_ms: 2000,
    sent: 123,
    lost: 45,
    late: 0,
    loss_pct: 36.6,
    out: { sent: null, lost: null },
    in: { sent: null, lost: null },
    flows: [],
    bursts: [
      {
        started_at: "2026-11-19T20:12:03.120Z",
        ended_at: "2026-11-19T20:12:12.320Z",
        sent: 123,
        lost: 45,
        late: 0,
        send_failed: 0,
        blind: 0,
        longest_run: 7,
      },
    ],
    strip: "..x.xx..",
    strip_started_at: "2026-11-19T20:12:02.920Z",
    verdict: null,
    captures: [reportCapture()],
    ...more,
  };
}

export function reportPeer(more: Partial<ReportPeer> = {}): ReportPeer {
  return {
    peer: "bj-b1",
    address: "10.20.3.2",
    sent: 36_000,
    received: 35_959,
    lost: 41,
    late: 0,
    duplicate: 0,
    foreign: 0,
    send_failed: 0,
    skipped: 0,
    blind: 0,
    loss_pct: 0.11,
    rtt_ms: { min: 1.2, p50: 1.5, p95: 2.2, p99: 3.1, max: 12.5, error_max: 0.1, doubtful: 0 },
    first_reply_at: "2026-11-01T00:00:00.000Z",
    policed_at: null,
    heard: { expected: null, received: null },
    agent_silent_since: null,
    incidents: 1,
    ...more,
  };
}

export function sampleReport(more: Partial<Report> = {}): Report {
  const incidents = more.incidents ?? [reportIncident()];
  return {
    schema: REPORT_SCHEMA,
    generated_at: "2026-11-19T20:13:00.000Z",
    since: "2026-11-19T18:13:00.000Z",
    until: "2026-11-19T20:13:00.000Z",
    node: {
      name: "sh-a1",
      id: "5f1d1c55",
      address: "10.20.1.2",
      version: "0.1.0",
      interval_ms: 100,
      timeout_ms: 2000,
      clock: { source: null, offset_ms: null, max_error_ms: null },
      notes: [],
    },
    last_data_at: "2026-11-19T20:12:50.000Z",
    peers: [reportPeer()],
    blind: [],
    events: incidents.map((incident) => ({
      id: incident.event_id,
      started_at: incident.started_at,
      ended_at: incident.ended_at,
      incidents: [incident.id],
      verdict: null,
    })),
    remote_captures: [],
    requested_captures: [],
    evicted: [],
    problems: [],
    ...more,
    incidents,
  };
}

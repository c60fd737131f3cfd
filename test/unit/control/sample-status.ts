/** A status of a node with three peers, one of which is losing packets now. */
import { STATUS_SCHEMA, type Status, type StatusPeer } from "../../../src/control/status.ts";

export function samplePeer(fields: Partial<StatusPeer> = {}): StatusPeer {
  return {
    peer: "bj-b1",
    address: "10.20.3.2",
    state: "well",
    interval_ms: 100,
    sent: 6000,
    lost: 0,
    loss_pct: 0,
    rtt_ms: { now: 1.234, worst: 9.9 },
    rtt_history_ms: Array.from({ length: 60 }, (_, index) => 1 + (index % 8) / 7),
    loss_history_pct: Array.from({ length: 60 }, () => 0),
    incident: null,
    agent_silent_since: null,
    ...fields,
  };
}

export function sampleStatus(fields: Partial<Status> = {}): Status {
  const losing = samplePeer({
    peer: "gz-c1",
    state: "burst",
    lost: 40,
    loss_pct: 0.67,
    loss_history_pct: [...Array.from({ length: 59 }, () => 0), 40],
    incident: "20261121T183543-5c0f",
  });
  return {
    schema: STATUS_SCHEMA,
    generated_at: "2026-11-21T18:36:00.000Z",
    node: { name: "sh-a1", id: "00c0ffee", address: "10.20.1.2", version: "0.1.0" },
    agent: { pid: 1, wire_pid: 2, started_at: "2026-11-21T15:31:00.000Z", config: "/etc/meshprobe/peers.yaml", data_dir: "/var/lib/meshprobe" },
    interval_ms: 100,
    timeout_ms: 2000,
    states: { burst: 1, cooling: 0, unresolved: 0, "never-answered": 1, well: 1 },
    peers: [
      losing,
      samplePeer({ peer: "new", address: null, state: "never-answered", sent: 0, loss_pct: null, rtt_ms: { now: null, worst: null } }),
      samplePeer(),
    ],
    incidents: [
      {
        id: "20261121T183543-5c0f",
        peer: "gz-c1",
        address: "10.20.4.2",
        status: "open",
        started_at: "2026-11-21T18:35:43.593Z",
        sent: 120,
        lost: 40,
        loss_pct: 33.3,
        sentence: "from 18:35:43.5 UTC, 33 % of packets from sh-a1 to gz-c1 were lost, outbound only, behind 10.1.0.6",
      },
    ],
    disk: { used_bytes: 123_000_000, max_bytes: 2_000_000_000, free_bytes: 40_000_000_000 },
    blind: {
      count: 1,
      seconds: 0.25,
      last: [{ started_at: "2026-11-21T18:00:00.000Z", ended_at: "2026-11-21T18:00:00.250Z", cause: "stall", detail: null }],
    },
    collector: null,
    notes: ["mtr is off (capture.mtr): sweeps at one a second take its place"],
    ...fields,
  };
}

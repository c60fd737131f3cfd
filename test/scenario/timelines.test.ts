/**
 * What a network does to one peer, as data, and what the wire must make of it: each played from the first probe on, and across the wrap of the sequence
 * (probe 32,768). One character a probe: "." answered in time, "o" answered after 400 ms, "x" never, "l" answered after 5 s; "5x" is five of them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { echoReply } from "../contract/fake-icmp-socket.ts";
import { timeline } from "../unit/detect/timeline.ts";
import { PEER, VirtualWire } from "../unit/wire/virtual-wire.ts";

interface Scenario {
  readonly title: string;
  readonly timeline: string;
  /** Each burst as "FIRST-END lost/late/sent run": numbers of its first probe and of the first good one after it, and its longest run. */
  readonly bursts: readonly string[];
}

const AFTER_US: Readonly<Record<string, number>> = { ".": 5_000, o: 400_000, l: 5_000_000 };
const INTERVAL_MS = 10;
const WRAP = 32_768;

const SCENARIOS: readonly Scenario[] = [
  { title: "nothing happens", timeline: "300.", bursts: [] },
  { title: "four lost are no burst", timeline: "40. 4x 300.", bursts: [] },
  { title: "all lost for a while", timeline: "40. 50x 300.", bursts: ["40-90 50/0/50 50"] },
  { title: "every second one lost", timeline: "40. x.x.x.x.x.x.x.x.x.x.x.x 300.", bursts: ["40-63 12/0/23 1"] },
  { title: "two bursts far enough apart", timeline: "40. 10x 60. 10x 300.", bursts: ["40-50 10/0/10 10", "110-120 10/0/10 10"] },
  { title: "two bursts too close to be told apart", timeline: "40. 10x 15. 10x 300.", bursts: ["40-75 20/0/35 10"] },
  { title: "slow is no loss", timeline: "40. 20o 300.", bursts: ["40-60 0/0/20 0"] },
  { title: "late is no loss in the end", timeline: "40. 20l 300.", bursts: ["40-60 0/20/20 0"] },
  { title: "late among the lost", timeline: "40. xxlxxlxxxx 300.", bursts: ["40-50 8/2/10 4"] },
  // Ends at 129 really: at 10 ms the answer to 129 is here before 128 is overdue, so an end may be told later by the patience of the soft timeout.
  { title: "thin loss", timeline: `40. ${"x.......".repeat(12)} 400.`, bursts: ["40-130 12/0/90 1"] },
];

function play(text: string, from: number): string[] {
  const wire = new VirtualWire({ peers: [{ address: PEER, intervalMs: INTERVAL_MS }] });
  const line = timeline(text);
  const times = new Map<number, number>();
  wire.network.host(PEER, (request) => {
    if (request.ttl !== null) return [];
    times.set(wire.clock.wallMs(wire.clock.nowUs()), request.nth - from);
    const afterUs = AFTER_US[line[request.nth - from] ?? "."];
    return afterUs === undefined ? [] : [echoReply(request, { afterUs })];
  });
  wire.run((from + line.length) * INTERVAL_MS + 20_000);
  // A probe leaves in the tick after its slot; a burst is labelled by the probe, its end by the slot.
  const probeAt = (ms: number | null): number | undefined => {
    for (let late = 0; late <= INTERVAL_MS; late++) {
      const number = times.get((ms ?? 0) + late);
      if (number !== undefined) return number;
    }
    return undefined;
  };
  assert.deepEqual(wire.blinds, []);
  return wire.bursts.map(({ startedMs, endedMs, final, count }) => {
    assert.equal(final, true);
    return `${probeAt(startedMs)}-${probeAt(endedMs)} ${count.lost}/${count.late}/${count.sent} ${count.longestRun}`;
  });
}

for (const [where, from] of [
  ["from the first probe on", 0],
  ["across the wrap of the sequence", WRAP - 45],
] as const) {
  describe(where, () => {
    for (const { title, timeline: text, bursts } of SCENARIOS) test(`${title}: ${text}`, () => assert.deepEqual(play(text, from), bursts));
  });
}

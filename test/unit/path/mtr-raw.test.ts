import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseMtrLine, readMtr, type MtrReadingOptions } from "../../../src/path/mtr-raw.ts";
import { readRecording } from "../../fixtures/mtr/recording.ts";
import { outline } from "./hop-builder.ts";

function readText(text: string, options: Partial<MtrReadingOptions> = {}): ReturnType<typeof readMtr> {
  const lines = text.split("\n").map((line, index) => ({ atMs: 1_000 + index, text: line.trim() }));
  return readMtr(lines, { target: "10.0.0.9", graceMs: 0, ...options });
}

describe("recordings of mtr 0.95", () => {
  const read = (name: string, options: MtrReadingOptions): ReturnType<typeof readMtr> => readMtr(readRecording(name).lines, options);

  test("a path that answers is read with its counts, and the target past its end is not listed twice", () => {
    const { hops, reached, garbage, firstHopMs } = read("three-hops", { target: "10.77.3.2" });
    assert.deepEqual(outline(hops), ["1 10.77.1.2 4/4", "2 10.77.2.2 4/4", "3 10.77.3.2 4/4"]);
    assert.deepEqual({ reached, garbage, firstHopMs }, { reached: true, garbage: 0, firstHopMs: 109 });
    assert.deepEqual(hops[0]?.rttMs, { best: 0.072, avg: 0.12, worst: 0.168 });
    assert.ok(hops.every((hop) => hop.lossPct === 0 && hop.note === null));
  });

  test("IPv6 is read alike, however the target is written", () => {
    const { hops, reached } = read("ipv6", { target: "FD77:0003::0002" });
    assert.deepEqual(outline(hops), ["1 fd77:1::2 3/3", "2 fd77:2::2 3/3", "3 fd77:3::2 3/3"]);
    assert.equal(reached, true);
  });

  test("two addresses at one hop are both kept, the one that answered most often first", () => {
    const { hops } = read("two-addresses", { target: "10.77.3.2" });
    assert.deepEqual(hops[1]?.addresses, ["10.77.2.2", "10.77.3.1"]);
    assert.equal(hops[1]?.lossPct, 0);
  });

  test("loss behind the second router shows at the target only", () => {
    const { hops, reached } = read("burst", { target: "10.77.3.2" });
    assert.deepEqual(outline(hops), ["1 10.77.1.2 9/9", "2 10.77.2.2 9/9", "3 10.77.3.2 6/9"]);
    assert.deepEqual(
      hops.map((hop) => hop.lossPct),
      [0, 0, 33.3],
    );
    assert.equal(reached, true);
  });

  test("each cycle is told as if it were a sweep: what it lost together belongs together", () => {
    const outlineOf = (name: string, target: string): string[] =>
      read(name, { target }).cycles.map((cycle) =>
        cycle.map(({ answer }) => (answer === null ? "." : { "echo-reply": "T", "time-exceeded": "+", unreachable: "U" }[answer.kind])).join(""),
      );
    assert.deepEqual(outlineOf("burst", "10.77.3.2").toSorted(), ["++.", "++.", "++.", "++T", "++T", "++T", "++T", "++T", "++TT"]);
    assert.match(outlineOf("host-unreachable", "10.77.3.77")[0] ?? "", /^\+\+U/);
  });

  test("a table until a moment leaves out what was sent later and keeps answers that came later", () => {
    const burst = read("burst", { target: "10.77.3.2", within: [{ startedMs: 0, endedMs: 5_500 }] });
    assert.deepEqual(outline(burst.hops).at(-1), "3 10.77.3.2 3/6");
    const early = read("host-unreachable", { target: "10.77.3.77", within: [{ startedMs: 0, endedMs: 320 }] });
    assert.deepEqual(outline(early.hops), ["1 10.77.1.2 1/1", "2 10.77.2.2 1/1", "3 10.77.2.2 1/1"]);
  });

  test("a router that never answers is a line without address between those that do", () => {
    const { hops } = read("silent-hop", { target: "10.77.3.2", graceMs: 0 });
    assert.deepEqual(outline(hops), ["1 ??? 0/4", "2 10.77.2.2 4/4", "3 10.77.3.2 4/4"]);
    assert.equal(hops[0]?.rttMs, null);
  });

  test("a router that reports the target unreachable at every higher TTL is listed once more, with a note", () => {
    for (const [name, target, expected] of [
      ["host-unreachable", "10.77.3.77", ["10.77.1.2", "10.77.2.2", "10.77.2.2"]],
      ["no-route-on-router", "10.88.0.1", ["10.77.1.2", "10.77.1.2"]],
    ] as const) {
      const { hops, reached } = read(name, { target });
      assert.deepEqual(
        hops.map((hop) => hop.address),
        expected,
      );
      assert.match(hops.at(-1)?.note ?? "", /same router again/);
      assert.equal(reached, false);
    }
  });

  test("hops below -f are listed as not probed", () => {
    const { hops, reached } = read("first-ttl-3", { target: "10.77.3.2", firstTtl: 3 });
    assert.deepEqual(outline(hops), ["1 ??? 0/0", "2 ??? 0/0", "3 10.77.3.2 4/4"]);
    assert.equal(hops[0]?.lossPct, null);
    assert.match(hops[0]?.note ?? "", /already runs/);
    assert.equal(reached, true);
  });

  test("mtr that may not send leaves one unanswered probe", () => {
    const { hops, reached, firstHopMs } = read("output-firewall", { target: "10.77.3.2", graceMs: 0 });
    assert.deepEqual({ hops: outline(hops), reached, firstHopMs }, { hops: ["1 ??? 0/1"], reached: false, firstHopMs: null });
  });
});

test("nothing read is an empty table", () => {
  assert.deepEqual(readMtr([], { target: "10.0.0.9" }), { hops: [], cycles: [], reached: false, garbage: 0, firstHopMs: null });
});

test("a probe without answer in the last second is in flight, one before it is lost", () => {
  const lines = [
    { atMs: 0, text: "x 0 1" },
    { atMs: 1, text: "h 0 10.0.0.9" },
    { atMs: 1, text: "p 0 900 1" },
    { atMs: 1_000, text: "x 0 2" },
    { atMs: 2_000, text: "x 0 3" },
  ];
  assert.deepEqual(outline(readMtr(lines, { target: "10.0.0.9" }).hops), ["1 10.0.0.9 1/2"]);
  assert.deepEqual(outline(readMtr(lines, { target: "10.0.0.9", graceMs: 0 }).hops), ["1 10.0.0.9 1/3"]);
});

test("silence behind the last responder is one line", () => {
  const { hops, reached } = readText("x 0 1\nh 0 10.0.0.1\np 0 5 1\nx 1 2\nx 2 3\nx 3 4\nx 4 5");
  assert.deepEqual(outline(hops), ["1 10.0.0.1 1/1", "2 ??? 0/1"]);
  assert.equal(reached, false);
});

test("a path that grows longer ends where the target answered last", () => {
  const { hops } = readText("x 0 1\nh 0 10.0.0.9\np 0 5 1\nx 0 2\nh 0 10.0.0.1\np 0 5 2\nx 1 3\nh 1 10.0.0.9\np 1 5 3");
  assert.deepEqual(outline(hops), ["1 10.0.0.9 2/2", "2 10.0.0.9 1/1"]);
});

test("a routing loop is not mistaken for an unreachable target", () => {
  const loop = ["a", "b", "a", "b"].map((name, hop) => `x ${hop} ${hop}\nh ${hop} 10.0.0.${name === "a" ? 1 : 2}\np ${hop} 5 ${hop}`).join("\n");
  const { hops } = readText(loop);
  assert.equal(hops.length, 4);
  assert.ok(hops.every((hop) => hop.note === null));
});

test("MPLS labels belong to their hop and are kept once", () => {
  const { hops } = readText("x 0 1\nh 0 10.0.0.9\nm 0 16001 0 0 1\nm 0 24 0 1 1\nh 0 10.0.0.9\nm 0 16001 0 0 1\nm 0 24 0 1 1\np 0 5 1");
  assert.deepEqual(hops[0]?.mpls, ["Lbl 16001 TC 0 S 0 TTL 1", "Lbl 24 TC 0 S 1 TTL 1"]);
});

test("an answer counts once, and proves its probe when the line of the probe is missing", () => {
  const { hops, garbage } = readText("x 0 1\nh 0 10.0.0.9\np 0 5 1\np 0 6 1\np 0 7 2");
  assert.deepEqual(outline(hops), ["1 10.0.0.9 2/2"]);
  assert.equal(garbage, 0);
});

test("a sequence number that is used again starts a new probe", () => {
  const { hops } = readText("x 0 1\nh 0 10.0.0.9\np 0 5 1\nx 0 1\nx 0 1\np 0 5 1");
  assert.deepEqual(outline(hops), ["1 10.0.0.9 2/3"]);
});

test("garbage is counted and changes nothing else", () => {
  const garbage = [
    "",
    "x",
    "x 0",
    "x 0 a",
    "x -1 3",
    "x 255 1",
    "x 0 1 2",
    "p 0 5",
    "p 0 -5 1",
    "h 0 host.example",
    "h 0 10.0.0.300",
    "m 0 1 2 3",
    "q 0 1",
    "x  0 1",
    "p 7 5 1",
    "\u0000".repeat(600),
  ];
  const { hops, garbage: counted } = readText(["x 0 1", "h 0 10.0.0.9", ...garbage, "p 0 5 1"].join("\n"));
  assert.deepEqual(outline(hops), ["1 10.0.0.9 1/1"]);
  assert.equal(counted, garbage.length);
});

test("a name line is accepted and says nothing", () => {
  assert.deepEqual(parseMtrLine("d 3 core1.example net"), { kind: "name", ttl: 4 });
});

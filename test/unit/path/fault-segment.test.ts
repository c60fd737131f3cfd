import assert from "node:assert/strict";
import { test } from "node:test";
import { faultSegment, type FaultEvidence } from "../../../src/path/fault-segment.ts";
import type { SweepHop } from "../../../src/path/hop.ts";
import type { SegmentFacts } from "../../../src/verdict/facts.ts";

const TARGET = "10.9.9.9";
const SELF = "10.0.0.100";
const PATH = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];

/** One character a TTL: `+` its router answers, `.` nothing comes, `-` not sent, `T` the target, `U` the last router that answered says unreachable, `S` we do. */
function sweep(signs: string): SweepHop[] {
  let last = "";
  return signs.split("").map((sign, index): SweepHop => {
    const ttl = index + 1;
    if (sign === "+") last = `10.0.0.${ttl}`;
    const from = (address: string, kind: "time-exceeded" | "echo-reply" | "unreachable"): SweepHop => ({
      ttl,
      sent: true,
      answer: { address, kind, code: 1, rttUs: 900 },
      note: null,
    });
    if (sign === "+") return from(last, "time-exceeded");
    if (sign === "T") return from(TARGET, "echo-reply");
    if (sign === "U") return from(last, "unreachable");
    if (sign === "S") return from(SELF, "unreachable");
    return { ttl, sent: sign === ".", answer: null, note: sign === "-" ? "hop budget" : null };
  });
}

function segment(sweeps: readonly string[], given: Partial<FaultEvidence> = {}): SegmentFacts | null {
  return faultSegment({ target: TARGET, self: SELF, sweeps: sweeps.map(sweep), cycles: [], path: PATH, replyRates: null, loss: 1, ...given });
}

/** "after → before votes/of". */
function outline(found: SegmentFacts | null): string | null {
  return found === null ? null : `${found.after} → ${found.before} ${found.votes}/${found.of}`;
}

test("a cut lies behind the last hop that answered, and the baseline knows the next", () => {
  assert.deepEqual(segment(["++......", "++......"]), {
    after: "10.0.0.2",
    afterTtl: 2,
    before: "10.0.0.3",
    beforeSilent: false,
    isLast: false,
    links: 1,
    near: { sent: 2, lost: 0 },
    far: { sent: 2, lost: 2 },
    votes: 2,
    of: 2,
    refusals: 0,
  });
});

test("not even the first hop answered", () => {
  assert.equal(outline(segment(["........"])), "null → 10.0.0.1 1/1");
});

test("nothing is said when every sweep reached the target, or none was sent to it", () => {
  assert.equal(segment([]), null);
  assert.equal(segment(["++++T", "+.++T"]), null);
  assert.equal(segment(["+++--", "++---"]), null);
});

test("at partial loss a sweep votes that reached the target with a part of its packets only", () => {
  const sweeps = ["++.+T..T", "+++.TTTT", "++.+.TTT", "++...TTT", "+++...TT", "++.+.T.T"];
  assert.equal(outline(segment(sweeps, { loss: 0.5 })), "10.0.0.2 → 10.0.0.3 4/6");
});

test("a path that became longer still reaches the target, one that loops does not", () => {
  assert.equal(segment(["+++++TTT"]), null);
  assert.equal(outline(segment(["++++++++"])), `10.0.0.4 → ${TARGET} 1/1`);
});

test("sweeps that reached the target do not vote", () => {
  assert.equal(outline(segment(["++++T", "+....", "++++T"])), "10.0.0.1 → 10.0.0.2 1/1");
});

test("only the target is missing: the last segment, which is nobody's", () => {
  const found = segment(["++++....", "++++...."]);
  assert.equal(outline(found), `10.0.0.4 → ${TARGET} 2/2`);
  assert.equal(found?.isLast, true);
});

test("one missing middle hop is ignored when later ones answered", () => {
  assert.equal(outline(segment(["+.++...."])), `10.0.0.4 → ${TARGET} 1/1`);
  assert.equal(outline(segment(["+.+.....", "+++....."])), "10.0.0.3 → 10.0.0.4 2/2");
});

test("the majority of sweeps decides", () => {
  assert.equal(outline(segment(["++......", "+.......", "++......"])), "10.0.0.2 → 10.0.0.3 2/3");
});

test("TTLs that the budget refused say nothing", () => {
  assert.equal(outline(segment(["-+......", "--......", "++......"])), "10.0.0.2 → 10.0.0.3 3/3");
  const unasked = segment(["++-....."]);
  assert.equal(outline(unasked), "10.0.0.2 → null 1/1");
  assert.equal(unasked?.beforeSilent, false);
});

test("a hop that is silent also while healthy is passed over, and is no name for the fault", () => {
  const path = [PATH[0] as string, null, PATH[2] as string, PATH[3] as string];
  assert.equal(outline(segment(["+.+....."], { path })), "10.0.0.3 → 10.0.0.4 1/1");
  const found = segment(["+......."], { path });
  assert.equal(outline(found), "10.0.0.1 → null 1/1");
  assert.equal(found?.beforeSilent, true);
});

test("without a baseline the next hop has no name", () => {
  const found = segment(["++......", "++......"], { path: null });
  assert.equal(outline(found), "10.0.0.2 → null 2/2");
  assert.deepEqual([found?.beforeSilent, found?.isLast], [true, false]);
});

test("on a path that changed the baseline does not name the next hop", () => {
  const path = [PATH[0] as string, "10.7.7.7", PATH[2] as string, PATH[3] as string];
  assert.equal(outline(segment(["++......"], { path })), "10.0.0.2 → null 1/1");
});

test("a router that reports the target unreachable is the last one, however often it answers", () => {
  const found = segment(["++UUUUUU"]);
  assert.equal(outline(found), "10.0.0.2 → 10.0.0.3 1/1");
  assert.equal(found?.refusals, 1);
  assert.equal(segment(["++++UUUU"])?.isLast, true);
});

test("unreachable from our own address is no hop", () => {
  const found = segment(["SSSSSSSS"]);
  assert.equal(outline(found), "null → 10.0.0.1 1/1");
  assert.equal(found?.refusals, 0);
});

test("half lost: the first hop that loses decides, not the last that answered", () => {
  const three = ["++.+.T..", "+++...T.", "++...T.T"];
  assert.equal(outline(segment([...three, ...three], { loss: 0.5 })), "10.0.0.2 → 10.0.0.3 4/6");
});

test("three sweeps at half loss may as well have been lucky with a hop: the stretch of two links is claimed", () => {
  const found = segment(["++.+.T..", "+++...T.", "++...T.T"], { loss: 0.5 });
  assert.equal(outline(found), "10.0.0.1 → 10.0.0.3 2/3");
  assert.equal(found?.links, 2);
});

test("two sweeps at half loss tell nothing", () => {
  assert.equal(segment(["++.+.T..", "+++.TTTT"], { loss: 0.5 }), null);
});

test("a stretch that ends at the target may be the last link", () => {
  const found = segment(["++++.T", "++++.T", "+++.T.", "++++.T", "++++T", "++++T"], { loss: 0.5 });
  assert.deepEqual([found?.after, found?.links, found?.isLast], ["10.0.0.3", 2, true]);
});

test("a sweep whose later packets reached the target tells too where the first of them was lost", () => {
  const sweeps = ["++.+TTTT", "++++TTTT", "++.+T.TT", "+++.TTTT", "++++TTTT", "++.+TT.T", "++..TTTT", "+++.T.TT", "+++++TTT"];
  assert.equal(outline(segment(sweeps, { loss: 0.36 })), "10.0.0.2 → 10.0.0.3 4/6");
});

test("what a sweep did not wait for, behind the target, was not lost", () => {
  assert.equal(segment(["++++T...", "++++T..."], { loss: 0.5 }), null);
});

test("a router that begins to limit its answers during the fault is not the fault", () => {
  const cycles = ["+.++T", "++++.", "+.++T", "++++.", "+.++T", "++++.", "++++T", "++++.", "++++T", "++++."].map(sweep);
  assert.equal(segment([], { cycles, loss: 0.5 })?.after, "10.0.0.4");
});

test("an mtr whose packets all got through, as those of another flow or id do, speaks against nobody", () => {
  const cycles = Array.from({ length: 10 }, () => sweep("++++T"));
  const sweeps = ["++......", "++......", "++......"];
  assert.equal(segment(sweeps, { cycles, loss: 1 })?.after, "10.0.0.2");
});

test("packets that a router held back, and delivered within the timeout, were too late for every sweep", () => {
  const sweeps = ["++++....", "++++....", "++++...."];
  assert.equal(outline(segment(sweeps, { loss: 0.36 })), `10.0.0.4 → ${TARGET} 3/3`);
});

test("where the first hops were never asked, their silence is no fault before them", () => {
  assert.equal(segment(["--......", "--......"]), null);
  assert.equal(outline(segment(["--+....."])), "10.0.0.3 → 10.0.0.4 1/1");
});

test("a fifth lost: a few sweeps cannot tell, a hundred cycles can", () => {
  assert.equal(segment(["++++.TTT", "++++.T.T"], { loss: 0.2 }), null);
  const cycles = Array.from({ length: 15 }, () => ["++++T", "++.+T", "++++T", "+++.T", "++++."].map(sweep)).flat();
  const found = segment(["++++.TTT"], { loss: 0.2, cycles });
  assert.equal(outline(found), "10.0.0.2 → 10.0.0.3 15/46");
  assert.deepEqual(
    [found?.near, found?.far],
    [
      { sent: 76, lost: 0 },
      { sent: 76, lost: 15 },
    ],
  );
});

test("cycles of mtr count where no sweep was made; a hop that is missing in all of them while the target answers is no fault", () => {
  assert.equal(outline(segment([], { cycles: Array.from({ length: 10 }, () => sweep("++...")) })), "10.0.0.2 → 10.0.0.3 10/10");
  assert.equal(segment([], { cycles: Array.from({ length: 10 }, () => sweep("+.++T")), loss: 0.1 }), null);
});

test("a hop that seldom answers while healthy is not the fault when it is silent", () => {
  const sweeps = ["+.......", "++......"];
  assert.equal(outline(segment(["+.......", "+......."])), "10.0.0.1 → 10.0.0.2 2/2");
  assert.equal(segment(sweeps)?.after, "10.0.0.2");
  assert.equal(segment(["+.++....", "+.++....", "+.++...."], { replyRates: [1, 0.1, 1, 1] })?.after, "10.0.0.4");
});

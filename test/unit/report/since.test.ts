import assert from "node:assert/strict";
import { test } from "node:test";
import { type LocalMs, parseSince } from "../../../src/report/since.ts";

/** Local time in a named zone, whatever TZ the tests run in: a fixed point of the zone's offset, tried twice around changes of clocks. */
function zone(name: string): LocalMs {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  const offsetMs = (atMs: number): number => {
    const [, sign = "+", h = "0", m = "0"] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(atMs)) ?? [];
    return (sign === "-" ? -1 : 1) * (Number(h) * 60 + Number(m)) * 60_000;
  };
  return (y, mo, d, h, mi, s) => {
    const asUtc = Date.UTC(y, mo - 1, d, h, mi, s);
    const guess = asUtc - offsetMs(asUtc);
    return asUtc - offsetMs(guess);
  };
}

const HOUR = 3_600_000;
const shanghai = zone("Asia/Shanghai");
const berlin = zone("Europe/Berlin");
const auckland = zone("Pacific/Auckland");
const honolulu = zone("Pacific/Honolulu");

function read(text: string, now: string, localMs: LocalMs = shanghai): string {
  return new Date(parseSince(text, { nowMs: Date.parse(now), localMs })).toISOString();
}

const NOW = "2026-11-20T04:30:00.000Z"; // 12:30 in Shanghai

test("a duration counts back from now", () => {
  assert.equal(read("2h", NOW), "2026-11-20T02:30:00.000Z");
  assert.equal(read(" 1d12h ", NOW), "2026-11-18T16:30:00.000Z");
});

test("ISO instants are read with Z, with an offset and as local time", () => {
  assert.equal(read("2026-11-20T01:02:03.4Z", NOW), "2026-11-20T01:02:03.400Z");
  assert.equal(read("2026-11-20t01:02z", NOW), "2026-11-20T01:02:00.000Z");
  assert.equal(read("2026-11-20T01:02:03+01:00", NOW), "2026-11-20T00:02:03.000Z");
  assert.equal(read("2026-11-19T22:02:03-0330", NOW), "2026-11-20T01:32:03.000Z");
  assert.equal(read("2026-11-20T10:00:00", NOW), "2026-11-20T02:00:00.000Z");
});

test("dates and times of day are local", () => {
  assert.equal(read("2026-11-20 10:00", NOW), "2026-11-20T02:00:00.000Z");
  assert.equal(read("2026-11-20", NOW), "2026-11-19T16:00:00.000Z");
  assert.equal(read("10:00", NOW), "2026-11-20T02:00:00.000Z");
  assert.equal(read("9:05:30", NOW), "2026-11-20T01:05:30.000Z");
  assert.equal(read("today", NOW), "2026-11-19T16:00:00.000Z");
  assert.equal(read("yesterday", NOW), "2026-11-18T16:00:00.000Z");
  assert.equal(read("Today 10:00", NOW), "2026-11-20T02:00:00.000Z");
  assert.equal(read("yesterday 23:59", NOW), "2026-11-19T15:59:00.000Z");
});

test("today is the local day where UTC already has, or still has, another", () => {
  assert.equal(read("today", "2026-11-20T20:00:00Z", shanghai), "2026-11-20T16:00:00.000Z");
  assert.equal(read("today", "2026-11-20T08:00:00Z", honolulu), "2026-11-19T10:00:00.000Z");
  assert.equal(read("today", "2026-11-20T11:30:00Z", auckland), "2026-11-20T11:00:00.000Z");
  assert.equal(read("today", "2026-11-20T10:30:00Z", auckland), "2026-11-19T11:00:00.000Z");
  assert.equal(read("yesterday", "2026-03-01T12:00:00Z", shanghai), "2026-02-27T16:00:00.000Z");
  assert.equal(read("yesterday", "2027-01-01T00:00:00Z", shanghai), "2026-12-30T16:00:00.000Z");
});

test("days of 23 and 25 hours begin and end where the clocks say", () => {
  // Berlin 2026: forward on 29 March, back on 25 October.
  const spring = [read("yesterday", "2026-03-30T10:00:00Z", berlin), read("today", "2026-03-30T10:00:00Z", berlin)];
  assert.deepEqual(spring, ["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  assert.equal(Date.parse(spring[1] as string) - Date.parse(spring[0] as string), 23 * HOUR);
  const autumn = [read("yesterday", "2026-10-26T10:00:00Z", berlin), read("today", "2026-10-26T10:00:00Z", berlin)];
  assert.equal(Date.parse(autumn[1] as string) - Date.parse(autumn[0] as string), 25 * HOUR);
  assert.equal(read("yesterday 12:00", "2026-10-26T10:00:00Z", berlin), "2026-10-25T11:00:00.000Z");
  assert.equal(read("today", "2026-10-25T22:59:59Z", berlin), "2026-10-24T22:00:00.000Z");
  assert.equal(read("today", "2026-10-25T23:00:00Z", berlin), "2026-10-25T23:00:00.000Z");
});

test("a time that has not come yet is refused", () => {
  for (const text of ["13:00", "today 12:31", "2026-11-21", "2030-01-01T00:00:00Z"])
    assert.throws(() => read(text, NOW), /it has not come yet; accepted: 2h, /);
});

test("where the future is allowed, a time that has not come yet is read; nonsense is refused all the same", () => {
  const later = (text: string): string => new Date(parseSince(text, { nowMs: Date.parse(NOW), localMs: shanghai, future: true })).toISOString();
  assert.equal(later("13:00"), "2026-11-20T05:00:00.000Z");
  assert.equal(later("today 12:31"), "2026-11-20T04:31:00.000Z");
  assert.equal(later("2026-11-21"), "2026-11-20T16:00:00.000Z");
  assert.equal(later("2030-01-01T00:00:00Z"), "2030-01-01T00:00:00.000Z");
  assert.equal(later("2h"), "2026-11-20T02:30:00.000Z");
  assert.throws(() => later("tomorrow"), /it is no time/);
  assert.throws(() => later("99999d"), /before 1970/);
});

test("nonsense is refused with the forms that are accepted", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /it is no time/],
    ["soon", /it is no time/],
    ["tomorrow", /it is no time/],
    ["5", /as a duration it has no unit/],
    ["5y", /as a duration it is not a duration/],
    ["25:00", /a time of day is/],
    ["10:60", /a time of day is/],
    ["2026-02-30", /there is no such day/],
    ["2026-13-01", /there is no such day/],
    ["0001-01-01", /there is no such day/],
    ["2026-11-20 10:00 +25:00", /at most 14 hours/],
    ["99999d", /before 1970/],
    ["-2h", /it is no time/],
    ["\u001b[31m", /"\\u001b\[31m"/],
  ];
  for (const [text, reason] of cases) {
    assert.throws(
      () => read(text, NOW),
      (error: Error) =>
        reason.test(error.message) && error.message.startsWith("Cannot read the time ") && error.message.includes("; accepted: 2h, 1d12h"),
      text,
    );
  }
});

/**
 * Timelines as data: one character a probe, in slots from 0. "." good, "x" bad, "-" blind (not fed), "|" the detector forgets (after a blind interval).
 * What a Detector makes of one is written in one line: "suspect@4 open:window@3>9 end@12>31": what, the slot it names, and behind ">" the slot at which it was said.
 */
import { Detector, type DetectorOptions } from "../../../src/detect/detector.ts";

export const OPTIONS: DetectorOptions = { window: 20, lost: 5, clear: 20 };

/** Parts may be repeated: "5. 3x" is ".....xxx". */
export function timeline(text: string): string {
  return text.replaceAll(/(\d+)(\S)/g, (_, count: string, character: string) => character.repeat(Number(count))).replaceAll(" ", "");
}

export function changes(text: string, options: DetectorOptions = OPTIONS): string {
  const detector = new Detector(options);
  const said: string[] = [];
  let slot = 0;
  for (const character of timeline(text)) {
    if (character === "|") {
      detector.forget();
      continue;
    }
    const now = slot++;
    if (character === "-") continue;
    const change = character === "x" ? detector.bad(now, now * 100_000) : detector.good(now, now * 100_000);
    if (change === null) continue;
    if (change.kind === "suspect") said.push(`suspect@${change.slot}`);
    else if (change.kind === "burst-opened") said.push(`open:${change.rule}@${change.startUs / 100_000}>${now}`);
    else said.push(`end@${change.endUs / 100_000}>${now}`);
  }
  return said.join(" ");
}

/** What a peer tells of our probes, which it heard and which not: the direction of what was lost. */
import { wasHeard, WINDOW } from "../../detect/heard-window.ts";
import { HEARD, OUTCOME, sampleOutcome, withHeard } from "../../detect/sample.ts";
import type { Heard } from "../../packet/probe.ts";
import type { Ear } from "./ear.ts";
import { STATE, type InFlight } from "../probing/in-flight.ts";
import { record } from "../peer.ts";

/** Looked at only while that can matter: probes are bad, or lost ones wait for their direction. */
export function learnDirections(ear: Ear, told: Heard, flight: InFlight): void {
  const { peer } = ear;
  if (ear.toldFrom < 0) ear.toldFrom = told.number;
  if (!peer.detector.troubled && peer.undirectedNumber < 0) return;
  const next = flight.next[peer.index] as number;
  const window = { high: told.bitmapHigh, low: told.bitmapLow };
  for (let back = 0; back < WINDOW; back++) {
    const number = told.number - back;
    if (number < 0 || number >= next || number <= next - flight.ring) continue;
    const place = flight.place(peer.index, number);
    const heard = wasHeard(window, back) ? HEARD.yes : HEARD.no;
    if (heard === HEARD.no && number < ear.toldFrom) continue;
    flight.heard[place] = heard;
    if (flight.state[place] !== STATE.lost) continue;
    const slot = flight.slot[place] as number;
    const sample = peer.recorder.get(peer.member, slot);
    if (sampleOutcome(sample) === OUTCOME.lost) record(peer, slot, withHeard(sample, heard));
  }
  if (told.number >= peer.undirectedNumber) peer.undirectedNumber = -1;
}

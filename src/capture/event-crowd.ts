/**
 * Who of an event is traced afterwards: a peer that was lost alone for long, of several the first that were traced while it lasted. The others share their fault,
 * and their traces would only take the routers' answers from each other.
 */
import type { Incident } from "../detect/incident.ts";
import { say } from "../phrases/evidence.ts";

const MAX_REPRESENTATIVES = 3;
/** Sweeps for each of them. */
const REPRESENTATIVE_CYCLES = 10;

/** How many sweeps, or why none. */
export type After = { readonly cycles: number } | { readonly reason: string };

interface Crowd {
  readonly incidents: Set<string>;
  /** Of all peers that belong or belonged to it. */
  size: number;
  readonly representatives: { readonly id: string; readonly peer: string }[];
}

export class EventCrowd {
  readonly #maxCycles: number;
  readonly #crowds = new Map<string, Crowd>();
  readonly #members = new Map<string, { readonly event: string; readonly peer: string }>();

  /** `maxCycles`: `capture.after_cycles`. */
  constructor(maxCycles: number) {
    this.#maxCycles = maxCycles;
  }

  opened(event: string, { id, peer }: Incident): void {
    let crowd = this.#crowds.get(event);
    if (crowd === undefined) this.#crowds.set(event, (crowd = { incidents: new Set(), size: 0, representatives: [] }));
    crowd.incidents.add(id);
    crowd.size++;
    this.#members.set(id, { event, peer });
  }

  /** A sweep went out for it while the burst lasted. */
  traced(id: string): void {
    const member = this.#members.get(id);
    const crowd = member === undefined ? undefined : this.#crowds.get(member.event);
    if (member === undefined || crowd === undefined || crowd.representatives.length >= MAX_REPRESENTATIVES) return;
    if (!crowd.representatives.some((other) => other.id === id)) crowd.representatives.push({ id, peer: member.peer });
  }

  afterOf(id: string): After {
    const crowd = this.#crowds.get(this.#members.get(id)?.event ?? "");
    if (crowd === undefined || crowd.size === 1) return { cycles: this.#maxCycles };
    const { representatives, size } = crowd;
    if (representatives.length === 0 || representatives.some((one) => one.id === id))
      return { cycles: Math.min(REPRESENTATIVE_CYCLES, this.#maxCycles) };
    return { reason: say("crowd", { n: size, peers: representatives.map(({ peer }) => peer).join(", ") }) };
  }

  closed({ id }: Incident): void {
    const member = this.#members.get(id);
    const crowd = member === undefined ? undefined : this.#crowds.get(member.event);
    this.#members.delete(id);
    crowd?.incidents.delete(id);
    if (member !== undefined && crowd?.incidents.size === 0) this.#crowds.delete(member.event);
  }
}

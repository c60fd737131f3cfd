/**
 * Guests: hosts that are no peers and are traced because somebody asked. They are swept as a peer is, through the same hop budget, and an mtr towards one reserves
 * its hops; nothing else is sent to them, and nothing is counted. The agent says which there are.
 *
 * Making them peers for a while was refused: those are probed, judged and stored.
 */
import { addressBytes } from "../packet/address.ts";
import { FLOWS, pickFlows, type Traced } from "./peer.ts";

/** The index of a guest lies above those of all peers, so that an ICMP id tells whose it is. */
const FIRST_INDEX = 1 << 24;

interface Guest {
  readonly index: number;
  readonly traced: Traced;
}

interface Options {
  /** 65,536 ICMP ids → index · FLOWS + flow, −1 where the id is free. */
  readonly ids: Int32Array;
  readonly random32: () => number;
  /** What was learned of its path is of no use any more. */
  readonly forget: (guest: Traced) => void;
}

export class Guests {
  readonly #options: Options;
  readonly #guests = new Map<string, Guest>();
  #nextIndex = FIRST_INDEX;

  constructor(options: Options) {
    this.#options = options;
  }

  /** These and no others from now on; an address is the name of its guest. What is no address, or finds no free ids, is left out. */
  change(addresses: readonly string[]): void {
    for (const [address, guest] of this.#guests) if (!addresses.includes(address)) this.#leave(address, guest);
    for (const address of addresses) if (!this.#guests.has(address)) this.#come(address);
  }

  get(name: string): Traced | null {
    return this.#guests.get(name)?.traced ?? null;
  }

  at(index: number): Traced | null {
    for (const guest of this.#guests.values()) if (guest.index === index) return guest.traced;
    return null;
  }

  #come(address: string): void {
    const { ids, random32 } = this.#options;
    const bytes = addressBytes(address);
    const free = ids.reduce((count, owner) => (owner === -1 ? count + 1 : count), 0);
    if (bytes === null || free < FLOWS) return;
    const index = this.#nextIndex++;
    const flows = pickFlows(index, ids, () => random32() & 0xffff);
    const replyTtls = flows.map(() => 0);
    const family = bytes.length === 4 ? 4 : 6;
    this.#guests.set(address, { index, traced: { name: address, address, bytes, source: address, family, flows, lastFlow: 0, replyTtls } });
  }

  #leave(address: string, { traced }: Guest): void {
    const { ids, forget } = this.#options;
    this.#guests.delete(address);
    for (const { id } of traced.flows) ids[id] = -1;
    forget(traced);
  }
}

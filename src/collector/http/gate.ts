/**
 * Who may come in, and whose turn it is. A request is admitted before its body is read, by what it says of its size; while it is received it holds only its bytes, so
 * a slow sender keeps nobody from working. Then it waits for its turn at the store. Small writes (heads of incidents) have a
 * larger allowance and turns of their own, so they never wait behind bulk, nor behind what is left of earlier attempts of the same node.
 *
 * Bulk gives way twice: none comes in while a fleet is at the door (rush.ts), with a time to come again (appointments.ts); what is inside already lets those at the
 * door in first (lull.ts).
 */
import { Appointments } from "./appointments.ts";
import type { Limits } from "./limits.ts";
import type { Lull } from "./lull.ts";
import { Rush } from "./rush.ts";

export type Kind = "small" | "bulk" | "read";

/** When bulk gives way. */
export interface GatePorts {
  /** What bulk waits for when it is its turn. */
  readonly lull: Pick<Lull, "wait">;
  readonly rush?: Pick<Rush, "came" | "isOn">;
  readonly appointments?: Pick<Appointments, "done" | "next">;
}

export interface Asking {
  /** Whose token it is. */
  readonly holder: string;
  /** Of the body, at most. */
  readonly bytes: number;
  /** Whether it is the first of its connection. */
  readonly isFirst: boolean;
}

export interface Pass {
  readonly kind: Kind;
  /** Resolves when it is its turn. */
  turn(): Promise<void>;
  /** Once, however it ended. */
  leave(): void;
}

export interface TurnedAway {
  readonly kind: "turned-away";
  /** Seconds after which to come again; null: as anybody. */
  readonly comeAgainS: number | null;
}

/** Of one kind: how many work, and who waits for it. */
interface Lane {
  readonly atOnce: number;
  readonly most: number;
  readonly perHolder: number;
  inside: number;
  working: number;
  readonly waiting: (() => void)[];
  readonly byHolder: Map<string, number>;
}

export class Gate {
  readonly #lull: Pick<Lull, "wait">;
  readonly #rush: Pick<Rush, "came" | "isOn">;
  readonly #appointments: Pick<Appointments, "done" | "next">;
  readonly #lanes: Readonly<Record<Kind, Lane>>;
  readonly #bulkBytesLimit: number;
  #bulkBytes = 0;

  constructor(limits: Limits, { lull, rush = new Rush(), appointments = new Appointments() }: GatePorts) {
    this.#lull = lull;
    this.#rush = rush;
    this.#appointments = appointments;
    const lane = (most: number, atOnce: number, perHolder = limits.perHolder): Lane => ({
      atOnce,
      most,
      perHolder,
      inside: 0,
      working: 0,
      waiting: [],
      byHolder: new Map(),
    });
    this.#bulkBytesLimit = limits.bulkBytes;
    this.#lanes = {
      small: lane(limits.small, limits.smallAtOnce, limits.smallPerHolder),
      bulk: lane(limits.bulk, limits.bulkAtOnce),
      read: lane(limits.reads, limits.readsAtOnce),
    };
  }

  insideOf(kind: Kind): number {
    return this.#lanes[kind].inside;
  }

  /** Turned away: too many of its kind are inside, or of the one who asks, or it is not the time for bulk. */
  admit(kind: Kind, { holder, bytes, isFirst }: Asking): Pass | TurnedAway {
    if (kind === "small" && isFirst) this.#rush.came(holder);
    const lane = this.#lanes[kind];
    const own = lane.byHolder.get(holder) ?? 0;
    // Whoever has that many here takes no appointment from others.
    if (own >= lane.perHolder) return turnedAway(null);
    const weight = kind === "bulk" ? bytes : 0;
    const isFull = lane.inside >= lane.most || (weight > 0 && this.#bulkBytes + weight > this.#bulkBytesLimit);
    if (kind === "bulk" && (isFull || this.#rush.isOn)) return turnedAway(this.#appointments.next(holder));
    if (isFull) return turnedAway(null);
    lane.inside++;
    this.#bulkBytes += weight;
    lane.byHolder.set(holder, own + 1);
    let state: "waits" | "works" | "left" = "waits";
    return {
      kind,
      turn: async () => {
        await turnIn(lane);
        state = "works";
        if (kind === "bulk") await this.#lull.wait();
      },
      leave: () => {
        if (state === "left") return;
        if (state === "works") next(lane);
        if (kind === "bulk" && state === "works") this.#appointments.done();
        state = "left";
        lane.inside--;
        forget(lane, holder);
        this.#bulkBytes -= weight;
      },
    };
  }
}

function turnedAway(comeAgainS: number | null): TurnedAway {
  return { kind: "turned-away", comeAgainS };
}

function forget({ byHolder }: Lane, holder: string): void {
  const left = (byHolder.get(holder) ?? 0) - 1;
  if (left > 0) byHolder.set(holder, left);
  else byHolder.delete(holder);
}

function turnIn(lane: Lane): Promise<void> {
  if (lane.working < lane.atOnce) {
    lane.working++;
    return Promise.resolve();
  }
  return new Promise((resolve) => lane.waiting.push(resolve));
}

/** The place of the one that leaves goes to the next. */
function next(lane: Lane): void {
  const first = lane.waiting.shift();
  if (first === undefined) lane.working--;
  else first();
}

/**
 * The last 64 probe numbers of a peer and which of them arrived: RFC 4303 section 3.4.3's window against replays, here also what we tell the peer. Bit i
 * (0 is the lowest of `low`) stands for `newest` − i. The halves are int32, which V8 holds without a box.
 */
export const WINDOW = 64;

/** `first`: nothing was known before. `newer`: above all seen, with `missed` numbers between. `gap`: it fills one. `old` and `duplicate` count for nothing. */
export type Heard = { readonly kind: "first" | "gap" | "duplicate" | "old" } | { readonly kind: "newer"; readonly missed: number };

const FIRST = { kind: "first" } as const;
const GAP = { kind: "gap" } as const;
const DUPLICATE = { kind: "duplicate" } as const;
const OLD = { kind: "old" } as const;
const NEXT = { kind: "newer", missed: 0 } as const;

export class HeardWindow {
  newest = -1;
  high = 0;
  low = 0;

  clear(): void {
    this.newest = -1;
    this.high = 0;
    this.low = 0;
  }

  /** What is missing was lost by us, or may have been: nobody is to be told that it did not arrive. */
  assumeHeard(): void {
    this.high = -1;
    this.low = -1;
  }

  hear(number: number): Heard {
    if (this.newest < 0) {
      this.newest = number;
      this.low = 1;
      return FIRST;
    }
    const ahead = number - this.newest;
    if (ahead > 0) {
      this.#shift(ahead);
      this.newest = number;
      return ahead === 1 ? NEXT : { kind: "newer", missed: ahead - 1 };
    }
    const back = -ahead;
    if (back >= WINDOW) return OLD;
    if (wasHeard(this, back)) return DUPLICATE;
    if (back >= 32) this.high |= 1 << (back - 32);
    else this.low |= 1 << back;
    return GAP;
  }

  #shift(by: number): void {
    if (by >= WINDOW) {
      this.high = 0;
      this.low = 1;
    } else if (by >= 32) {
      this.high = this.low << (by - 32);
      this.low = 1;
    } else {
      this.high = (this.high << by) | (this.low >>> (32 - by));
      this.low = (this.low << by) | 1;
    }
  }
}

/** Bit `back` of a window. */
export function wasHeard(window: { readonly high: number; readonly low: number }, back: number): boolean {
  if (back < 0 || back >= WINDOW) return false;
  return back >= 32 ? ((window.high >>> (back - 32)) & 1) === 1 : ((window.low >>> back) & 1) === 1;
}

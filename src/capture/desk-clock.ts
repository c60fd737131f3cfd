/** The desk has a clock only while time makes anything due there: an agent with nothing to do sleeps. */
const TICK_MS = 100;

export interface Ticking {
  readonly isIdle: boolean;
  tick(): void;
}

export class DeskClock {
  readonly #desk: Ticking;
  #timer: NodeJS.Timeout | null = null;

  constructor(desk: Ticking) {
    this.#desk = desk;
  }

  /** Something has come in. Ticks until the desk is idle. */
  wake(): void {
    if (this.#timer !== null || this.#desk.isIdle) return;
    this.#timer = setInterval(() => {
      this.#desk.tick();
      if (this.#desk.isIdle) this.stop();
    }, TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

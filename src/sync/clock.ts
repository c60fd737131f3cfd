/** Time as the sender sees it: two clocks and one timer. The real one, and in tests one that moves when it is told to. */
export interface SyncClock {
  /** Wall clock, ms. */
  wallMs(): number;
  /** Monotonic, ms. */
  nowMs(): number;
  /** Runs once, later. Returns how to take it back. */
  after(ms: number, run: () => void): () => void;
}

export const SYSTEM_CLOCK: SyncClock = {
  wallMs: Date.now,
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after that long, or as soon as the signal is aborted. */
export function wait(clock: SyncClock, options: { readonly ms: number; readonly signal: AbortSignal }): Promise<void> {
  const { ms, signal } = options;
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

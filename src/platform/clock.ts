/** The time as the rest of the program sees it; tests put their own in. Both in milliseconds. */
export interface Clock {
  /** Wall clock since the epoch; may step. */
  now(): number;
  /** Never steps back; for intervals and timers. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

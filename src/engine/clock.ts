/** The one source of time of an engine. XState's own clock interface, and the time itself. */
export interface Clock {
  /** Monotonic milliseconds, from any origin, with fractions. */
  now(): number;
  /** Wall-clock milliseconds since 1970; for people only, nothing is timed by it. */
  wallTime(): number;
  /** Calls `callback` once, not before `delayMs` have passed. `Infinity` is never; ≤ 0 is as soon as possible. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /**
   * Calls `callback` once, when the present turn of the event loop is over. A clock whose time may move within a
   * turn leaves this out.
   */
  afterTurn?(callback: () => void): void;
  /** Forgets a timeout. One that has fired, or is unknown, is ignored. */
  clearTimeout(id: unknown): void;
}

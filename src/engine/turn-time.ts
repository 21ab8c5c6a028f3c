import type { Clock } from './clock.js';

/** The time, read once in each turn of the event loop: within one it does not pass, and reading it has its price. */
export class TurnTime {
  #now: number | undefined;

  constructor(private readonly clock: Clock) {}

  now(): number {
    if (this.#now !== undefined) return this.#now;
    const now = this.clock.now();
    if (this.clock.afterTurn) {
      this.#now = now;
      this.clock.afterTurn(this.#forget);
    }
    return now;
  }

  readonly #forget = (): void => {
    this.#now = undefined;
  };
}

import type { Clock } from './clock.js';

/** A call that may take so long and no longer. */
export interface Limited {
  readonly timeoutMs: number;
  /** Its place among the calls of this turn; -1 once the turn is over, and for a clock that knows no turns. */
  place: number;
  timer: unknown;
  expire(): void;
}

/**
 * The time limits of the calls in flight.
 *
 * Time does not pass within a turn of the event loop, so a call that ends in the turn in which it began needs
 * no timer. Only those that are left when the turn is over get one; their time counts from there.
 */
export class TimeLimits {
  readonly #ofThisTurn: Limited[] = [];
  #awaitsEnd = false;

  constructor(private readonly clock: Clock) {}

  begin(call: Limited): void {
    if (this.clock.afterTurn === undefined) {
      this.#arm(call);
      return;
    }
    call.place = this.#ofThisTurn.push(call) - 1;
    if (this.#awaitsEnd) return;
    this.#awaitsEnd = true;
    this.clock.afterTurn(this.#onTurnOver);
  }

  /** Ends a limit, once. */
  end(call: Limited): void {
    const { place } = call;
    if (place < 0) {
      this.clock.clearTimeout(call.timer);
      return;
    }
    // The last takes the place that is free, so that ending costs the same however many calls a turn has.
    const last = this.#ofThisTurn.pop();
    if (last && last !== call) {
      this.#ofThisTurn[place] = last;
      last.place = place;
    }
  }

  readonly #onTurnOver = (): void => {
    this.#awaitsEnd = false;
    for (const call of this.#ofThisTurn) {
      call.place = -1;
      this.#arm(call);
    }
    this.#ofThisTurn.length = 0;
  };

  #arm(call: Limited): void {
    call.timer = this.clock.setTimeout(() => {
      call.expire();
    }, call.timeoutMs);
  }
}

import type { BackendContext } from '../../machines/backend-setup.js';
import { measure, NO_MARKS, stepsOf } from '../../machines/window.js';
import type { Measured, Passed, RatePolicy } from '../../machines/window.js';
import type { TurnTime } from './turn-time.js';

/**
 * Counts what sends no event, since nothing could come of it: attempts that succeeded, for a rate of failures, and
 * calls that were quick, for a rate of slow calls. A machine that judges a rate adds it to its marks.
 *
 * Counting costs the same however long a window is.
 */
export class Tally {
  readonly #counts: readonly Count[];
  readonly #byFailure: readonly Count[];
  readonly #bySlowness: readonly Count[];

  constructor(
    private readonly rates: readonly RatePolicy[],
    /** The machine's number of it. */
    readonly counting: number,
    time: TurnTime,
  ) {
    this.#counts = rates.map((rate) =>
      'ms' in rate.window ? new RecentCount(rate, time) : new PlainCount(),
    );
    const of = (kind: RatePolicy['of']) => this.#counts.filter((_, index) => rates[index]?.of === kind);
    this.#byFailure = of('failures');
    this.#bySlowness = of('slowCalls');
  }

  succeeded(): void {
    for (const count of this.#byFailure) count.add();
  }

  quick(): void {
    for (const count of this.#bySlowness) count.add();
  }

  /** For each rate, what was counted. */
  read(): readonly Passed[] {
    return this.#counts.map((count) => count.read());
  }

  /** What the window of each rate holds, its marks included. */
  measure(marks: BackendContext['marks']): readonly MeasuredRate[] {
    return this.rates.map((policy, index) => ({
      policy,
      ...measure(policy, marks[index] ?? NO_MARKS, this.#counts[index]?.read() ?? NOTHING),
    }));
  }
}

export type MeasuredRate = Measured & { readonly policy: RatePolicy };

const NOTHING: Passed = { count: 0, step: 0 };

/** The tally of what a machine counts at present: the one before, or a new one if counting has begun anew. */
export function tallyOf(
  { policy, counting }: BackendContext,
  before: Tally | undefined,
  time: TurnTime,
): Tally | undefined {
  const rates = policy.circuit?.rates;
  if (rates === undefined) return undefined;
  return before?.counting === counting ? before : new Tally(rates, counting, time);
}

interface Count {
  add(): void;
  read(): Passed;
}

/** A window by calls is cut from the sequence of all, by the machine. */
class PlainCount implements Count {
  #count = 0;

  add(): void {
    this.#count += 1;
  }

  read(): Passed {
    return { count: this.#count, step: 0 };
  }
}

/** A window by time: one number for each of its steps, and their sum. */
class RecentCount implements Count {
  readonly #width: number;
  readonly #ring: Float64Array;
  #step: number;
  #sum = 0;

  constructor(
    rate: RatePolicy,
    private readonly time: TurnTime,
  ) {
    const { steps, width } = stepsOf(rate);
    this.#width = width;
    this.#ring = new Float64Array(steps);
    this.#step = this.#stepNow();
  }

  add(): void {
    const place = this.#turn() % this.#ring.length;
    this.#ring[place] = (this.#ring[place] ?? 0) + 1;
    this.#sum += 1;
  }

  read(): Passed {
    const step = this.#turn();
    return { count: this.#sum, step };
  }

  #stepNow(): number {
    return Math.floor(this.time.now() / this.#width);
  }

  /** Clears the steps that have begun since it was last asked: they are those of a whole window ago. */
  #turn(): number {
    const step = this.#stepNow();
    const begun = Math.min(step - this.#step, this.#ring.length);
    for (let ago = 0; ago < begun; ago += 1) {
      const place = (step - ago) % this.#ring.length;
      this.#sum -= this.#ring[place] ?? 0;
      this.#ring[place] = 0;
    }
    this.#step = step;
    return step;
  }
}

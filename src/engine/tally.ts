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
  readonly #byFailure: Adder;
  readonly #bySlowness: Adder;

  constructor(
    private readonly rates: readonly RatePolicy[],
    /** The machine's number of it. */
    readonly counting: number,
    time: TurnTime,
  ) {
    this.#counts = rates.map((rate) =>
      'ms' in rate.window ? new RecentCount(rate, time) : new PlainCount(),
    );
    const of = (kind: RatePolicy['of']) =>
      together(this.#counts.filter((_, index) => rates[index]?.of === kind));
    this.#byFailure = of('failures');
    this.#bySlowness = of('slowCalls');
  }

  succeeded(): void {
    this.#byFailure.add();
  }

  quick(): void {
    this.#bySlowness.add();
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

interface Adder {
  add(): void;
}

interface Count extends Adder {
  read(): Passed;
}

/** Few circuits have more than one rate of a kind, and a loop over one costs as much as what it does. */
function together(counts: readonly Count[]): Adder {
  const [only] = counts;
  if (only && counts.length === 1) return only;
  return {
    add: () => {
      for (const count of counts) count.add();
    },
  };
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

/** A window by time: one number for each of its steps that are over, and their sum; and one for that under way. */
class RecentCount implements Count {
  readonly #width: number;
  readonly #ring: Float64Array;
  #step: number;
  #readAt: number;
  #underWay = 0;
  #sum = 0;

  constructor(
    rate: RatePolicy,
    private readonly time: TurnTime,
  ) {
    const { steps, width } = stepsOf(rate);
    this.#width = width;
    this.#ring = new Float64Array(steps);
    this.#readAt = time.now();
    this.#step = Math.floor(this.#readAt / width);
  }

  add(): void {
    this.#turn();
    this.#underWay += 1;
  }

  read(): Passed {
    this.#turn();
    return { count: this.#sum + this.#underWay, step: this.#step };
  }

  /** Within a turn of the event loop time stands still, and there is nothing to do. */
  #turn(): void {
    const now = this.time.now();
    if (now === this.#readAt) return;
    this.#readAt = now;
    const step = Math.floor(now / this.#width);
    if (step !== this.#step) this.#turnTo(step);
  }

  /** Puts away what was under way, and clears the steps that have begun: they are those of a whole window ago. */
  #turnTo(step: number): void {
    const { length } = this.#ring;
    this.#ring[this.#step % length] = this.#underWay;
    this.#sum += this.#underWay;
    this.#underWay = 0;
    const begun = Math.min(step - this.#step, length);
    for (let ago = 0; ago < begun; ago += 1) {
      const place = (step - ago) % length;
      this.#sum -= this.#ring[place] ?? 0;
      this.#ring[place] = 0;
    }
    this.#step = step;
  }
}

/** A rate over the last calls, or over the calls of the last time, at which a circuit trips. */
export interface RatePolicy {
  /** What is counted: attempts (calls and checks) that failed, or calls that were slow, those still out included. */
  readonly of: 'failures' | 'slowCalls';
  /** Share in (0, 1] that trips; it is reached at equality. */
  readonly threshold: number;
  /**
   * The last so many, or those of the last so many milliseconds. A window moves in hundredths of its length: one of at
   * most a hundred calls is exact, a larger one holds up to two hundredths more than it says.
   */
  readonly window: { readonly calls: number } | { readonly ms: number };
  /** With fewer in the window nothing is judged. Integer ≥ 1. */
  readonly minimumCalls: number;
}

/** How finely a window moves. */
const STEPS = 100;

/** A window is so many steps of this width, in calls or in milliseconds; the step that is under way is one of them. */
export function stepsOf({ window }: RatePolicy): { readonly steps: number; readonly width: number } {
  if ('ms' in window) return { steps: STEPS, width: window.ms / STEPS };
  const width = Math.ceil(window.calls / STEPS);
  // Of the step that is under way, a single call may be there.
  return { steps: Math.ceil((window.calls - 1) / width) + 1, width };
}

/** What one rate's window holds besides its marks: attempts that sent no event, since nothing could come of them. */
export interface Passed {
  /** By calls: all since counting began. By time: those in the window. */
  readonly count: number;
  /** By time: the step that is under way. */
  readonly step: number;
}

/** What a window has seen of what its rate is about. Plain and bounded: no more entries than the window has steps. */
export interface Marks {
  /** Since counting began, those that have left the window included. */
  readonly total: number;
  readonly recent: readonly { readonly step: number; readonly count: number }[];
}

export const NO_MARKS: Marks = { total: 0, recent: [] };

/** What a rate is, and of how many attempts. */
export interface Measured {
  readonly matching: number;
  readonly calls: number;
}

/** Adds one to the marks of a rate, and forgets those that have left its window. */
export function addMark(rate: RatePolicy, { total, recent }: Marks, passed: Passed): Marks {
  // By calls, the place of an attempt in the sequence of all is its time.
  const step = stepOf(rate, passed.count + total, passed);
  const kept = recent.filter((mark) => mark.step > step - stepsOf(rate).steps);
  const last = kept.at(-1);
  if (last?.step === step) kept[kept.length - 1] = { step, count: last.count + 1 };
  else kept.push({ step, count: 1 });
  return { total: total + 1, recent: kept };
}

/** What a window holds. */
export function measure(rate: RatePolicy, { total, recent }: Marks, passed: Passed): Measured {
  const { steps, width } = stepsOf(rate);
  const calls = passed.count + total;
  const step = stepOf(rate, calls - 1, passed);
  const matching = recent.reduce((sum, mark) => (mark.step > step - steps ? sum + mark.count : sum), 0);
  if ('ms' in rate.window) return { matching, calls: passed.count + matching };
  return { matching, calls: calls - Math.max(0, (step - steps + 1) * width) };
}

function stepOf(rate: RatePolicy, place: number, passed: Passed): number {
  return 'ms' in rate.window ? passed.step : Math.floor(place / stepsOf(rate).width);
}

/** Whether a rate is reached by what its window holds. */
export function isReached({ threshold, minimumCalls }: RatePolicy, { matching, calls }: Measured): boolean {
  return calls >= minimumCalls && matching / calls >= threshold;
}

/** The rate at which a circuit tripped. */
export interface Tripped extends Measured {
  readonly policy: RatePolicy;
}

/** The marks of all rates with one more for those of a kind, and the first of these that is reached by it. */
export function markRates(
  rates: readonly RatePolicy[],
  of: RatePolicy['of'],
  marks: readonly Marks[],
  passed: readonly Passed[],
): { readonly marks: readonly Marks[]; readonly rate: Tripped | undefined } {
  let reached: Tripped | undefined;
  const marked = rates.map((rate, index) => {
    const before = marks[index] ?? NO_MARKS;
    const counted = passed[index];
    if (rate.of !== of || counted === undefined) return before;
    const after = addMark(rate, before, counted);
    const measured = measure(rate, after, counted);
    if (reached === undefined && isReached(rate, measured)) reached = { policy: rate, ...measured };
    return after;
  });
  return { marks: marked, rate: reached };
}

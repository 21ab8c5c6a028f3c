import { describe, expect, it } from 'vitest';
import { addMark, isReached, markRates, measure, NO_MARKS, stepsOf } from '../../machines/window.js';
import type { Marks, RatePolicy } from '../../machines/window.js';

const over = (window: RatePolicy['window'], of: RatePolicy['of'] = 'failures'): RatePolicy => ({
  of,
  threshold: 0.5,
  window,
  minimumCalls: 2,
});

/** Some pattern of attempts that match, in no step with any window. */
const matches = (attempt: number) => (attempt * attempt) % 7 < 3;

describe('a window by calls', () => {
  it.each([1, 2, 3, 10, 99, 100])('of %i holds exactly the last so many [R09]', (calls) => {
    expect(stepsOf(over({ calls }))).toEqual({ steps: calls, width: 1 });
    eachOf(calls, (held, made) => {
      expect(held).toBe(Math.min(made, calls));
    });
  });

  it.each([101, 150, 200, 201, 250, 1000])('of %i holds two hundredths more at most [R09]', (calls) => {
    const { width } = stepsOf(over({ calls }));
    expect(width).toBe(Math.ceil(calls / 100));
    let most = 0;
    eachOf(calls, (held, made) => {
      expect(held).toBeGreaterThanOrEqual(Math.min(made, calls));
      expect(held).toBeLessThanOrEqual(Math.min(made, calls + 2 * width));
      most = Math.max(most, held - calls);
    });
    // It moves by whole hundredths: now and then it holds more than it says.
    expect(most).toBeGreaterThan(0);
  });

  /** Makes three windows full of attempts; after each, what the window holds is what it says it holds. */
  function eachOf(calls: number, see: (held: number, made: number) => void) {
    const rate = over({ calls });
    const made: boolean[] = [];
    let marks: Marks = NO_MARKS;
    let count = 0;
    for (let attempt = 0; attempt < 3 * calls + 5; attempt += 1) {
      made.push(matches(attempt));
      if (matches(attempt)) marks = addMark(rate, marks, { count, step: 0 });
      else count += 1;
      const measured = measure(rate, marks, { count, step: 0 });
      expect(measured.matching).toBe(made.slice(made.length - measured.calls).filter(Boolean).length);
      see(measured.calls, made.length);
      expect(marks.recent.length).toBeLessThanOrEqual(stepsOf(rate).steps);
    }
    expect(marks.total + count).toBe(made.length);
  }
});

describe('a window by time', () => {
  const rate = over({ ms: 5000 });

  it('moves in hundredths of its length [R09]', () => {
    expect(stepsOf(rate)).toEqual({ steps: 100, width: 50 });
  });

  it('holds the marks of a hundred steps, the one under way among them, and what has passed [R09]', () => {
    let marks = addMark(rate, NO_MARKS, { count: 3, step: 7 });
    marks = addMark(rate, marks, { count: 3, step: 7 });
    marks = addMark(rate, marks, { count: 3, step: 8 });
    expect(marks).toEqual({
      total: 3,
      recent: [
        { step: 7, count: 2 },
        { step: 8, count: 1 },
      ],
    });
    expect(measure(rate, marks, { count: 3, step: 8 })).toEqual({ matching: 3, calls: 6 });
    expect(measure(rate, marks, { count: 3, step: 106 })).toEqual({ matching: 3, calls: 6 });
    expect(measure(rate, marks, { count: 1, step: 107 })).toEqual({ matching: 1, calls: 2 });
    expect(measure(rate, marks, { count: 0, step: 108 })).toEqual({ matching: 0, calls: 0 });
  });

  it('forgets marks that have left it when another is made [R09]', () => {
    const old = addMark(rate, addMark(rate, NO_MARKS, { count: 0, step: 7 }), { count: 0, step: 8 });
    expect(addMark(rate, old, { count: 0, step: 106 }).recent.map(({ step }) => step)).toEqual([7, 8, 106]);
    expect(addMark(rate, old, { count: 0, step: 107 }).recent.map(({ step }) => step)).toEqual([8, 107]);
    expect(addMark(rate, old, { count: 0, step: 107 }).total).toBe(3);
  });
});

describe('a rate', () => {
  it.each([
    [{ matching: 1, calls: 2 }, true],
    [{ matching: 1, calls: 3 }, false],
    [{ matching: 2, calls: 3 }, true],
    [{ matching: 1, calls: 1 }, false],
    [{ matching: 0, calls: 0 }, false],
  ])('of a half, of two calls at least: %o reaches it: %s [R09]', (measured, expected) => {
    expect(isReached(over({ calls: 10 }), measured)).toBe(expected);
  });
});

describe('the rates of a circuit', () => {
  const rates = [
    { ...over({ calls: 4 }), threshold: 0.9 },
    over({ calls: 5 }, 'slowCalls'),
    over({ calls: 6 }),
    over({ ms: 7000 }),
  ];
  const passed = [
    { count: 1, step: 0 },
    { count: 1, step: 0 },
    { count: 1, step: 0 },
    { count: 1, step: 70 },
  ];

  it('are marked by what they are about alone, and the first that is reached is told [R09]', () => {
    const { marks, rate } = markRates(rates, 'failures', [], passed);
    expect(marks).toEqual([
      { total: 1, recent: [{ step: 1, count: 1 }] },
      NO_MARKS,
      { total: 1, recent: [{ step: 1, count: 1 }] },
      { total: 1, recent: [{ step: 70, count: 1 }] },
    ]);
    expect(rate).toEqual({ policy: rates[2], matching: 1, calls: 2 });
    const slow = markRates(rates, 'slowCalls', marks, passed);
    expect(slow.marks).toEqual([marks[0], { total: 1, recent: [{ step: 1, count: 1 }] }, marks[2], marks[3]]);
    expect(slow.rate).toEqual({ policy: rates[1], matching: 1, calls: 2 });
  });

  it('of which nothing has been counted yet are left alone [R09]', () => {
    expect(markRates(rates, 'failures', [], [])).toEqual({
      marks: rates.map(() => NO_MARKS),
      rate: undefined,
    });
  });

  it('of which none is reached trip nothing [R09]', () => {
    const many = passed.map(({ step }) => ({ count: 5, step }));
    expect(markRates(rates, 'failures', [], many).rate).toBeUndefined();
  });
});

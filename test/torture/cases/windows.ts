import type { Case } from '../case.js';
import type { Policy } from '../policy.js';
import { CallerError } from '../policy.js';
import { Broken, expect } from '../trial.js';
import type { Trial } from '../trial.js';

const HOUR_MS = 3_600_000;
const rate = { of: 'failures', threshold: 0.5, window: { ms: 10_000 }, minimum: 5 } as const;
const byRate: Policy = { rate, openMs: 1000 };
const three: Policy = { threshold: 3, openMs: 20_000 };

/** How calls are counted. */
export const windows: readonly Case[] = [
  {
    id: 'C1',
    says: 'failures of an hour ago are forgotten, though nothing has happened since',
    policy: byRate,
    run: async (t) => {
      await t.fail(4);
      await t.advance(HOUR_MS);
      await t.fail(1);
      await t.expectClosed('one failure opens it');
    },
  },
  {
    id: 'C2',
    says: 'successes of an hour ago do not hide an outage',
    policy: byRate,
    run: async (t) => {
      await t.succeed(900);
      await t.advance(HOUR_MS);
      await t.fail(5);
      await t.expectRefuses('five failures in a row do not open it');
    },
  },
  {
    id: 'C3',
    says: 'refused calls do not dilute the rate',
    policy: byRate,
    run: async (t) => {
      await t.trip();
      await t.beginMany(1000);
      await t.advance(1000);
      await t.succeed(1);
      await t.fail(5);
      await t.expectRefuses('five failures in a row do not open it again');
    },
  },
  {
    id: 'C4a',
    says: 'calls that hang do not dilute the rate',
    policy: byRate,
    run: async (t) => {
      await t.beginMany(100);
      await t.fail(5);
      await t.expectRefuses('five failures in a row do not open it');
    },
  },
  {
    id: 'C4b',
    says: 'calls that hang count as slow before they end',
    policy: {
      rate: { of: 'slowCalls', threshold: 0.5, window: { calls: 10 }, minimum: 5 },
      slowCallMs: 1000,
      openMs: 20_000,
    },
    run: async (t) => {
      await t.beginMany(10);
      await t.advance(1001);
      await t.expectRefuses('ten calls hang, and an eleventh is admitted');
    },
  },
  {
    id: 'C4c',
    says: 'calls that were slow count as slow when they end',
    policy: {
      rate: { of: 'slowCalls', threshold: 0.5, window: { calls: 10 }, minimum: 5 },
      slowCallMs: 1000,
      openMs: 20_000,
    },
    run: async (t) => {
      const calls = await t.beginMany(10);
      await t.advance(1500);
      for (const call of calls) await t.succeed(call);
      await t.expectRefuses('ten calls were slow, and an eleventh is admitted');
    },
  },
  {
    id: 'C5',
    says: 'a circuit that has closed begins with an empty window',
    policy: byRate,
    run: async (t) => {
      await t.trip();
      await t.advance(1000);
      await t.succeed(1);
      await t.fail(1);
      await t.expectClosed('the first failure opens it again');
    },
  },
  {
    id: 'C6a',
    says: 'a rate of 100 % can be reached, or is refused as a setting',
    policy: { rate: { ...rate, threshold: 1 }, openMs: 1000 },
    makesItsOwn: true,
    run: async (t) => {
      const breaker = t.anotherOrNone();
      if (breaker === undefined) return;
      await t.fail(20, undefined, breaker);
      await t.expectRefuses('twenty of twenty calls failed, and it is closed', breaker);
    },
  },
  {
    id: 'C6b',
    says: 'a rate trips at exactly its threshold, and not below',
    policy: byRate,
    run: async (t) => {
      await t.succeed(5);
      await t.fail(4);
      await t.expectAdmits('four of nine open it');
      await t.fail(1);
      expect(t.breaker.state() === 'closed', 'five of eleven open it');
      await t.fail(1);
      await t.expectRefuses('six of twelve do not');
    },
  },
  {
    id: 'C7',
    says: 'calls that the limit on calls in flight refuses are no failures',
    policy: { ...three, maxInFlight: 1 },
    run: async (t) => {
      const only = await t.begin();
      for (const call of await t.beginMany(10)) expect(!call.admitted, 'two calls are in flight');
      await t.succeed(only);
      await t.expectAdmits('ten refused calls have opened the circuit');
    },
  },
  {
    id: 'C8a',
    says: 'a call that its caller cancels is no failure',
    policy: { threshold: 1, openMs: 20_000 },
    needs: ['cancels'],
    run: async (t) => {
      const caller = new AbortController();
      await t.begin({ signal: caller.signal, heeds: true });
      caller.abort(new CallerError('changed my mind'));
      await t.settle();
      await t.expectClosed('it opens the circuit');
    },
  },
  {
    id: 'C8b',
    says: 'a call that the backend cancels is one',
    policy: { threshold: 1, openMs: 20_000 },
    run: async (t) => {
      await t.fail(1, new DOMException('the connection was given up', 'AbortError'));
      await t.expectRefuses('it does not open the circuit');
    },
  },
  {
    id: 'C9a',
    says: "the caller's own mistakes do not open the circuit",
    policy: three,
    run: async (t) => {
      await t.fail(20, new CallerError('no such thing'));
      await t.expectClosed('twenty do');
    },
  },
  {
    id: 'C9b',
    says: 'nor do they stand for successes among failures',
    policy: three,
    run: async (t) => {
      await t.fail(2);
      await t.fail(1, new CallerError('no such thing'));
      await t.fail(1);
      await t.expectRefuses('the third failure does not open it');
    },
  },
  {
    id: 'C10',
    says: 'two breakers from one object of settings know nothing of each other',
    policy: three,
    run: async (t) => {
      const [first, second] = t.library.makeTwo(t.policy) ?? [];
      if (!first || !second) throw new Broken('there are no two');
      await t.fail(2, undefined, first);
      await t.fail(1, undefined, second);
      await t.expectClosed('two failures of one and one of the other open the other', second);
      await first.dispose();
      await second.dispose();
    },
  },
  {
    id: 'C11',
    says: 'a window of two milliseconds is a window, or is refused as a setting',
    policy: { rate: { ...rate, window: { ms: 2 } }, openMs: 1000 },
    makesItsOwn: true,
    run: async (t) => {
      const breaker = t.anotherOrNone();
      if (breaker === undefined) return;
      await t.fail(4, undefined, breaker);
      await t.expectClosed('four failures, of at least five, open it', breaker);
      await t.advance(10);
      await t.fail(5, undefined, breaker);
      await t.expectRefuses('five failures do not open it', breaker);
    },
  },
  {
    id: 'C12',
    says: 'what is compared with the rate is a rate, not a number of failures',
    policy: { rate: { ...rate, minimum: 10 }, openMs: 1000 },
    run: async (t) => {
      await t.succeed(70);
      await t.fail(30);
      await t.expectClosed('30 of 100 open it');
      await t.fail(70);
      await t.expectRefuses('100 of 180 do not');
    },
  },
  {
    id: 'C13',
    says: 'a failure costs about the same with ten calls in the window as with twenty thousand',
    policy: { rate: { ...rate, threshold: 0.99, window: { ms: HOUR_MS } }, openMs: 1000 },
    run: async (t) => {
      // The first time around is for the compiler.
      await costOfFailure(t, 10);
      const few = await costOfFailure(t, 10);
      const many = await costOfFailure(t, 20_000);
      expect(many < 20 * few, 'it costs more than twenty times as much');
    },
  },
  {
    id: 'C15a',
    says: 'a failed check and a failed call count once each',
    policy: { ...three, checkEveryMs: 10_000 },
    run: async (t) => {
      await t.advance(0);
      const before = t.checks;
      t.ill = true;
      while (t.checks === before) await t.advance(1000);
      t.ill = false;
      await t.fail(1);
      const third = await t.begin();
      expect(third.admitted, 'one of each is enough for three');
      await t.fail(third);
      await t.expectRefuses('three are not enough for three');
    },
  },
  {
    id: 'C15b',
    says: 'a check that succeeds does not close the circuit while calls fail',
    policy: { threshold: 1, openMs: 20_000, checkEveryMs: 5000 },
    run: async (t) => {
      await t.trip();
      await t.advance(20_000);
      const calls = await t.beginMany(10);
      const admitted = calls.filter((call) => call.admitted).length;
      expect(admitted <= 1, 'ten calls are let through');
    },
  },
];

/** The median, in milliseconds of real time, of failures in a row. */
async function costOfFailure(t: Trial, calls: number): Promise<number> {
  const breaker = t.another();
  await t.succeed(calls, breaker);
  const took: number[] = [];
  for (let failure = 0; failure < 31; failure += 1) {
    const began = process.hrtime.bigint();
    const call = t.start({}, breaker);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    call.fail();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    took.push(Number(process.hrtime.bigint() - began));
    await t.settle();
  }
  await breaker.dispose();
  return took.sort((a, b) => a - b)[15] ?? Infinity;
}

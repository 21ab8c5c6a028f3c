import type { Breaker } from '../breaker.js';
import type { Call } from '../call.js';
import type { Case } from '../case.js';
import { Broken, expect } from '../trial.js';
import type { Trial } from '../trial.js';

const openMs = 1000;
const steady = { multiplier: 2, maxOpenMs: 16_000, jitter: false, decayMs: 60_000 };

/** Circuits that open again and again, alone and together. */
export const recovery: readonly Case[] = [
  {
    id: 'C14a',
    says: 'each probe that fails lengthens the open time',
    policy: { threshold: 1, openMs, backoff: steady },
    run: async (t) => {
      await t.trip();
      for (const expected of [1000, 2000, 4000]) {
        const { probe, after } = await nextProbe(t);
        expect(after === expected, `it is ${after} ms, where ${expected} were due`);
        await t.fail(probe);
      }
    },
  },
  {
    id: 'C14b',
    says: 'one lucky probe does not make the open time short again',
    policy: { threshold: 1, openMs, backoff: steady },
    run: async (t) => {
      await t.succeed(await thirdProbe(t));
      await t.fail(1);
      const { after } = await nextProbe(t);
      expect(after > 4000, `it is ${after} ms, after 4000`);
    },
  },
  {
    id: 'C14c',
    says: 'a long time of health makes the open time short again',
    policy: { threshold: 1, openMs, backoff: steady },
    run: async (t) => {
      await t.succeed(await thirdProbe(t));
      for (let minute = 0; minute < 20; minute += 1) {
        await t.succeed(1);
        await t.advance(60_000);
      }
      await t.fail(1);
      const { after } = await nextProbe(t);
      expect(after === 1000, `it is ${after} ms`);
    },
  },
  {
    id: 'G3',
    says: 'five breakers that keep opening together do not try again together',
    policy: { threshold: 1, openMs, backoff: { ...steady, maxOpenMs: 60_000, jitter: true } },
    makesItsOwn: true,
    run: async (t) => {
      const times = new Set<number>();
      for (let made = 0; made < 5; made += 1) {
        const breaker = t.another();
        await t.fail(await thirdProbe(t, breaker));
        times.add((await nextProbe(t, breaker)).after);
      }
      expect(times.size > 1, 'they do, to a tenth of a second');
    },
  },
];

/** Waits for an open circuit to let a call through, to the next tenth of a second. */
async function nextProbe(t: Trial, breaker?: Breaker): Promise<{ probe: Call; after: number }> {
  for (let after = 0; after < 60_000; after += 100) {
    const probe = await t.begin({}, breaker);
    if (probe.admitted) return { probe, after };
    await t.advance(100);
  }
  throw new Broken('it is open for more than a minute');
}

/** The probe of a circuit that has opened three times in a row. */
async function thirdProbe(t: Trial, breaker: Breaker = t.breaker): Promise<Call> {
  await t.trip(breaker);
  for (let opening = 1; opening < 3; opening += 1) await t.fail((await nextProbe(t, breaker)).probe);
  return (await nextProbe(t, breaker)).probe;
}

import type { Breaker } from '../breaker.js';
import type { Case } from '../case.js';
import type { Policy } from '../policy.js';
import { expect } from '../trial.js';

const HOUR_MS = 3_600_000;
const openMs = 20_000;
const one = { threshold: 1, openMs };
const byRate: Policy = {
  rate: { of: 'failures', threshold: 0.5, window: { ms: 10_000 }, minimum: 5 },
  openMs,
};

/** When things happen. */
export const time: readonly Case[] = [
  {
    id: 'D1a',
    says: 'a wall clock put back by an hour leaves the open time as it is',
    policy: one,
    run: async (t) => {
      await t.trip();
      t.time.stepWallClock(-HOUR_MS);
      await t.advance(openMs);
      await t.expectAdmits('it is still open');
    },
  },
  {
    id: 'D1b',
    says: 'a wall clock put back by an hour does not keep old failures in the window',
    policy: byRate,
    run: async (t) => {
      await t.fail(4);
      t.time.stepWallClock(-HOUR_MS);
      await t.advance(11_000);
      await t.fail(1);
      await t.expectClosed('one failure opens it');
    },
  },
  {
    id: 'D2a',
    says: 'a wall clock put forward by an hour does not end the open time',
    policy: one,
    run: async (t) => {
      await t.trip();
      t.time.stepWallClock(HOUR_MS);
      await t.expectRefuses('a call is admitted at once');
    },
  },
  {
    id: 'D2b',
    says: 'a wall clock put forward by an hour takes no failure out of the window',
    policy: byRate,
    run: async (t) => {
      await t.fail(4);
      t.time.stepWallClock(HOUR_MS);
      await t.fail(1);
      await t.expectRefuses('the fifth failure does not open it');
    },
  },
  {
    id: 'D3a',
    says: 'an open time of 25 days is longer than an hour',
    policy: { threshold: 1, openMs: 2 ** 31 },
    run: async (t) => {
      await t.trip();
      await t.advance(HOUR_MS);
      await t.expectRefuses('it is not open an hour later');
    },
  },
  {
    id: 'D3b',
    says: 'an infinite open time never ends, or is refused as a setting',
    policy: { threshold: 1, openMs: Infinity },
    makesItsOwn: true,
    run: async (t) => {
      const breaker = t.anotherOrNone();
      if (breaker === undefined) return;
      await t.trip(breaker);
      await t.advance(HOUR_MS);
      await t.expectRefuses('it is not open an hour later', breaker);
    },
  },
  {
    id: 'D4a',
    says: 'an open circuit does not keep the process alive',
    policy: { threshold: 1, openMs: 60_000 },
    real: true,
    run: async (t) => {
      await t.fail(1);
      await t.sleep(10);
      await t.expectRefuses('it is not open');
    },
  },
  {
    id: 'D4b',
    says: 'the time limit of a call does not keep the process alive',
    policy: { threshold: 1, openMs: 60_000, callTimeoutMs: 60_000 },
    real: true,
    run: async (t) => {
      const call = await t.begin();
      await t.sleep(10);
      expect(call.admitted, 'the call is refused');
    },
  },
  {
    id: 'D4c',
    says: 'the open time ends for a caller that asks again and again, without pause',
    policy: { threshold: 1, openMs: 1000 },
    real: true,
    run: async (t) => {
      await t.fail(1);
      await t.sleep(10);
      const calls = { admitted: 0 };
      const ask = () => {
        calls.admitted += 1;
        return Promise.resolve();
      };
      const began = process.hrtime.bigint();
      while (calls.admitted === 0 && process.hrtime.bigint() - began < 1_500_000_000n)
        await t.breaker.call(ask).catch(() => undefined);
      expect(calls.admitted > 0, 'half a second later it is still open');
    },
  },
  {
    id: 'D5a',
    says: 'the end of an open stay that was closed by hand is not that of the next',
    policy: one,
    needs: ['reset'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs / 2);
      t.breaker.reset();
      await t.trip();
      await t.advance(openMs - 1);
      await t.expectRefuses('the second stay ends too early');
      await t.advance(1);
      await t.expectAdmits('the second stay does not end');
    },
  },
  {
    id: 'D5b',
    says: 'a breaker that is done with leaves no timer behind',
    policy: { ...one, callTimeoutMs: 5000 },
    run: async (t) => {
      await t.succeed(1);
      await t.trip();
      await t.breaker.dispose();
      await t.settle();
      expect(t.time.pending === 0, `${t.time.pending} are left`);
    },
  },
  {
    id: 'D6',
    says: 'no health check is made after the shutdown',
    policy: { ...one, checkEveryMs: 5000 },
    needs: ['shutdown'],
    run: async (t) => {
      await t.advance(6000);
      expect(t.checks > 0, 'none is made before');
      const before = t.checks;
      void t.breaker.shutdown();
      t.ill = true;
      await t.advance(60_000);
      expect(t.checks === before, `${t.checks - before} are made in a minute`);
    },
  },
  {
    id: 'D7',
    says: 'an open circuit that is restored opens no later and no earlier for it',
    policy: one,
    needs: ['reborn'],
    run: async (t) => {
      await t.advance(openMs);
      await t.trip();
      await t.advance(openMs / 4);
      const reborn = t.breaker.reborn();
      await t.advance(openMs / 2);
      await t.expectRefuses('it is half-open at once', reborn);
      await t.advance(openMs / 4);
      await t.expectAdmits('its open time begins again', reborn);
      await reborn.dispose();
    },
  },
  {
    id: 'D8',
    says: 'an isolation that is restored can be ended',
    policy: one,
    needs: ['reborn', 'isolate'],
    run: async (t) => {
      t.breaker.isolate();
      const reborn = t.breaker.reborn();
      await t.expectRefuses('it is not isolated', reborn);
      reborn.isolate?.()();
      await t.expectAdmits('it stays isolated', reborn);
    },
  },
  {
    id: 'D9a',
    says: 'a breaker on a clock of its own goes by that alone, and sets no timer of the process',
    policy: { ...one, callTimeoutMs: 5000, probeLimitMs: 7000 },
    needs: ['now'],
    run: async (t) => {
      const before = t.time.timersSet;
      await t.trip();
      // The process is asleep: its clocks stand still, but for the one on the wall.
      t.time.stepWallClock(HOUR_MS);
      await t.library.advance?.(openMs - 1);
      await t.expectRefuses('it is half-open too early');
      await t.library.advance?.(1);
      await t.begin();
      await t.library.advance?.(5000 + openMs);
      await t.succeed(1);
      await t.expectClosed('it does not close');
      const set = t.time.timersSet - before;
      expect(set === 0, `it sets ${set}`);
    },
  },
  {
    id: 'D9b',
    says: 'delays that follow one another end each at its own time, however far the clock moves at once',
    policy: { ...one, probeLimitMs: 7000 },
    needs: ['limitsProbes'],
    run: async (t) => {
      const breaker: Breaker = t.breaker;
      const now = () => breaker.now?.() ?? t.time.now();
      const began = now();
      const times: number[] = [];
      breaker.on('half-open', () => {
        times.push(now() - began);
        t.start();
      });
      breaker.on('open', () => times.push(now() - began));
      await t.trip();
      await t.advance(50_000);
      const seen = times.join(', ');
      expect(seen === '0, 20000, 27000, 47000', `they end at ${seen}`);
    },
  },
  {
    id: 'D10a',
    says: 'a call is refused one millisecond before the end of the open time, and admitted at it',
    policy: one,
    run: async (t) => {
      await t.trip();
      await t.advance(openMs - 1);
      await t.expectRefuses('it is admitted before');
      await t.advance(1);
      await t.expectAdmits('it is refused at the end');
    },
  },
  {
    id: 'D10b',
    says: 'what a refusal says of the time to wait is true, and never negative',
    policy: one,
    needs: ['retryAfterMs'],
    run: async (t) => {
      await t.trip();
      for (const passed of [0, 1, 9999, 9999]) {
        await t.advance(passed);
        const { error } = await t.begin();
        const wait = t.breaker.retryAfterMs(error) ?? -1;
        expect(wait >= 0, `it says ${wait}`);
        if (passed !== 9999) continue;
        await t.advance(Math.max(0, wait - 1));
        await t.expectRefuses('a call is admitted before');
        await t.advance(1);
        await t.expectAdmits('a call is refused then');
        return;
      }
    },
  },
];

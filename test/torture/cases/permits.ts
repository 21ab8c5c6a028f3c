import type { Breaker } from '../breaker.js';
import type { Case } from '../case.js';
import { CallerError } from '../policy.js';
import { expect } from '../trial.js';

const openMs = 20_000;
const two = { threshold: 2, openMs };

/** How many probes are let through, and what becomes of their places. */
export const permits: readonly Case[] = [
  {
    id: 'B1a',
    says: 'a probe that never ends does not hold half-open for ever, where calls have a time limit',
    policy: { ...two, callTimeoutMs: 5000, probeLimitMs: 7000 },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      await t.begin();
      await t.advance(30_000);
      await t.expectAdmits('there is no further probe');
      await t.expectClosed('it does not close');
    },
  },
  {
    id: 'B1b',
    says: 'nor where they have none',
    policy: { ...two, probeLimitMs: 7000 },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      await t.begin();
      await t.advance(30_000);
      await t.expectAdmits('there is no further probe');
      await t.expectClosed('it does not close');
    },
  },
  {
    id: 'B2',
    says: "a probe that ends with the caller's own mistake gives its place back",
    policy: two,
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      await t.fail(1, new CallerError('no such thing'));
      await t.expectAdmits('there is no further probe');
    },
  },
  {
    id: 'B3',
    says: "a probe that ends with the caller's own mistake does not close the circuit",
    policy: two,
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      await t.fail(1, new CallerError('no such thing'));
      const admitted = (await t.beginMany(10)).filter((call) => call.admitted).length;
      expect(admitted <= 1, `ten calls come, and ${admitted} are let through`);
    },
  },
  {
    id: 'B4a',
    says: 'a probe that its caller cancels gives its place back, and decides nothing',
    policy: two,
    needs: ['cancels'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const caller = new AbortController();
      await t.begin({ signal: caller.signal, heeds: true });
      caller.abort(new CallerError('changed my mind'));
      await t.settle();
      const admitted = (await t.beginMany(10)).filter((call) => call.admitted).length;
      expect(admitted === 1, `ten calls come, and ${admitted} are let through`);
    },
  },
  {
    id: 'B4b',
    says: 'the same, when the backend does not care that it was cancelled',
    policy: two,
    needs: ['cancels'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const caller = new AbortController();
      await t.begin({ signal: caller.signal });
      caller.abort(new CallerError('changed my mind'));
      await t.settle();
      await t.expectAdmits('there is no further probe');
    },
  },
  {
    id: 'B5a',
    says: 'a probe that the limit on calls in flight refuses takes no place',
    policy: { threshold: 1, openMs, probes: 2, successes: 2, maxInFlight: 2 },
    run: async (t) => {
      await t.begin();
      await t.trip();
      await t.advance(openMs);
      const probe = await t.begin();
      const admitted = (await t.beginMany(5)).filter((call) => call.admitted).length;
      expect(admitted === 0, 'more than two calls are in flight');
      await t.succeed(probe);
      await t.expectAdmits('there is no further probe');
      expect(t.breaker.state() === 'closed', 'it does not close');
    },
  },
  {
    id: 'B5b',
    says: 'a probe that another breaker further in refuses decides nothing',
    policy: two,
    run: async (t) => {
      const inner = t.another({ threshold: 1, openMs: 1e9 });
      await t.trip(inner);
      await t.trip();
      await t.advance(openMs);
      await t.begin({ does: () => inner.call(() => Promise.resolve()) });
      const admitted = (await t.beginMany(10)).filter((call) => call.admitted).length;
      expect(admitted === 1, `ten calls come, and ${admitted} are let through`);
    },
  },
  {
    id: 'B6a',
    says: 'of fifty callers in half-open one is let through',
    policy: two,
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const admitted = (await t.beginMany(50)).filter((call) => call.admitted).length;
      expect(admitted === 1, `${admitted} are`);
    },
  },
  {
    id: 'B6b',
    says: 'of fifty callers in half-open as many are let through as there are probes',
    policy: { threshold: 1, openMs, probes: 3, successes: 3 },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const admitted = (await t.beginMany(50)).filter((call) => call.admitted).length;
      expect(admitted === 3, `${admitted} are`);
    },
  },
  {
    id: 'B7',
    says: 'a call made while half-open begins does not get a place of its own',
    policy: two,
    run: async (t) => {
      const calls: { admitted: boolean }[] = [];
      let heard = false;
      t.breaker.on('half-open', () => {
        if (heard) return;
        heard = true;
        for (let call = 0; call < 50; call += 1) calls.push(t.start());
      });
      await t.trip();
      await t.advance(openMs);
      calls.push(...(await t.beginMany(50)));
      const admitted = calls.filter((call) => call.admitted).length;
      expect(admitted === 1, `${admitted} probes are out`);
    },
  },
  {
    id: 'B8',
    says: 'a thousand callers that came while the probe was out do not fall on the backend when it succeeds',
    policy: two,
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const probe = await t.begin();
      const calls = await t.beginMany(1000);
      await t.succeed(probe);
      const admitted = calls.filter((call) => call.admitted).length;
      expect(admitted === 0, `${admitted} do, at once`);
    },
  },
  {
    id: 'B9',
    says: 'asking for the state changes nothing, and takes no place',
    policy: two,
    run: async (t) => {
      const breaker: Breaker = t.breaker;
      const ask = () => {
        for (let times = 100; times > 0; times -= 1)
          for (const question of ['state', 'predicts', 'counts'] as const) breaker[question]?.();
      };
      ask();
      await t.fail(1);
      ask();
      await t.fail(1);
      ask();
      await t.advance(openMs - 1);
      ask();
      await t.expectRefuses('it is half-open too early');
      await t.advance(1);
      ask();
      const probe = await t.begin();
      expect(probe.admitted, 'there is no place for the probe');
      ask();
      await t.expectRefuses('a second probe is out');
      await t.succeed(probe);
      await t.expectClosed('it does not close');
    },
  },
  {
    id: 'B10a',
    says: 'with one probe an hour, the third of three successes closes it',
    policy: { threshold: 1, openMs, probes: 3, successes: 3 },
    run: async (t) => {
      await t.trip();
      for (let probe = 1; probe <= 3; probe += 1) {
        await t.advance(3_600_000);
        await t.expectAdmits(`probe ${probe} is refused`);
      }
      await t.expectClosed('it does not close');
    },
  },
  {
    id: 'B10b',
    says: 'without any call it closes by its own health checks',
    policy: { threshold: 1, openMs, successes: 3, checkEveryMs: 5000 },
    needs: ['checkProbes'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs + 5000);
      await t.expectClosed('it does not close');
    },
  },
  {
    id: 'B11',
    says: 'a fast success does not outvote a slow failure',
    policy: { threshold: 1, openMs, probes: 2, successes: 2 },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const [fast, slow] = [await t.begin(), await t.begin()];
      await t.succeed(fast);
      const admitted = (await t.beginMany(10)).filter((call) => call.admitted).length;
      expect(admitted <= 1, `after one success of two ${admitted} calls are let through`);
      await t.advance(1000);
      await t.fail(slow);
      await t.advance(openMs - 1);
      await t.expectRefuses('it is not open');
      await t.advance(1);
      await t.expectAdmits('there is no further probe');
    },
  },
  {
    id: 'B12',
    says: 'a minimum of ten calls does not keep half-open from a verdict on one probe',
    policy: { rate: { of: 'failures', threshold: 0.5, window: { ms: 60_000 }, minimum: 10 }, openMs },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      await t.fail(1);
      await t.expectRefuses('the probe failed, and it is not open');
      await t.advance(openMs);
      await t.succeed(1);
      await t.expectClosed('the probe succeeded, and it is not closed');
    },
  },
  {
    id: 'B13',
    says: 'no call of a user is the probe where there is a health check',
    policy: { threshold: 1, openMs, checkEveryMs: 5000 },
    needs: ['checkProbes'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs - 1);
      let admitted = 0;
      t.breaker.on('half-open', () => {
        if (t.start().admitted) admitted += 1;
      });
      const checks = t.checks;
      await t.advance(1);
      expect(admitted === 0, 'a call is let through');
      expect(t.checks === checks + 1, 'no check is made');
      await t.expectClosed('the check succeeded, and it is not closed');
    },
  },
  {
    id: 'B14',
    says: 'a listener that throws as half-open begins does not keep the place of the probe',
    policy: two,
    survives: true,
    run: async (t) => {
      t.breaker.on('half-open', () => {
        throw new Error('a listener threw');
      });
      await t.trip();
      await t.advance(openMs);
      await t.begin({ does: () => Promise.resolve('ok') });
      await t.advance(openMs);
      await t.expectAdmits('there is no further probe');
    },
  },
];

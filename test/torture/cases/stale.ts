import type { Case } from '../case.js';
import { BackendError, CallerError } from '../policy.js';
import { expect } from '../trial.js';

const openMs = 20_000;
const two = { threshold: 2, openMs };
const one = { threshold: 1, openMs };

/** Outcomes that arrive in a later stay of the circuit than the one that admitted their call. */
export const stale: readonly Case[] = [
  {
    id: 'A1',
    says: 'a failure admitted while closed says nothing in half-open, where a probe is out',
    policy: two,
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      await t.advance(openMs);
      const probe = await t.begin();
      await t.fail(old);
      await t.succeed(probe);
      await t.expectClosed('the probe succeeded, and the circuit is not closed');
    },
  },
  {
    id: 'A2a',
    says: 'a success admitted while closed does not close a half-open circuit',
    policy: two,
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      await t.advance(openMs);
      const probe = await t.begin();
      await t.succeed(old);
      await t.fail(probe);
      await t.expectRefuses('the probe failed, and calls are admitted');
      await t.advance(openMs);
      await t.expectAdmits('there is no further probe');
    },
  },
  {
    id: 'A2b',
    says: 'a success admitted while closed does not close an open circuit',
    policy: two,
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      await t.succeed(old);
      await t.expectRefuses('the circuit is closed at once');
    },
  },
  {
    id: 'A3a',
    says: 'the failure of a probe that was outrun by a success does not open the closed circuit',
    policy: { ...one, probes: 2 },
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const [fast, slow] = [await t.begin(), await t.begin()];
      await t.succeed(fast);
      await t.fail(slow);
      await t.expectClosed('it is open');
    },
  },
  {
    id: 'A3b',
    says: 'the late failure of a probe that was given up does not open the circuit that has closed since',
    policy: { ...one, probeLimitMs: 7000 },
    needs: ['limitsProbes'],
    run: async (t) => {
      await t.trip();
      await t.advance(openMs);
      const hung = await t.begin();
      await t.advance(7000 + openMs);
      await t.succeed(1);
      await t.fail(hung);
      await t.expectClosed('it is open');
    },
  },
  {
    id: 'A4',
    says: 'a success of an older stay does not wipe out the failures counted since',
    policy: two,
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      await t.advance(openMs);
      await t.succeed(1);
      await t.fail(1);
      await t.succeed(old);
      await t.fail(1);
      await t.expectRefuses('two failures of this stay do not open it');
    },
  },
  {
    id: 'A5',
    says: 'an outcome of an older stay does not free the place of a probe',
    policy: two,
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      await t.advance(openMs);
      const probe = await t.begin();
      await t.fail(old, new CallerError('no such thing'));
      await t.expectRefuses('a second probe is out');
      await t.succeed(probe);
      await t.expectClosed('the probe succeeded, and the circuit is not closed');
    },
  },
  {
    id: 'A6',
    says: 'a failure while open neither opens it again nor moves the end of the open time',
    policy: two,
    run: async (t) => {
      let opened = 0;
      t.breaker.on('open', () => (opened += 1));
      const old = await t.beginMany(3);
      await t.trip();
      await t.advance(openMs / 2);
      for (const call of old) await t.fail(call);
      expect(opened === 1, `it was announced as opened ${opened} times`);
      await t.advance(openMs / 2 - 1);
      await t.expectRefuses('it is half-open too early');
      await t.advance(1);
      await t.expectAdmits('it is still open');
    },
  },
  {
    id: 'A7a',
    says: 'an isolation begins another stay: what was out before it no longer counts',
    policy: one,
    needs: ['isolate'],
    run: async (t) => {
      const old = await t.begin();
      t.breaker.isolate()();
      await t.succeed(1);
      await t.fail(old);
      await t.expectClosed('a call from before the isolation opens it');
    },
  },
  {
    id: 'A7b',
    says: 'closing by hand begins another stay: what was out before it no longer counts',
    policy: one,
    needs: ['reset'],
    run: async (t) => {
      const old = await t.begin();
      await t.trip();
      t.breaker.reset();
      await t.fail(old);
      await t.expectClosed('a call from before it opens it');
    },
  },
  {
    id: 'A8a',
    says: 'whose call outlives its stay gets the answer of the backend all the same',
    policy: two,
    run: async (t) => {
      const [good, bad] = [await t.begin(), await t.begin()];
      await t.trip();
      await t.succeed(good);
      await t.fail(bad);
      expect(good.outcome === 'resolved' && good.value === 'ok', 'the answer is lost');
      expect(bad.error instanceof BackendError, 'the error is lost');
    },
  },
  {
    id: 'A8b',
    says: 'an outcome that is dropped as stale is counted as stale',
    policy: two,
    needs: ['countsStale'],
    run: async (t) => {
      const old = await t.beginMany(2);
      await t.trip();
      for (const call of old) await t.fail(call);
      const { stale: dropped = 0 } = t.breaker.counts();
      expect(dropped === 2, `${dropped} of 2 are counted`);
    },
  },
];

import { getEventListeners, setMaxListeners } from 'node:events';
import type { Case } from '../case.js';
import type { Policy } from '../policy.js';
import { BackendError } from '../policy.js';
import { expect } from '../trial.js';

const openMs = 20_000;
const one = { threshold: 1, openMs };
const three = { threshold: 3, openMs };

/** No library here calls any of these sensible; each is tried by itself. */
const SENSELESS: readonly Policy[] = [
  { threshold: 3, openMs: NaN },
  { threshold: 3, openMs: -1 },
  { threshold: 0, openMs },
  { threshold: -1, openMs },
  { threshold: NaN, openMs },
  ...[0, -0.5, 1.5, NaN].map((threshold) => ({
    rate: { of: 'failures', threshold, window: { ms: 10_000 }, minimum: 5 } as const,
    openMs,
  })),
  ...[0, -1, NaN].map((ms) => ({
    rate: { of: 'failures', threshold: 0.5, window: { ms }, minimum: 5 } as const,
    openMs,
  })),
];

/** Operations, permits, signals, settings and what is said of it all. */
export const robustness: readonly Case[] = [
  {
    id: 'F3b',
    says: 'a health check that throws at once does not end the process',
    policy: { threshold: 1, openMs: 1000, checkEveryMs: 100 },
    real: true,
    run: async (t) => {
      await t.sleep(50);
      t.onCheck = () => {
        throw new Error('a check threw');
      };
      await t.sleep(500);
    },
  },
  {
    id: 'F4a',
    says: 'an operation that returns nothing, not even a promise, has succeeded',
    policy: three,
    needs: ['plainOperations'],
    run: async (t) => {
      for (let call = 1; call <= 5; call += 1) {
        const { outcome } = await t.begin({ does: () => undefined });
        expect(outcome === 'resolved', `call ${call} of 5 is ${outcome}`);
      }
    },
  },
  {
    id: 'F4b',
    says: 'an operation that returns a thenable ends as that says',
    policy: three,
    needs: ['plainOperations'],
    run: async (t) => {
      const thenable = {
        then: (resolve: (value: string) => void) => {
          resolve('ok');
        },
      };
      for (let call = 1; call <= 5; call += 1) {
        const { outcome, value } = await t.begin({ does: () => thenable });
        expect(outcome === 'resolved' && value === 'ok', `call ${call} of 5 is ${outcome}`);
      }
    },
  },
  {
    id: 'F4c',
    says: 'an operation that throws at once has failed',
    policy: three,
    run: async (t) => {
      for (let calls = 3; calls > 0; calls -= 1) {
        const { error } = await t.begin({
          does: () => {
            throw new BackendError('at once');
          },
        });
        expect(error instanceof BackendError, 'its caller does not get the error');
      }
      await t.expectRefuses('three do not open the circuit');
    },
  },
  {
    id: 'F5a',
    says: 'a permit settled twice counts once',
    policy: { ...three, maxInFlight: 1 },
    needs: ['permit'],
    run: async (t) => {
      const permit = t.breaker.permit();
      for (let times = 5; times > 0; times -= 1) permit?.fail();
      permit?.succeed();
      const calls = await t.beginMany(2);
      const admitted = calls.filter((call) => call.admitted).length;
      expect(admitted === 1, `${admitted} calls are in flight, of one that may be`);
      expect(t.breaker.counts().failed === 1, 'it has failed more than once');
    },
  },
  {
    id: 'F5b',
    says: 'a call that timed out gives its place back once, though its backend answers later',
    policy: { threshold: 100, openMs, maxInFlight: 1, callTimeoutMs: 1000 },
    run: async (t) => {
      const slow = await t.begin();
      await t.advance(1000);
      await t.fail(slow);
      const admitted = (await t.beginMany(3)).filter((call) => call.admitted).length;
      expect(admitted === 1, `${admitted} calls are in flight, of one that may be`);
    },
  },
  {
    id: 'F6',
    says: 'a call that times out cancels itself and no other',
    policy: { threshold: 100, openMs, callTimeoutMs: 10_000 },
    needs: ['signalsTimeouts'],
    run: async (t) => {
      const first = await t.begin();
      await t.advance(5000);
      const others = await t.beginMany(9);
      await t.advance(5000);
      expect(first.given?.aborted === true, 'it is not cancelled');
      const cancelled = others.filter((call) => call.given?.aborted !== false).length;
      expect(cancelled === 0, `${cancelled} others of 9 are`);
    },
  },
  {
    id: 'F8',
    says: "a thousand calls leave no listener on the caller's signal",
    policy: { ...three, callTimeoutMs: 10_000 },
    needs: ['cancels'],
    run: async (t) => {
      const { signal } = new AbortController();
      setMaxListeners(0, signal);
      for (const call of await t.beginMany(1000, { signal })) call.succeed();
      await t.settle();
      const left = getEventListeners(signal, 'abort').length;
      expect(left === 0, `${left} are left`);
    },
  },
  {
    id: 'F9',
    says: 'senseless settings are refused: zero, negative, more than everything, and what is no number',
    policy: three,
    makesItsOwn: true,
    run: (t) => {
      const taken = SENSELESS.filter((policy) => t.takes(policy));
      expect(taken.length === 0, `${taken.length} of ${SENSELESS.length} are taken`);
    },
  },
  {
    id: 'F12a',
    says: 'a refused call writes no line to the console',
    policy: one,
    run: async (t) => {
      await t.trip();
      const { log, warn, error } = console;
      let lines = 0;
      const count = () => (lines += 1);
      Object.assign(console, { log: count, warn: count, error: count });
      await t.beginMany(100).finally(() => Object.assign(console, { log, warn, error }));
      expect(lines === 0, `a hundred write ${lines}`);
    },
  },
  {
    id: 'F12b',
    says: 'a refused call costs no stack trace',
    policy: one,
    run: async (t) => {
      await t.trip();
      const { error } = await t.begin();
      const traced = error instanceof Error && (error.stack ?? '').includes('\n    at ');
      expect(!traced, 'each has one');
    },
  },
  {
    id: 'F13b',
    says: 'the counters add up: what succeeded, failed and was refused',
    policy: { ...three, maxInFlight: 1 },
    needs: ['counts'],
    run: async (t) => {
      for (let calls = 5; calls > 0; calls -= 1) await t.succeed(1);
      const only = await t.begin();
      await t.beginMany(4);
      await t.succeed(only);
      await t.fail(2);
      const { succeeded, failed, refused } = t.breaker.counts();
      const seen = `${succeeded} succeeded, ${failed} failed, ${refused} refused`;
      expect(seen === '6 succeeded, 2 failed, 4 refused', seen);
    },
  },
  {
    id: 'F14',
    says: 'what it says of the next call is what the next call gets',
    policy: one,
    run: async (t) => {
      const hold = async (when: string) => {
        const said = t.breaker.predicts();
        const call = await t.begin();
        const got = call.admitted ? 'admits' : 'refuses';
        expect(said === undefined || said === got, `${when} it says "${said ?? ''}", and ${got}`);
        return call;
      };
      await t.succeed(await hold('closed'));
      await t.trip();
      await hold('open');
      await t.advance(openMs - 1);
      await hold('before the end of the open time');
      await t.advance(1);
      const probe = await hold('at the end of the open time');
      await hold('while the probe is out');
      await t.succeed(probe);
      await t.succeed(await hold('closed again'));
    },
  },
  {
    id: 'F15',
    says: 'refused calls are no failures: they neither prolong the open time nor count after it',
    policy: three,
    run: async (t) => {
      await t.trip();
      for (let second = 1; second < 20; second += 1) {
        await t.advance(1000);
        await t.beginMany(50);
      }
      await t.advance(1000);
      await t.expectAdmits('it is open for longer');
      await t.fail(1);
      await t.expectAdmits('one failure opens it again');
    },
  },
];

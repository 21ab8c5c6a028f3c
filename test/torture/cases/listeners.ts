import type { Case } from '../case.js';
import { BackendError } from '../policy.js';
import { expect } from '../trial.js';

const openMs = 20_000;
const one = { threshold: 1, openMs };
const three = { threshold: 3, openMs };

const thrower = () => {
  throw new Error('a listener threw');
};

/** Listeners that throw, that call, and that ask. */
export const listeners: readonly Case[] = [
  {
    id: 'F1',
    says: 'a listener that throws turns no success into a failure',
    policy: three,
    survives: true,
    run: async (t) => {
      t.breaker.onEverything(thrower);
      for (let calls = 10; calls > 0; calls -= 1) {
        const call = await t.begin();
        expect(call.admitted, 'ten successes open the circuit');
        await t.succeed(call);
        expect(call.outcome === 'resolved', `a call that succeeds is ${call.outcome}`);
      }
    },
  },
  {
    id: 'F2',
    says: "a listener that throws does not replace the caller's error",
    policy: three,
    survives: true,
    run: async (t) => {
      t.breaker.onEverything(thrower);
      for (let calls = 3; calls > 0; calls -= 1) {
        const call = await t.begin();
        await t.fail(call);
        expect(call.error instanceof BackendError, 'the caller gets the error of the listener');
      }
    },
  },
  {
    id: 'F3a',
    says: 'a listener that throws does not end the process',
    policy: { threshold: 1, openMs: 1000 },
    real: true,
    run: async (t) => {
      t.breaker.onEverything(thrower);
      await t.succeed(1);
      await t.fail(1);
      await t.sleep(1200);
      await t.succeed(1);
      await t.sleep(50);
    },
  },
  {
    id: 'F5c',
    says: 'listeners that throw neither keep nor double the place of a call',
    policy: { threshold: 100, openMs, maxInFlight: 1 },
    survives: true,
    run: async (t) => {
      t.breaker.onEverything(thrower);
      await t.succeed(1);
      await t.fail(1);
      await t.succeed(1);
      const admitted = (await t.beginMany(3)).filter((call) => call.admitted).length;
      expect(admitted === 1, `${admitted} calls are in flight, of one that may be`);
    },
  },
  {
    id: 'F7',
    says: 'a call made by a listener gets what the state says that it just heard of',
    policy: one,
    run: async (t) => {
      const heard: string[] = [];
      for (const state of ['open', 'closed'] as const)
        t.breaker.on(state, () => {
          const call = t.start({ does: () => Promise.resolve('ok') });
          void Promise.resolve().then(async () => {
            await t.settle();
            heard.push(`${state}: ${call.admitted ? 'admitted' : 'refused'}`);
          });
        });
      await t.trip();
      await t.advance(openMs);
      await t.succeed(1);
      await t.settle();
      await t.settle();
      const seen = heard.join(', ');
      expect(seen === 'open: refused, closed: admitted', seen || 'nothing is heard');
    },
  },
  {
    id: 'F13a',
    says: 'a listener that asks for the state gets the one that it just heard of',
    policy: one,
    run: async (t) => {
      const { breaker } = t;
      const wrong: string[] = [];
      for (const state of ['open', 'half-open', 'closed'] as const)
        breaker.on(state, () => {
          if (breaker.state() !== state) wrong.push(`at ${state} it is ${breaker.state()}`);
        });
      await t.trip();
      await t.advance(openMs);
      await t.succeed(1);
      await t.expectClosed('it does not close');
      expect(wrong.length === 0, wrong.join(', '));
    },
  },
];

import type { Case } from '../case.js';
import { expect } from '../trial.js';

const openMs = 20_000;
const one = { threshold: 1, openMs };
const two = { threshold: 2, openMs };

/** Operators, other settings, and the end. */
export const overrides: readonly Case[] = [
  {
    id: 'E1',
    says: 'isolating and releasing an open circuit does not close it',
    policy: one,
    needs: ['isolate'],
    run: async (t) => {
      await t.trip();
      t.breaker.isolate()();
      const admitted = (await t.beginMany(10)).filter((call) => call.admitted).length;
      expect(admitted <= 1, `${admitted} calls are let through at once`);
    },
  },
  {
    id: 'E2a',
    says: 'nothing but its release ends an isolation: no time, and no outcome',
    policy: one,
    needs: ['isolate'],
    run: async (t) => {
      const [good, bad] = [await t.begin(), await t.begin()];
      await t.trip();
      t.breaker.isolate();
      await t.succeed(good);
      await t.expectRefuses('a success ends it');
      await t.fail(bad);
      await t.advance(10 * openMs);
      await t.expectRefuses('the end of the open time ends it');
      expect(t.breaker.state() === 'isolated', `it says that it is ${t.breaker.state()}`);
    },
  },
  {
    id: 'E2b',
    says: 'a breaker that is disabled while open lets every call through from then on',
    policy: one,
    needs: ['disable'],
    run: async (t) => {
      await t.trip();
      t.breaker.disable();
      await t.expectClosed('calls are refused');
      await t.fail(10);
      await t.expectClosed('failures open it');
      await t.advance(openMs);
      await t.expectClosed('the end of the open time brings it back');
    },
  },
  {
    id: 'E3',
    says: 'a call of a breaker that was replaced does nothing to its successor',
    policy: one,
    run: async (t) => {
      const old = await t.begin();
      await t.fail(1);
      const next = await t.successor();
      await t.fail(old);
      await t.expectClosed('its failure opens the new circuit', next);
    },
  },
  {
    id: 'E4',
    says: 'other settings keep the state, the count, the end of the open time and the listeners',
    policy: two,
    needs: ['reconfigure'],
    run: async (t) => {
      let halfOpened = 0;
      t.breaker.on('half-open', () => (halfOpened += 1));
      await t.fail(1);
      t.breaker.reconfigure({ ...two, openMs: 30_000 });
      await t.fail(1);
      await t.expectRefuses('the failure counted before is lost');
      await t.advance(10_000);
      t.breaker.reconfigure({ ...two, successes: 2 });
      await t.expectRefuses('the open circuit is closed');
      await t.advance(20_000);
      expect(halfOpened === 1, 'the listener does not hear of half-open at its time');
      await t.expectAdmits('there is no probe');
    },
  },
  {
    id: 'E6a',
    says: 'a call after the shutdown is refused, and not made',
    policy: one,
    needs: ['shutdown'],
    run: async (t) => {
      await t.succeed(1);
      await t.breaker.shutdown();
      const call = await t.begin();
      expect(!call.admitted, 'it is made');
      expect(call.outcome === 'refused', `it is ${call.outcome}`);
    },
  },
  {
    id: 'E6b',
    says: 'a call in flight at the shutdown ends as the backend says',
    policy: one,
    needs: ['shutdown'],
    run: async (t) => {
      const [good, bad] = [await t.begin(), await t.begin()];
      void t.breaker.shutdown();
      await t.settle();
      await t.succeed(good);
      await t.fail(bad);
      expect(good.outcome === 'resolved', `what succeeds is ${good.outcome}`);
      expect(bad.outcome === 'rejected', `what fails is ${bad.outcome}`);
    },
  },
];

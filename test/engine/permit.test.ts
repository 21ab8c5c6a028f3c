import { describe, expect, it } from 'vitest';
import { Batch } from '../../src/engine/batch.js';
import { GatePermit } from '../../src/engine/permit.js';
import type { Permit } from '../../src/engine/permit.js';
import { unheardBy } from '../../src/engine/unheard.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { createEngine } from '../../src/create-engine.js';
import { refused } from './harness.js';
import { TurningClock } from './turning-clock.js';

type Ending = keyof typeof ENDINGS;

const ENDINGS = {
  succeed: (permit: Permit) => permit.succeed(),
  fail: (permit: Permit) => permit.fail(refused),
  release: (permit: Permit) => permit.release(),
};
const ALL = Object.keys(ENDINGS) as Ending[];
const TOLD = { succeed: ['success', 7], fail: ['failure', 7, refused], release: ['release', 7] } as const;
const SLOW_MS = 100;

const ENDLESS = { timeoutMs: Infinity };

/** What a ledger is told, and the permits of it. */
function books() {
  const told: unknown[] = [];
  const clock = new VirtualClock();
  const ledger = {
    name: 'one',
    generation: 7,
    settleSuccess: (generation: number) => told.push(['success', generation]),
    settleFailure: (generation: number, failure: unknown) => told.push(['failure', generation, failure]),
    settleRelease: (generation: number) => told.push(['release', generation]),
    noteSlow: (generation: number) => told.push(['slow', generation]),
    noteQuick: (generation: number) => told.push(['quick', generation]),
  };
  return {
    told,
    clock,
    plain: () => new GatePermit(ledger, 7),
    batch: () => new Batch(ledger, 7, SLOW_MS, clock),
    watched: () => {
      const batch = new Batch(ledger, 7, SLOW_MS, clock).join();
      batch.close();
      return new GatePermit(batch, 7);
    },
  };
}

const pairs = ALL.flatMap((first) => ALL.map((second) => [first, second] as const));

describe('a permit', () => {
  it('names its backend and the stay that admitted it [R07]', () => {
    const { admitted, backend, generation } = books().plain();
    expect({ admitted, backend, generation }).toEqual({ admitted: true, backend: 'one', generation: 7 });
  });

  it.each(pairs)('is settled once: %s, then %s [R06]', (first, second) => {
    const { told, plain } = books();
    const permit = plain();
    ENDINGS[first](permit);
    ENDINGS[second](permit);
    expect(told).toEqual([TOLD[first]]);
  });
});

describe('a permit whose call may be slow', () => {
  it.each(pairs)(
    'is settled once, and says once how quick it was: %s, then %s [R06] [R09]',
    (first, second) => {
      const { told, clock, watched } = books();
      const permit = watched();
      clock.advance(SLOW_MS - 1);
      ENDINGS[first](permit);
      ENDINGS[second](permit);
      clock.advance(SLOW_MS);
      expect(told).toEqual(first === 'release' ? [TOLD.release] : [['quick', 7], TOLD[first]]);
      expect(clock.pending).toBe(0);
    },
  );

  it.each(ALL)('is slow while it is out, and then only settles: %s [R09]', (ending) => {
    const { told, clock, watched } = books();
    const permit = watched();
    clock.advance(SLOW_MS);
    expect(told).toEqual([['slow', 7]]);
    ENDINGS[ending](permit);
    clock.advance(SLOW_MS);
    expect(told).toEqual([['slow', 7], TOLD[ending]]);
  });
});

describe('the calls of one turn', () => {
  it('are slow together, those that are still out [R09]', () => {
    const { told, clock, batch } = books();
    const all = batch();
    const { permit } = all.join().join().join();
    permit.succeed();
    expect(clock.pending).toBe(0);
    all.close();
    clock.advance(SLOW_MS - 1);
    permit.release();
    told.length = 0;
    clock.advance(1);
    expect(told).toEqual([['slow', 7]]);
    permit.fail(refused);
    expect(told).toEqual([['slow', 7], TOLD.fail]);
  });

  it('need no deadline when they have ended before it is over [R09]', () => {
    const { told, clock, batch } = books();
    const all = batch();
    all.join().permit.succeed();
    all.join().permit.succeed();
    all.close();
    expect(clock.pending).toBe(0);
    clock.advance(SLOW_MS);
    expect(told).toEqual([['quick', 7], TOLD.succeed, ['quick', 7], TOLD.succeed]);
  });

  it('are two batches where a stay ends between them [R07] [R09]', async () => {
    const clock = new TurningClock();
    const rates = [{ of: 'slowCalls', threshold: 1, window: { calls: 4 }, minimumCalls: 3 } as const];
    const engine = createEngine(
      { backends: { one: { circuit: { rates, slowCallMs: SLOW_MS } } } },
      { clock },
    );
    engine.start();
    const one = engine.backend('one');
    const old = one.permit();
    engine.isolate('one');
    engine.release('one');
    engine.reset('one');
    for (let call = 0; call < 3; call += 1) void one.execute(() => new Promise(() => undefined), ENDLESS);
    expect(clock.pending).toBe(0);
    clock.endTurn();
    // One for the stay that is over, one for the three calls of the present.
    expect(clock.pending).toBe(2);
    if (old.admitted) old.succeed();
    expect(clock.pending).toBe(1);
    clock.advance(SLOW_MS);
    expect(one.status()).toMatchObject({ circuit: 'open', trippedBy: { matching: 3, calls: 3 } });
    const stopped = engine.stop({ drainMs: 0 });
    clock.advance(0);
    await stopped;
  });
});

describe('a permit that an enforced circuit would have refused', () => {
  it.each([
    ['succeed', 'succeeded'],
    ['fail', 'failed'],
    ['release', 'released'],
  ] as const)('is counted as it ends: %s, and its machine hears nothing [R09]', (ending, how) => {
    const told: string[] = [];
    const permit = new GatePermit(unheardBy({ name: 'one', settleUnheard: (word) => told.push(word) }), 7);
    expect(permit.backend).toBe('one');
    ENDINGS[ending](permit);
    ENDINGS[ending](permit);
    expect(told).toEqual([how]);
  });
});

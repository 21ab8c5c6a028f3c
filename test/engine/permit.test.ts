import { describe, expect, it } from 'vitest';
import { GatePermit } from '../../src/engine/permit.js';
import type { Permit } from '../../src/engine/permit.js';
import { TimeLimits } from '../../src/engine/time-limits.js';
import { unheardBy } from '../../src/engine/unheard.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { WatchedPermit } from '../../src/engine/watched-permit.js';
import { refused } from './harness.js';

type Ending = keyof typeof ENDINGS;

const ENDINGS = {
  succeed: (permit: Permit) => permit.succeed(),
  fail: (permit: Permit) => permit.fail(refused),
  release: (permit: Permit) => permit.release(),
};
const ALL = Object.keys(ENDINGS) as Ending[];
const TOLD = { succeed: ['success', 7], fail: ['failure', 7, refused], release: ['release', 7] } as const;
const SLOW_MS = 100;

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
    watched: () => new WatchedPermit(ledger, 7, SLOW_MS, new TimeLimits(clock)),
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEEDS } from '../model/history.js';
import { choices, liveSupervised } from '../model/supervision/lives.js';
import { EVERYTHING, QUICK_REGIONS } from '../model/supervision/regions.js';
import { walk } from '../model/supervision/walk.js';

describe('the supervisor does what the oracle says', () => {
  it.each(QUICK_REGIONS)('on every simple path: $name [R16] [R17] [R18] [R19] [R34]', async (region) => {
    const { states, all, paths } = await walk(region);
    expect(paths).toBeGreaterThan(10);
    expect(all).toBeGreaterThan(states);
  });

  it.each(EVERYTHING)(
    'in random lives of two backends: $name [R16] [R17] [R18] [R19] [R34]',
    async (region) => {
      await fc.assert(
        fc.asyncProperty(choices, (chosen) => liveSupervised(region, chosen)),
        { numRuns: 40, seed: SEEDS[0] },
      );
    },
  );
});

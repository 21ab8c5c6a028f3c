import fc from 'fast-check';
import { describe, it } from 'vitest';
import { live, randomLife, randomSteps, SEEDS } from '../model/history.js';
import { choices, liveSupervised } from '../model/supervision/lives.js';
import { EVERYTHING } from '../model/supervision/regions.js';

/**
 * What a mutant is put to that the small tests let through: random lives, each step compared with the oracle. The first
 * that differs ends it; nobody wants to know the shortest.
 */
describe('a random life', () => {
  it.each(SEEDS.slice(0, 3))('of a backend goes as the oracle says, seed %i [R34]', async (seed) => {
    await fc.assert(
      fc.asyncProperty(randomSteps, randomLife, async (steps, life) => {
        await live(steps, life);
      }),
      { numRuns: 60, seed, endOnFailure: true },
    );
  });

  it.each(EVERYTHING)('under a supervisor goes as the oracle says: $name [R34]', async (region) => {
    await fc.assert(
      fc.asyncProperty(choices, (chosen) => liveSupervised(region, chosen)),
      { numRuns: 20, seed: SEEDS[1], endOnFailure: true },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { live, randomLife, randomSteps, SEEDS } from '../model/history.js';
import { patchedEngine } from '../model/patched.js';
import { SENDS_EVERYTHING } from '../model/seeded.js';

// Seconds on a machine of its own.
vi.setConfig({ testTimeout: 180_000 });

describe('a random life', () => {
  it.each(SEEDS.slice(0, 2))('goes as the oracle says, seed %i [R01] [R06] [R07] [R34]', async (seed) => {
    await fc.assert(
      fc.asyncProperty(randomSteps, randomLife, async (steps, life) => {
        await live(steps, life);
      }),
      { numRuns: 400, seed },
    );
  });

  it('leaves the same trace when every outcome is sent to the actor [R34]', async () => {
    const [seed] = SEEDS;
    const create = await patchedEngine('sends-everything', SENDS_EVERYTHING);
    await fc.assert(
      fc.asyncProperty(randomSteps, randomLife, async (steps, life) => {
        const shipped = await live(steps, life);
        expect(await live(steps, { ...life, create })).toEqual(shipped);
      }),
      { numRuns: 300, seed },
    );
  });
});

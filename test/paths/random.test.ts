import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { live, randomStep, SEEDS } from '../model/history.js';
import { patchedEngine } from '../model/patched.js';
import { SENDS_EVERYTHING } from '../model/seeded.js';

const lives = fc.array(randomStep, { maxLength: 80 });
const random = fc.constantFrom(0, 0.25, 0.5, 0.999);

describe('a random life', () => {
  it.each(SEEDS.slice(0, 2))('goes as the oracle says, seed %i [R01] [R06] [R07] [R34]', async (seed) => {
    await fc.assert(
      fc.asyncProperty(lives, fc.boolean(), random, async (steps, checked, jitter) => {
        await live(steps, { checked, random: jitter });
      }),
      { numRuns: 400, seed },
    );
  });

  it('leaves the same trace when every outcome is sent to the actor [R34]', async () => {
    const [seed] = SEEDS;
    const create = await patchedEngine('sends-everything', SENDS_EVERYTHING);
    await fc.assert(
      fc.asyncProperty(lives, fc.boolean(), random, async (steps, checked, jitter) => {
        const shipped = await live(steps, { checked, random: jitter });
        expect(await live(steps, { checked, random: jitter, create })).toEqual(shipped);
      }),
      { numRuns: 300, seed },
    );
  });
});

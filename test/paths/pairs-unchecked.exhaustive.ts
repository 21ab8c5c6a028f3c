import { describe, it } from 'vitest';
import { walkAll } from '../model/pairs.js';
import { SCALES } from '../model/settings.js';

describe('an unchecked backend', () => {
  it('does what the oracle says after every pair of transitions [R34] [R03] [R06] [R09] [R10] [R18]', async () => {
    await walkAll(20, [
      SCALES.unchecked,
      SCALES.reconfigured,
      SCALES.rated,
      SCALES.slow,
      SCALES.standardUnchecked,
    ]);
  });
});

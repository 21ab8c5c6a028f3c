import { describe, it } from 'vitest';
import { walkAll } from '../model/pairs.js';
import { SCALES } from '../model/settings.js';

describe('a checked backend', () => {
  it('does what the oracle says after every pair of transitions [R34] [R01] [R04] [R05] [R07] [R12] [R13]', async () => {
    await walkAll(10, [SCALES.briefPatient, SCALES.briefHasty]);
  });
});

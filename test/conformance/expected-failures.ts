import type { ExpectedFailure } from './verdict.js';

/** What may fail, and why. */
export const expectedFailures: readonly ExpectedFailure[] = [];

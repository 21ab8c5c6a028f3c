import { defineConfig } from 'vitest/config';

/** The fault catalogue: `npm run faults` picks from all tests those that prove a row, and adds its slow ones. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/faults/*.faults.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});

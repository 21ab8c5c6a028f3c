import { defineConfig } from 'vitest/config';

/** What takes minutes: `npm run test:exhaustive`. */
export default defineConfig({
  test: {
    include: ['test/paths/*.exhaustive.ts'],
    globalSetup: ['test/model/report.ts'],
    maxWorkers: 2,
    testTimeout: 480_000,
    reporters: ['default'],
  },
});

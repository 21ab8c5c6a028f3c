import { statSync } from 'node:fs';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/**
 * The first test that fails ends the run of a mutant: the small files are tests of small things, and quick. Whole lives
 * are for what these let through.
 */
class SmallFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const size = ({ moduleId }: TestSpecification) =>
      moduleId.endsWith('.mutation.ts') ? Infinity : statSync(moduleId).size;
    return Promise.resolve(files.toSorted((one, other) => size(one) - size(other)));
  }
}

/** The tests that mutants are put to: `npm run mutate`. They are those that do the same every time, and at once. */
export default defineConfig({
  test: {
    include: ['test/{engine,machines}/*.test.ts', 'test/mutation/*.mutation.ts'],
    exclude: [
      'test/engine/random.test.ts',
      // In real time, or many thousand backends.
      'test/engine/{clock,time-limits,many}.test.ts',
    ],
    // Every mutant gets a fresh worker anyhow; within it the files share their modules.
    isolate: false,
    sequence: { sequencer: SmallFirst },
    // A mutant may wait for ever.
    testTimeout: 8000,
    reporters: ['default'],
  },
});

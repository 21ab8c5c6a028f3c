import fc from 'fast-check';
import { explore } from './graph.js';
import type { Graph } from './graph.js';
import { live, randomLife, randomSteps, SEEDS } from './history.js';
import { REGIONS, simplePaths } from './regions.js';
import { SCALES } from './settings.js';
import type { Scale } from './settings.js';
import { runPaths, tour } from './tour.js';

type Create = NonNullable<Parameters<typeof tour>[2]['create']>;

const graphs = new Map<Scale, Graph>();
function graphOf(scale: Scale): Graph {
  const known = graphs.get(scale) ?? explore(scale);
  graphs.set(scale, known);
  return known;
}

/** What an engine is put to, from the quickest to the longest; each throws where it differs from the oracle. */
const STAGES: readonly (readonly [string, (create: Create) => Promise<unknown>])[] = [
  [
    'transitions, unchecked',
    (create) => tour(graphOf(SCALES.unchecked), SCALES.unchecked, { pairs: false, create }),
  ],
  ['transitions, rated', (create) => tour(graphOf(SCALES.rated), SCALES.rated, { pairs: false, create })],
  ['transitions, slow', (create) => tour(graphOf(SCALES.slow), SCALES.slow, { pairs: false, create })],
  [
    'simple paths of the circuit',
    (create) => {
      const region = REGIONS.find(({ name }) => name === 'circuit, hasty')!;
      return runPaths(simplePaths(region).longest, region.scale, create);
    },
  ],
  [
    'random lives',
    (create) =>
      fc.assert(
        fc.asyncProperty(randomSteps, randomLife, async (steps, life) => {
          await live(steps, { ...life, create });
        }),
        { numRuns: 300, seed: SEEDS[2], endOnFailure: true },
      ),
  ],
  [
    'transitions, brief',
    (create) => tour(graphOf(SCALES.briefHasty), SCALES.briefHasty, { pairs: false, create }),
  ],
  [
    'transitions, patient',
    (create) => tour(graphOf(SCALES.patient), SCALES.patient, { pairs: false, create }),
  ],
];

/** Which stage sees something wrong, and what; undefined when none does. */
export async function caught(create: Create): Promise<{ stage: string; message: string } | undefined> {
  for (const [stage, run] of STAGES)
    try {
      await run(create);
    } catch (error) {
      // fast-check says what it shrank to, and keeps what was thrown as the cause.
      return { stage, message: `${String(error)} ${error instanceof Error ? String(error.cause) : ''}` };
    }
  return undefined;
}

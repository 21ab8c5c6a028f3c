import { SCENARIO_DEFAULTS } from './scenario.js';
import type { Phase, Scenario } from './scenario.js';

const SECOND = 1000;
/** Every built-in outage lasts from 10 s to 100 s of 180 s: longer than the open time of the defaults. */
const [FROM, TO, DURATION] = [10 * SECOND, 100 * SECOND, 180 * SECOND];

function scenario(name: string, description: string, ...phases: readonly Phase[]): Scenario {
  return { ...SCENARIO_DEFAULTS, name, description, durationMs: DURATION, phases };
}

const time = { fromMs: FROM, toMs: TO };

/** The scenarios that have a name, each with a line on it. */
export const BUILT_IN: readonly Scenario[] = [
  scenario('crash', 'it refuses every connection for 90 s, and is back', { ...time, is: 'down' }),
  scenario('hang', 'it accepts calls and answers none for 90 s, then goes on', { ...time, is: 'hanging' }),
  scenario('slow', 'every answer takes 8 s, for 90 s', { ...time, is: 'slow', latencyMs: 8 * SECOND }),
  scenario('flap', 'it is down for 4 s and up for 2 s in turn, for 90 s', {
    ...time,
    is: 'flapping',
    downMs: 4 * SECOND,
    upMs: 2 * SECOND,
  }),
  scenario('errors', 'it answers, but three in ten answers are HTTP 503, for 90 s', {
    ...time,
    is: 'failing',
    rate: 0.3,
  }),
  scenario(
    'relapse',
    'it crashes, comes back for 20 s and crashes again, twice',
    { is: 'down', fromMs: 10 * SECOND, toMs: 40 * SECOND },
    { is: 'down', fromMs: 60 * SECOND, toMs: 90 * SECOND },
    { is: 'down', fromMs: 110 * SECOND, toMs: 140 * SECOND },
  ),
];

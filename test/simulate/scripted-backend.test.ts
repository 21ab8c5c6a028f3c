import { describe, expect, it } from 'vitest';
import type { Phase } from '../../src/simulate/scenario.js';
import { ScriptedBackend } from '../../src/simulate/scripted-backend.js';
import { scenario } from './simulated.js';

const time = { fromMs: 1000, toMs: 2000 };
const connection_failed = 'connection_failed';

/** How a call ends that is begun at a time, with 20 ms for an answer. */
function ending(atMs: number, ...phases: readonly Phase[]) {
  return new ScriptedBackend(scenario({ phases }), () => 0.5).attempt('call', atMs);
}

describe('a scripted backend', () => {
  it.each<[string, number, readonly Phase[], object]>([
    ['up', 0, [], { atMs: 20 }],
    ['up until it goes down', 980, [{ ...time, is: 'down' }], { atMs: 1000 }],
    ['broken by the crash', 981, [{ ...time, is: 'down' }], { atMs: 1000, category: connection_failed }],
    ['down', 1000, [{ ...time, is: 'down' }], { atMs: 1001, category: connection_failed }],
    ['up again', 2000, [{ ...time, is: 'down' }], { atMs: 2020 }],
    ['hanging, answered when it no longer does', 1500, [{ ...time, is: 'hanging' }], { atMs: 2020 }],
    ['caught halfway by a hang', 990, [{ ...time, is: 'hanging' }], { atMs: 2010 }],
    [
      'hanging until it crashes',
      1500,
      [
        { ...time, is: 'hanging' },
        { fromMs: 2000, toMs: 3000, is: 'down' },
      ],
      { atMs: 2000, category: connection_failed },
    ],
    ['slow, as when it was asked', 1990, [{ ...time, is: 'slow', latencyMs: 300 }], { atMs: 2290 }],
    [
      'failing',
      1500,
      [{ ...time, is: 'failing', rate: 0.6 }],
      { atMs: 1520, category: 'backend_unavailable' },
    ],
    ['failing, by luck not now', 1500, [{ ...time, is: 'failing', rate: 0.5 }], { atMs: 1520 }],
    [
      'flapping, down',
      1300,
      [{ ...time, is: 'flapping', downMs: 200, upMs: 100 }],
      { atMs: 1301, category: connection_failed },
    ],
    ['flapping, up', 1200, [{ ...time, is: 'flapping', downMs: 200, upMs: 100 }], { atMs: 1220 }],
    [
      'flapping, down too soon',
      1290,
      [{ ...time, is: 'flapping', downMs: 200, upMs: 100 }],
      { atMs: 1300, category: connection_failed },
    ],
    ['down for checks only', 1500, [{ ...time, is: 'down', only: 'checks' }], { atMs: 1520 }],
  ])('is %s [R08]', (_, atMs, phases, expected) => {
    expect(ending(atMs, ...phases)).toEqual(expected);
  });
});

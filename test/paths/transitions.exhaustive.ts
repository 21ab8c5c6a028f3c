import { describe, expect, it } from 'vitest';
import { crossed, definitions } from '../model/definitions.js';
import { explore } from '../model/graph.js';
import { walkAll } from '../model/pairs.js';
import { note } from '../model/report.js';
import { SCALES } from '../model/settings.js';

/** What no step of the walks below crosses, and why. */
const NOT_CROSSED = {
  'taken as a life begins: every path does one of them before its first step': [
    'backend.circuit.resuming on always if isDisabled',
    'backend.circuit.resuming on always',
    'backend.checks.starting on always if isUnchecked',
    'backend.checks.starting on always',
  ],
  'taken as a restarted life begins: test/engine/lifecycle.test.ts and test/machines/graph.test.ts': [
    'backend.circuit.resuming on always if wasIsolated',
    'backend.circuit.resuming on always if wasOpen',
    'backend.circuit.resuming on always if wasHalfOpen',
    'backend.checks.starting on always if wasRefusing',
    'backend.checks.active on check.crashed',
  ],
  'the gate takes no permit and finds no call slow but of the present stay: test/machines/graph.test.ts': [
    'backend.circuit.closed on call.slow if isStale',
    'backend.circuit.halfOpen.ready on permit.taken if isStale',
    'backend.circuit.halfOpen.probing on permit.taken if isStale',
  ],
};

describe('every transition', () => {
  it('that the machine defines is crossed by a step, each guarded branch by itself [R34]', () => {
    const { hasty, patient, reconfigured, rated, slow } = SCALES;
    const seen = crossed([hasty, patient, reconfigured, rated, slow].map((scale) => explore(scale)));
    const all = definitions();
    const missing = [...all].flatMap(([definition, name]) => (seen.has(definition) ? [] : [name]));
    expect(missing.sort()).toEqual(Object.values(NOT_CROSSED).flat().sort());
    const reasons = Object.entries(NOT_CROSSED).map(
      ([reason, names]) => `- ${reason}\n${names.map((name) => `  - \`${name}\``).join('\n')}`,
    );
    note(
      35,
      `## ${all.size} transitions are defined, ${seen.size} of them crossed by these walks\n\nThe others are:\n\n${reasons.join('\n')}`,
    );
  });

  it('at settings for people and for probes of either kind does what the oracle says [R34] [R01] [R03] [R12] [R13]', async () => {
    await walkAll(30, [SCALES.standard, SCALES.patient, SCALES.hasty], false);
  });
});

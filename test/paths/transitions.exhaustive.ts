import { describe, expect, it } from 'vitest';
import { arrows, pathTo } from '../model/arrows.js';
import { walkAll } from '../model/pairs.js';
import { note, table } from '../model/report.js';
import { SCALES } from '../model/settings.js';

/** What no step of the walks below crosses, and why. */
const NOT_CROSSED = {
  'taken as a life begins: every path does one of them before its first step': [
    'backend.circuit.resuming always if isDisabled',
    'backend.circuit.resuming always',
    'backend.checks.starting always if isUnchecked',
    'backend.checks.starting always',
  ],
  'taken as a restarted life begins: test/engine/lifecycle.test.ts and test/machines/graph.test.ts': [
    'backend.circuit.resuming always if wasIsolated',
    'backend.circuit.resuming always if wasOpen',
    'backend.circuit.resuming always if wasHalfOpen',
    'backend.checks.starting always if wasRefusing',
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
    const all = arrows();
    const missing = all.flatMap(({ name, crossings }) => (crossings.length > 0 ? [] : [name]));
    expect(missing.sort()).toEqual(Object.values(NOT_CROSSED).flat().sort());
    const reasons = Object.entries(NOT_CROSSED).map(
      ([reason, names]) => `- ${reason}\n${names.map((name) => `  - \`${name}\``).join('\n')}`,
    );
    note(
      35,
      `## ${all.length} arrows are drawn, ${all.length - missing.length} of them crossed by these walks\n\nThe others are:\n\n${reasons.join('\n')}`,
    );
    const rows = all.flatMap(({ name, crossings: [first, ...more] }) =>
      first ? [[`\`${name}\``, more.length + 1, `\`${pathTo(first)}\``]] : [],
    );
    const head = ['arrow', 'transitions that cross it', 'the shortest path to the first'];
    note(
      80,
      `## By arrow\n\n\`npm run paths -- TEXT\` prints every path to an arrow whose name holds the text.\n\n${table(head, rows)}`,
    );
  });

  it('at settings for people and for probes of either kind does what the oracle says [R34] [R01] [R03] [R12] [R13]', async () => {
    await walkAll(30, [SCALES.standard, SCALES.patient, SCALES.hasty], false);
  });
});

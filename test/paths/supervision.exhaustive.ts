import { describe, expect, it } from 'vitest';
import { definitions } from '../model/definitions.js';
import { note, table } from '../model/report.js';
import { supervisorMachine } from '../model/supervision/machines.js';
import { SUPERVISION_REGIONS } from '../model/supervision/regions.js';
import { walk } from '../model/supervision/walk.js';

describe('every simple path of the supervisor', () => {
  it('runs as the oracle says, and crosses every transition that its machine defines [R34] [R16] [R17] [R18] [R19]', async () => {
    const rows: (string | number)[][] = [];
    const taken = new Set<object>();
    for (const region of SUPERVISION_REGIONS) {
      const startedAt = performance.now();
      const { states, all, paths, steps, taken: crossed } = await walk(region);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      rows.push([region.name, states, all, paths, steps, `${seconds} s`]);
      for (const definition of crossed) taken.add(definition);
    }
    const defined = definitions(supervisorMachine.root);
    const missing = [...defined].flatMap(([definition, name]) => (taken.has(definition) ? [] : [name]));
    expect(missing).toEqual([]);
    const head = [
      'part, settings',
      'states',
      'simple paths',
      'without beginnings of others',
      'steps',
      'time',
    ];
    const text = `Supervisor and backends are moved together, with their timers, in a time of their own; each part has some of what can
happen, and only so many crashes, changes of the configuration and calls out at once (\`test/model/supervision/regions.ts\`).
What can happen in a state and changes nothing is done in passing, once in each state. All ${defined.size} transitions
that the supervisor's machine defines are crossed. The oracle: \`test/model/supervision/oracle.ts\`.`;
    note(55, `## Every simple path of the supervisor\n\n${text}\n\n${table(head, rows)}`);
  });
});

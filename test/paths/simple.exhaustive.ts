import { describe, it } from 'vitest';
import { REGIONS, simplePaths } from '../model/regions.js';
import { note, table } from '../model/report.js';
import { runPaths } from '../model/tour.js';

describe('every simple path of one region', () => {
  it('runs as the oracle says [R34] [R01] [R03] [R05] [R10] [R12] [R13]', async () => {
    const rows: (string | number)[][] = [];
    for (const region of REGIONS) {
      const startedAt = performance.now();
      const { all, longest } = simplePaths(region);
      const { steps } = await runPaths(longest, region.scale);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      rows.push([region.name, all, longest.length, steps, `${seconds} s`]);
    }
    const head = ['region, settings', 'simple paths', 'without beginnings of others', 'steps', 'time'];
    note(50, `## Every simple path of each region\n\n${table(head, rows)}`);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { explore } from '../model/graph.js';
import { REGIONS, simplePaths } from '../model/regions.js';
import { SCALES } from '../model/settings.js';
import { runPaths, tour } from '../model/tour.js';

// Seconds on a machine of its own.
vi.setConfig({ testTimeout: 180_000 });

const quick = REGIONS.filter(({ name }) => ['circuit, hasty', 'checks, operated'].includes(name));

describe('the running engine does what the oracle says', () => {
  it.each(quick)('on every simple path: $name [R03] [R05] [R10] [R13] [R34]', async (region) => {
    const { all, longest } = simplePaths(region);
    const { paths } = await runPaths(longest, region.scale);
    expect(paths).toBeGreaterThan(10);
    expect(all).toBeGreaterThan(paths);
  });

  it('on every transition of a backend without checks [R01] [R06] [R07] [R34]', async () => {
    const graph = explore(SCALES.unchecked);
    const { done } = await tour(graph, SCALES.unchecked, { pairs: false });
    expect(done).toBe(graph.edges.length);
  });

  it.each([SCALES.rated, SCALES.slow])(
    'on every transition of a backend with rates: $name [R09] [R34]',
    async (scale) => {
      const graph = explore(scale);
      const { done } = await tour(graph, scale, { pairs: false });
      expect(done).toBe(graph.edges.length);
    },
  );

  it('on every transition of a backend with checks, at the smallest settings [R04] [R12] [R13] [R34]', async () => {
    const graph = explore(SCALES.briefHasty);
    const { done } = await tour(graph, SCALES.briefHasty, { pairs: false });
    expect(done).toBe(graph.edges.length);
  });
});

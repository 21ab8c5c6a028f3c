import { expect } from 'vitest';
import { explore } from './graph.js';
import { note, table } from './report.js';
import type { Scale } from './settings.js';
import { pairsOf, tour } from './tour.js';

/** Runs every pair of transitions at some scales, or every transition, and notes what that took. */
export async function walkAll(order: number, scales: readonly Scale[], pairs = true): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const scale of scales) {
    const startedAt = performance.now();
    const graph = explore(scale);
    // Else the tour would not count what leads away from it.
    const reached = new Set(graph.edges.map(({ to }) => to));
    expect(graph.nodes.filter((node) => !reached.has(node)).map(({ key }) => key)).toEqual([]);
    const { paths, steps, done } = await tour(graph, scale, { pairs });
    expect(done).toBe(pairs ? pairsOf(graph) : graph.edges.length);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    rows.push([
      scale.name,
      graph.nodes.length,
      graph.edges.length,
      pairs ? done : '',
      paths,
      steps,
      `${seconds} s`,
    ]);
  }
  const title = pairs ? 'Every pair of consecutive transitions' : 'Every transition';
  const head = ['settings', 'states', 'transitions', 'pairs', 'paths', 'steps', 'time'];
  note(order, `## ${title}: ${scales.map(({ name }) => name).join('; ')}\n\n${table(head, rows)}`);
}

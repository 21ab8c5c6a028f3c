import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { State } from './chart.js';
import { layout } from './layout.js';
import { drawnMachines } from './machines.js';
import { mermaidOf } from './mermaid.js';
import { overviewOf } from './overview.js';
import { configOf, statelyOf } from './stately.js';
import { svgOf } from './svg.js';

/** Where the drawings are kept. */
export const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Charts by the name of their drawings: of each machine, of each of its regions, and of the circuit at a glance. */
export function charts(): ReadonlyMap<string, State> {
  const whole = drawnMachines().flatMap(({ chart }) =>
    chart.type === 'parallel' ? [chart, ...chart.states] : [chart],
  );
  const glances = whole.filter(({ id }) => id === 'backend.circuit');
  return new Map([
    ...whole.map((chart) => [chart.id, chart] as const),
    ...glances.map((chart) => [`${chart.id}.overview`, overviewOf(chart)] as const),
  ]);
}

/** Every drawing, by the name of its file. Two runs draw the same. */
export async function drawings(): Promise<ReadonlyMap<string, string>> {
  const style = await resolveConfig(FOLDER);
  const found = new Map<string, string>();
  for (const [name, chart] of charts()) {
    found.set(`${name}.mmd`, mermaidOf(chart));
    found.set(`${name}.svg`, svgOf(await layout(chart), name));
  }
  for (const { machine } of drawnMachines()) {
    const json = JSON.stringify(configOf(machine));
    found.set(`${machine.id}.json`, await format(json, { ...style, parser: 'json' }));
    found.set(
      `${machine.id}.stately.ts`,
      await format(statelyOf(machine), { ...style, parser: 'typescript' }),
    );
  }
  return found;
}

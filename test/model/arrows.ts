import { crossings, definitions } from './definitions.js';
import type { Crossing } from './definitions.js';
import { SCALES } from './settings.js';
import { wayTo } from './tour.js';

/** Small scales that cross every arrow that can be crossed. */
const { briefHasty, briefPatient, reconfigured, rated, slow } = SCALES;

/** One arrow of the machine, and the transitions of its graphs that cross it. */
export interface Arrow {
  /** State, event, and the guard if there is one. */
  readonly name: string;
  readonly crossings: readonly Crossing[];
}

export function arrows(): readonly Arrow[] {
  const found = crossings([briefHasty, briefPatient, reconfigured, rated, slow]);
  return [...definitions()].map(([definition, name]) => ({ name, crossings: found.get(definition) ?? [] }));
}

/** The shortest path from the beginning that ends with a crossing. */
export function pathTo({ edge, start }: Crossing): string {
  const way = wayTo(start, (one) => one === edge) ?? [];
  return way.map(({ label }) => label).join(' → ');
}

import { findScenario } from '../../src/simulate/scenario-file.js';
import type { Scenario } from '../../src/simulate/scenario.js';
import { simulate } from '../../src/simulate/simulate.js';
import type { Run, TimelineEntry } from '../../src/simulate/simulation.js';
import { failureHandling, load } from '../config/sample.js';

/** Nothing of its own but that there is a circuit breaker. */
export const DEFAULTS = failureHandling('circuitBreaker: {enabled: true}');

/** What one configuration makes of a scenario, by name or whole. */
export async function simulated(text: string, scenario: Scenario | string): Promise<Run> {
  const whole = typeof scenario === 'string' ? findScenario(scenario) : scenario;
  const { runs } = await simulate([load(text)], whole);
  return runs[0]!;
}

/** A scenario whose numbers are easy to follow, but for those that a test gives. */
export function scenario(changes: Partial<Scenario>): Scenario {
  return {
    name: 'own',
    description: '',
    durationMs: 60_000,
    callsPerSecond: 10,
    latencyMs: 20,
    phases: [],
    seed: 1,
    ...changes,
  };
}

type Of<Type extends TimelineEntry['type']> = Extract<TimelineEntry, { readonly type: Type }>;

export function entries<Type extends TimelineEntry['type']>({ timeline }: Run, type: Type): Of<Type>[] {
  return timeline.filter((entry): entry is Of<Type> => entry.type === type);
}

/** The circuit's own story: `10451 closed → open`. */
export function story(run: Run): string[] {
  return entries(run, 'circuit.changed').map(({ atMs, from, to }) => `${atMs} ${from} → ${to}`);
}

import { getSimplePaths } from '@xstate/graph';
import { composed, stepsIn } from './graph.js';
import type { World } from './graph.js';
import { SCALES } from './settings.js';
import type { Guarded, Scale } from './settings.js';
import { DENIED, labelOf, TIMEOUT } from './steps.js';
import type { Step } from './steps.js';

/** One region by itself: the other two stand still, or have no influence on it. */
export interface Region {
  readonly name: string;
  readonly scale: Scale;
  readonly steps: (world: World) => readonly Step[];
  /** Every field that a guard or a delay of this region reads, capped where no guard can tell. */
  readonly key: (world: World) => string;
}

/** No check, and the circuit as it is: health has no influence on it. */
function circuit(name: string, settings: Guarded): Region {
  const scale: Scale = { name, checked: false, settings };
  const all = stepsIn(scale);
  return {
    name,
    scale,
    steps: (world) =>
      all(world).filter((step) => !/^stale|authentication|session|^check$/.test(labelOf(step))),
    // Failures are counted everywhere, but asked for while closed alone, which is entered with none.
    key: ({ backend: { value, context } }) =>
      JSON.stringify([
        value.circuit,
        context.policy.circuit !== undefined,
        typeof value.circuit === 'object' &&
          'closed' in value.circuit &&
          Math.min(context.failures, settings.circuit.failureThreshold ?? 0),
        context.probes,
        context.probeSuccesses,
        value.circuit === 'open' && context.openForMs,
      ]),
  };
}

const SLOW = { verdict: 'succeeded', slow: true } as const;

/** The circuit stays closed, and every check is made in one go. */
function health(name: string, settings: Guarded, slow = [SLOW]): Region {
  const checks = [{ verdict: 'succeeded', slow: false }, ...slow, { verdict: TIMEOUT, slow: false }] as const;
  const steps: Step[] = [
    ...(['succeeded', DENIED] as const).map((verdict) => ({ type: 'settle', verdict }) as const),
    ...checks.map((check) => ({ type: 'whole check', ...check }) as const),
    { type: 'reset' },
  ];
  return {
    name,
    scale: { name, checked: true, settings: neverTrips(settings) },
    // The first check begins by itself; it must be over before another can be asked for.
    steps: ({ backend: { value } }) => {
      if (value.checks === 'waiting') return steps;
      const running = typeof value.checks === 'object' && value.checks.active === 'running';
      return running
        ? checks.map((check) => ({ type: 'check.ends', ...check }) as const)
        : [{ type: 'check.begins' }];
    },
    key: ({ backend: { value, context } }) =>
      JSON.stringify([
        value.health,
        Math.min(context.failures, settings.health.unhealthyThreshold),
        value.checks,
      ]),
  };
}

/** No call, and a circuit that only an operator moves, or a check that times out in half-open. */
function checks(name: string, settings: Guarded, happens: RegExp): Region {
  const scale: Scale = { name, checked: true, settings: neverTrips(settings) };
  const all = stepsIn(scale);
  const mostLosses = Math.ceil(Math.log2(settings.health.checkIntervalMs / 100)) + 1;
  return {
    name,
    scale,
    steps: (world) => all(world).filter((step) => happens.test(labelOf(step))),
    key: ({ backend: { value, context } }) =>
      JSON.stringify([
        value.checks,
        value.circuit,
        context.probeSuccesses,
        Math.min(context.losses, mostLosses),
        typeof value.checks === 'object' && context.reason === 'interval',
      ]),
  };
}

function neverTrips(settings: Guarded): Guarded {
  return { ...settings, circuit: { ...settings.circuit, failureThreshold: 1000 } };
}

const { patient, hasty, standard } = SCALES;

export const REGIONS: readonly Region[] = [
  circuit('circuit, patient', patient.settings),
  circuit('circuit, hasty', hasty.settings),
  circuit('circuit, standard', standard.settings),
  health('health, patient', patient.settings),
  health('health, standard, no check slow', standard.settings, []),
  checks(
    'checks, lost and asked for',
    patient.settings,
    /^(after|check.begins|check.succeeded$|check$|session)/,
  ),
  checks(
    'checks, operated',
    patient.settings,
    /^(after|check.begins|check.succeeded$|check$|isolate|release)/,
  ),
  checks('checks, operated and lost', patient.settings, /^(after|check.begins|session|isolate|release)/),
];

interface Options {
  readonly limit: number;
  readonly serializeState: (world: World) => string;
  readonly serializeEvent: (step: Step) => string;
  readonly events: (world: World) => readonly Step[];
}
type Found = readonly { readonly steps: readonly { readonly event: Step & { type: string } }[] }[];

/** Every path that comes to no state twice, without those that another one begins with. */
export function simplePaths({ scale, steps, key }: Region): {
  all: number;
  longest: readonly (readonly Step[])[];
} {
  const paths = (
    getSimplePaths as unknown as (logic: ReturnType<typeof composed>, options: Options) => Found
  )(composed(scale), { limit: 1e7, serializeState: key, serializeEvent: labelOf, events: steps }).map(
    (path) => path.steps.map(({ event }) => event).filter(({ type }) => !type.startsWith('xstate.')),
  );
  const begun = new Set(paths.map((path) => path.slice(0, -1).map(labelOf).join(' ')));
  return { all: paths.length, longest: paths.filter((path) => !begun.has(path.map(labelOf).join(' '))) };
}

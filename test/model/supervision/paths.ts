import { getSimplePaths } from '@xstate/graph';
import { stepLabel } from './steps.js';
import type { SupervisionScale, SupervisionStep } from './steps.js';
import { World } from './world.js';

/** A part of what can happen, so small that all of its simple paths can be run. */
export interface SupervisionRegion {
  readonly name: string;
  readonly scale: SupervisionScale;
  /** Backends, those of the first configuration and others. */
  readonly names: readonly string[];
  /** Labels of the steps of this region. */
  readonly happens: RegExp;
  /** Crashes on one path, and changes of the configuration. */
  readonly crashes: number;
  readonly changes: number;
  /** Calls out at once, of one backend. */
  readonly calls: number;
}

const OPERATIONS = ['isolate', 'release', 'reset', 'check'] as const;

/** Everything that can happen to one backend. */
function stepsOf(
  name: string,
  world: World,
  { crashes, changes, calls }: SupervisionRegion,
): SupervisionStep[] {
  const gate = world.gates.get(name);
  const late = world.gates.late(name);
  const { present = 0, circuit, actor } = gate ?? {};
  const isRunning = world.phase === 'running';
  const isKept = isRunning && gate !== undefined && world.child(name)?.supervision !== 'draining';
  const admits = circuit === 'closed' || (circuit === 'halfOpen' && present === 0);
  const steps: (SupervisionStep | false | undefined)[] = [
    isKept && actor && world.crashes < crashes && { type: 'crash', name },
    isKept && actor && admits && { type: 'fail', name },
    isKept && actor && admits && present + late < calls && { type: 'call', name },
  ];
  for (const verdict of ['succeeded', 'failed'] as const) {
    if (present > 0) steps.push({ type: 'settle', name, verdict, late: false });
    if (late > 0) steps.push({ type: 'settle', name, verdict, late: true });
  }
  // Whoever is removed while it is away is told nothing more, and an open circuit is released where its backend runs.
  const isReleased = actor !== undefined || circuit !== 'open';
  for (const type of OPERATIONS)
    if ((isKept || (isRunning && actor)) && (type !== 'release' || isReleased)) steps.push({ type, name });
  if (isRunning && world.changes < changes) {
    const possible =
      name in world.plan.backends ? (['remove', 'identity', 'policy'] as const) : (['add'] as const);
    steps.push(...possible.map((type) => ({ type, name })));
  }
  return steps.filter((step) => typeof step === 'object');
}

/** Everything that can happen in a world. */
export function stepsIn(world: World, region: SupervisionRegion): SupervisionStep[] {
  const { inMs: ms, isSpent } = world.next;
  const steps = region.names.flatMap((name) => stepsOf(name, world, region));
  if (ms < Infinity) steps.push(isSpent ? { type: 'wait', ms } : { type: 'deadline' });
  if (world.phase === 'running' && world.changes < region.changes) steps.push({ type: 'rule' });
  if (world.phase === 'running') steps.push({ type: 'stop' });
  return steps.filter((step) => region.happens.test(stepLabel(step)));
}

interface Options {
  readonly limit: number;
  readonly serializeState: (world: World) => string;
  readonly serializeEvent: (step: SupervisionStep) => string;
  readonly events: (world: World) => readonly SupervisionStep[];
}
type Found = readonly {
  readonly state: World;
  readonly steps: readonly { readonly state: World; readonly event: SupervisionStep & { type: string } }[];
}[];

/** A path, with what the machines have come to after each step. */
export type SupervisionPath = readonly { readonly step: SupervisionStep; readonly world: World }[];

interface SupervisionPaths {
  /** By the key of each state: what can happen in it and changes nothing. No simple path has that. */
  readonly idle: ReadonlyMap<string, readonly SupervisionStep[]>;
  readonly all: number;
  /** Without those that another one begins with. */
  readonly longest: readonly SupervisionPath[];
}

const known = new Map<SupervisionRegion, SupervisionPaths>();

/** Every path that comes to no state twice. Found once for each region. */
export function supervisionPaths(region: SupervisionRegion): SupervisionPaths {
  const found = known.get(region) ?? enumerated(region);
  known.set(region, found);
  return found;
}

function enumerated(region: SupervisionRegion): SupervisionPaths {
  const start = World.begin(region.scale);
  const logic = {
    getInitialSnapshot: () => start,
    transition: (world: World, step: SupervisionStep) => world.after(step),
  };
  const paths = (getSimplePaths as unknown as (of: typeof logic, options: Options) => Found)(logic, {
    limit: 1e5,
    serializeState: ({ key }) => key,
    serializeEvent: stepLabel,
    events: (world) => stepsIn(world, region),
  }).map(({ steps }) =>
    steps.flatMap(({ event, state }) =>
      event.type.startsWith('xstate.') ? [] : [{ step: event, world: state }],
    ),
  );
  const nameOf = (path: SupervisionPath) => path.map(({ step }) => stepLabel(step)).join(' ');
  const begun = new Set(paths.map((path) => nameOf(path.slice(0, -1))));
  const worlds = new Map(paths.map((path) => path.at(-1)?.world ?? start).map((world) => [world.key, world]));
  const idle = [...worlds].map(([key, world]) => {
    const steps = stepsIn(world, region).filter((step) => world.after(step).key === key);
    return [key, steps] as const;
  });
  return {
    idle: new Map(idle),
    all: paths.length,
    longest: paths.filter((path) => !begun.has(nameOf(path))),
  };
}

import { getAdjacencyMap } from '@xstate/graph';
import { fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendSnapshot } from '../../machines/backend.js';
import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { BackendEvent, CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import type { Failure } from '../../machines/failure.js';
import { regionsOf } from '../../machines/regions.js';
import { NO_MARKS } from '../../machines/window.js';
import type { Passed, RatePolicy } from '../../machines/window.js';
import type { Deadline, Verdict } from './oracle.js';
import { withoutCircuit } from './settings.js';
import type { Scale } from './settings.js';
import { FAILURES, labelOf, partsOf } from './steps.js';
import type { Step } from './steps.js';

export const backendMachine = createBackendMachine({
  check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
  random: () => 0.5,
  passed: () => passing,
});

/** What the machine is told at present of the attempts that sent no event. */
let passing: readonly Passed[] = [];

/** The machine, and what there is beside it on which the engine's next step depends. */
export interface World {
  readonly status: 'active';
  readonly output: undefined;
  readonly error: undefined;
  readonly backend: BackendSnapshot;
  /** A call has succeeded since the last check began. */
  readonly proved: boolean;
  /** Since counting began: attempts that have succeeded, and calls that were quick. */
  readonly passed: Readonly<Record<RatePolicy['of'], number>>;
}

const NONE_PASSED: World['passed'] = { failures: 0, slowCalls: 0 };

export interface Edge {
  readonly id: number;
  readonly from: Node;
  readonly step: Step;
  readonly label: string;
  readonly to: Node;
}

export interface Node {
  readonly key: string;
  readonly world: World;
  readonly out: Edge[];
}

export interface Graph {
  readonly start: Node;
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

/** The machine moved by what the engine does, so that an edge is one step of its public interface. */
export function composed(scale: Scale) {
  const machine = backendMachine as unknown as {
    getInitialSnapshot(scope: unknown, input: unknown): BackendSnapshot;
    transition(snapshot: BackendSnapshot, event: EventObject, scope: unknown): BackendSnapshot;
  };
  const { settings, checked: checks } = scale;
  const policy = settings as BackendPolicy;
  return {
    getInitialSnapshot: (scope: unknown): World =>
      worldOf(machine.getInitialSnapshot(scope, { name: 'one', policy, checks }), false, NONE_PASSED),
    transition: (world: World, whole: Step, scope: unknown): World =>
      partsOf(whole).reduce(({ backend, proved, passed }, step) => {
        const settles = step.type === 'settle' && step.verdict === 'succeeded' && !step.stale;
        const passes = settles || (step.type === 'check.ends' && step.verdict === 'succeeded');
        const { circuit } = backend.context.policy;
        const watched = circuit?.slowCallMs !== undefined && regionsOf(backend).circuit === 'closed';
        const quick = watched && step.type === 'settle' && !step.stale && step.verdict !== 'released';
        const counts = {
          failures: passed.failures + (passes && circuit?.rates ? 1 : 0),
          slowCalls: passed.slowCalls + (quick ? 1 : 0),
        };
        passing = (circuit?.rates ?? []).map(({ of }) => ({ count: counts[of], step: 0 }));
        const next = eventsOf(backend, step, proved).reduce(
          (snapshot, event) => machine.transition(snapshot, event, scope),
          backend,
        );
        const left = next.context.counting === backend.context.counting ? counts : NONE_PASSED;
        if (step.type === 'check.begins') return worldOf(next, false, left);
        return worldOf(next, checks && (proved || settles), left);
      }, world),
  };
}

function worldOf(backend: BackendSnapshot, proved: boolean, passed: World['passed']): World {
  return { status: 'active', output: undefined, error: undefined, backend, proved, passed };
}

/** What the machine is told when a step is made. */
export function eventsOf(backend: BackendSnapshot, step: Step, proved: boolean): BackendEvent[] {
  const { generation, policy, failures, reason } = backend.context;
  const { circuit, health } = regionsOf(backend);
  const said = (verdict: Verdict) =>
    typeof verdict === 'string'
      ? ({ kind: verdict } as const)
      : ({ kind: 'failed', failure: verdict as Failure } as const);
  switch (step.type) {
    case 'call':
      return circuit === 'halfOpen' ? [{ type: 'permit.taken', generation }] : [];
    case 'settle': {
      const { kind, ...rest } = said(step.verdict);
      return [{ type: `call.${kind}`, generation: step.stale ? -1 : generation, ...rest } as BackendEvent];
    }
    case 'check.begins': {
      const admits = circuit === 'closed' || circuit === 'disabled';
      const skips = proved && reason === 'interval' && admits && health === 'healthy' && failures === 0;
      return [{ type: skips ? 'check.skipped' : 'check.started' }];
    }
    case 'check.ends': {
      const { kind, ...rest } = said(step.verdict);
      const elapsedMs = policy.health.degradedThresholdMs + (step.slow ? 1 : 0);
      if (kind === 'succeeded') return [{ type: 'check.succeeded', elapsedMs }];
      return [
        kind === 'failed' ? ({ type: 'check.failed', ...rest } as BackendEvent) : { type: 'check.skipped' },
      ];
    }
    case 'session.lost':
      return [{ type: 'session.lost' }];
    case 'check':
      return [{ type: 'check.request' }];
    case 'reset':
      return [{ type: 'circuit.reset' }, { type: 'check.request' }];
    case 'policy': {
      const next = step.settings;
      const changes = JSON.stringify(next) !== JSON.stringify(policy);
      return changes ? [{ type: 'policy.changed', policy: next }] : [];
    }
    case 'deadline':
      if (step.what === 'slowCall')
        return circuit === 'closed' && policy.circuit?.slowCallMs ? [{ type: 'call.slow', generation }] : [];
      return armed(backend).flatMap(({ what, type }) =>
        what === step.what ? [{ type } as unknown as BackendEvent] : [],
      );
    case 'wait':
    case 'whole check':
    case 'slow call':
      return [];
    case 'isolate':
    case 'release':
      return [{ type: `circuit.${step.type}` }];
  }
}

/** The deadlines that are set in a state: what the engine's clock holds. */
function armed(backend: BackendSnapshot): { what: Deadline; type: string }[] {
  // A deadline with two arrows is still one.
  const types = new Set(backend._nodes.flatMap(({ after }) => after.map(({ eventType }) => eventType)));
  return [...types].map((type) => ({ type, what: type.split('.')[2] as Deadline }));
}

/**
 * What the future of a state depends on: every field that a guard or a delay reads, and no other.
 *
 * A window by calls is looked at from its end: how many are in it, and how far back its marks are.
 *
 * Left out: generations, as only their equality is asked for, and a step is of the present stay or an older; what a
 * guard cannot tell apart above a limit; the reason of a check while none is out; the open time but while open; the
 * pause, which follows from state and losses; `resume`, read at the start alone.
 */
export function essenceOf({ settings: { circuit, health }, others = [] }: Scale): (world: World) => string {
  const mostFailures = Math.max(
    ...[{ circuit, health }, ...others].map((one) =>
      Math.max(one.circuit?.failureThreshold ?? 0, one.health.unhealthyThreshold),
    ),
  );
  const mostLosses = Math.ceil(Math.log2(health.checkIntervalMs / 100)) + 1;
  return ({ backend: { value, context }, proved, passed }) => {
    const { failures, probes, probeSuccesses, losses, reason, openForMs, openings, marks, policy } = context;
    const windows = (policy.circuit?.rates ?? []).map(({ of, window }, index) => {
      const { total, recent } = marks[index] ?? NO_MARKS;
      const size = 'calls' in window ? window.calls : Infinity;
      const marked = recent.map(({ step }) => passed[of] + total - step).filter((age) => age <= size);
      return [Math.min(passed[of] + total, size), marked];
    });
    return JSON.stringify([
      value,
      policy.circuit !== undefined,
      others.length > 0 && policy,
      Math.min(failures, mostFailures),
      probes,
      probeSuccesses,
      Math.min(losses, mostLosses),
      typeof value.checks === 'object' && reason === 'interval',
      value.circuit === 'open' && openForMs,
      openings,
      windows,
      proved,
    ]);
  };
}

/** Everything that can happen in a state, as far as its deadlines allow it. */
export function stepsIn({ settings, others = [] }: Scale): (world: World) => Step[] {
  const patient = settings.circuit.probeLimitMs > settings.health.checkIntervalMs;
  const policies = [
    { type: 'policy', name: 'circuit', settings },
    { type: 'policy', name: 'no circuit', settings: withoutCircuit(settings) },
    ...others.map((other, index) => ({ type: 'policy', name: `other ${index}`, settings: other }) as const),
  ] as const;
  return ({ backend }) => {
    const { circuit } = regionsOf(backend);
    const { checks } = backend.value;
    const admits = circuit === 'closed' || circuit === 'disabled';
    const deadlines = armed(backend);
    const [first] =
      deadlines.length < 2 ? deadlines : deadlines.filter(({ what }) => (what === 'probeLimit') !== patient);
    const verdicts = ['succeeded', 'released', ...FAILURES] as const;
    // An older stay's failure is not looked into: one kind of it stands for all.
    const settled = (stale: boolean) =>
      verdicts.slice(0, stale ? 3 : 5).map((verdict) => ({ type: 'settle', verdict, stale }) as const);
    return [
      // Where speed is watched, a call that is made is quick, or it is out until it is slow.
      ...(circuit === 'closed' && settings.circuit.slowCallMs
        ? [{ type: 'slow call' } as const]
        : [{ type: 'call' } as const]),
      ...settled(true),
      ...(admits || backend.context.probes > 0 ? settled(false) : []),
      ...(typeof checks === 'object' && checks.active === 'queued'
        ? [{ type: 'check.begins' } as const]
        : []),
      ...(typeof checks === 'object' && checks.active === 'running'
        ? [
            ...verdicts.map((verdict) => ({ type: 'check.ends', verdict }) as const),
            { type: 'check.ends', verdict: 'succeeded', slow: true } as const,
          ]
        : []),
      ...(['session.lost', 'check', 'isolate', 'release', 'reset'] as const).map((type) => ({ type })),
      ...policies,
      ...(first ? [{ type: 'deadline', what: first.what } as const] : []),
    ];
  };
}

type Adjacency = Readonly<
  Record<string, { state: World; transitions: Record<string, { event: Step; state: World }> }>
>;
interface Options {
  readonly limit: number;
  readonly serializeState: (world: World) => string;
  readonly serializeEvent: (step: Step) => string;
  readonly events: (world: World) => readonly Step[];
}

/** Enumerates with `@xstate/graph`, whose types a logic that is no machine does not fit. */
export function explore(scale: Scale, events = stepsIn(scale), key = essenceOf(scale)): Graph {
  const adjacency = (
    getAdjacencyMap as unknown as (logic: ReturnType<typeof composed>, options: Options) => Adjacency
  )(composed(scale), { limit: 1e7, serializeState: key, serializeEvent: labelOf, events });
  const nodes = new Map<string, Node>();
  for (const [name, { state }] of Object.entries(adjacency))
    nodes.set(name, { key: name, world: state, out: [] });
  const edges: Edge[] = [];
  for (const [name, { transitions }] of Object.entries(adjacency)) {
    const from = nodes.get(name)!;
    for (const [label, { event, state }] of Object.entries(transitions)) {
      const edge = { id: edges.length, from, step: event, label, to: nodes.get(key(state))! };
      edges.push(edge);
      from.out.push(edge);
    }
  }
  const [start] = nodes.values();
  return { start: start!, nodes: [...nodes.values()], edges };
}

import { getAdjacencyMap } from '@xstate/graph';
import { initialTransition, transition } from 'xstate';
import type { AnyStateNode } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { BackendSnapshot } from '../../machines/backend.js';
import { admitsProbe } from '../../machines/policy.js';
import { regionsOf } from '../../machines/regions.js';
import { backendMachine, composed, essenceOf, stepsIn } from '../model/graph.js';
import type { World } from '../model/graph.js';
import { SCALES, withoutCircuit } from '../model/settings.js';
import type { Scale } from '../model/settings.js';
import { labelOf } from '../model/steps.js';
import type { Step } from '../model/steps.js';

interface State {
  readonly key: string;
  readonly backend: BackendSnapshot;
  readonly out: readonly { readonly step: Step; readonly to: string; readonly next: BackendSnapshot }[];
}
type Graph = ReadonlyMap<string, State>;

const FRESH = {
  status: 'active',
  output: undefined,
  error: undefined,
  proved: false,
  passed: { failures: 0, slowCalls: 0 },
} as const;

/** The same function, with the types that a logic which is no machine does not fit. */
const adjacencyOf = getAdjacencyMap as unknown as (
  logic: ReturnType<typeof composed>,
  options: {
    fromState: World | undefined;
    limit: number;
    serializeState: (world: World) => string;
    serializeEvent: typeof labelOf;
    events: (world: World) => readonly Step[];
    stopWhen: (world: World) => boolean;
  },
) => Readonly<
  Record<string, { state: World; transitions: Readonly<Record<string, { event: Step; state: World }>> }>
>;

/** What a backend may begin with that goes on where it crashed. */
function resumed({ settings: { circuit, health }, checked: checks }: Scale): World[] {
  const most = circuit.failureThreshold ?? health.unhealthyThreshold;
  const policies = [{ circuit, health }, withoutCircuit({ health })] as readonly BackendPolicy[];
  return policies.flatMap((policy) =>
    (['closed', 'open', 'halfOpen', 'isolated', 'disabled'] as const).flatMap((former) =>
      Array.from({ length: most + 1 }, (_, failures) => {
        const resume = { circuit: former, openForMs: circuit.openMs, generation: 7, failures, openings: 0 };
        const [backend] = initialTransition(backendMachine, { name: 'one', policy, checks, resume });
        return { ...FRESH, backend };
      }),
    ),
  );
}

/** Everything that a backend can come to, whatever it begins with: nothing, or what a former life left. */
function graphOf(scale: Scale): Graph {
  const keyOf = essenceOf(scale);
  const graph = new Map<string, State>();
  for (const fromState of [undefined, ...resumed(scale)]) {
    const found = adjacencyOf(composed(scale), {
      fromState,
      limit: 1e6,
      serializeState: keyOf,
      serializeEvent: labelOf,
      events: stepsIn(scale),
      stopWhen: (world) => graph.has(keyOf(world)),
    });
    for (const [key, { state, transitions }] of Object.entries(found)) {
      if (graph.has(key)) continue;
      const out = Object.values(transitions).map(({ event: step, state: next }) => ({
        step,
        to: keyOf(next),
        next: next.backend,
      }));
      graph.set(key, { key, backend: state.backend, out });
    }
  }
  return graph;
}

const { briefPatient, briefHasty, unchecked, rated, slow } = SCALES;
const graphs = [briefPatient, briefHasty, unchecked, rated, slow].map(
  (scale) => ({ name: scale.name, scale, graph: graphOf(scale) }) as const,
);

/** The states from which a goal can be reached by steps that may be made. */
function reaching(
  graph: Graph,
  isGoal: (backend: BackendSnapshot) => boolean,
  mayMake: (step: Step) => boolean,
): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  for (const { key: from, out } of graph.values())
    for (const { step, to } of out) if (mayMake(step)) before.set(to, [...(before.get(to) ?? []), from]);
  const reached = new Set([...graph.values()].flatMap(({ key, backend }) => (isGoal(backend) ? [key] : [])));
  for (const key of reached) for (const from of before.get(key) ?? []) reached.add(from);
  return reached;
}

const circuitOf = (backend: BackendSnapshot) => regionsOf(backend).circuit;
const admits = (backend: BackendSnapshot) => ['closed', 'disabled'].includes(circuitOf(backend));
const isOut = ({ value }: BackendSnapshot) => typeof value.checks === 'object';
/** The names of the deadlines that are set. */
const armed = ({ _nodes }: BackendSnapshot) =>
  _nodes.flatMap(({ after }) => after.map(({ eventType }) => eventType.split('.')[2]));

/** What happens by itself to a backend that works: deadlines pass, checks and calls succeed. No operator, no failure. */
function isRecovery(step: Step): boolean {
  if (step.type === 'check.ends' || step.type === 'settle')
    return step.verdict === 'succeeded' && !isStale(step);
  return ['deadline', 'check.begins', 'call'].includes(step.type);
}

function isStale(step: Step): boolean {
  return step.type === 'settle' && step.stale === true;
}

function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node] : children.flatMap(leavesOf);
}

describe('the graph of the backend machine', () => {
  it('reaches every state of circuit, health and checks [R06] [R12] [R13]', () => {
    const states = graphs.flatMap(({ graph }) => [...graph.values()]);
    const reached = new Set(states.flatMap(({ backend }) => backend._nodes.map(({ id }) => id)));
    const lasting = leavesOf(backendMachine.root).filter(({ always }) => !always || always.length === 0);
    expect(lasting.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([]);
  });

  describe.each(graphs)('$name', ({ scale, graph }) => {
    const states = [...graph.values()];

    it('lets calls through again from everywhere [R06]', () => {
      const reached = reaching(graph, admits, () => true);
      expect(states.filter(({ key }) => !reached.has(key))).toEqual([]);
    });

    it('recovers by itself, without an operator, wherever it is not isolated [R04] [R06]', () => {
      const reached = reaching(graph, admits, isRecovery);
      const stuck = states.filter(({ key }) => !reached.has(key));
      expect(stuck.filter(({ backend }) => circuitOf(backend) !== 'isolated')).toEqual([]);
    });

    it('recovers by checks alone, where there are checks and no calls [R04]', () => {
      const byChecks = (step: Step) => isRecovery(step) && step.type !== 'call' && step.type !== 'settle';
      const reached = reaching(graph, admits, byChecks);
      const stuck = states.filter(({ key }) => scale.checked && !reached.has(key));
      expect(stuck.filter(({ backend }) => circuitOf(backend) !== 'isolated')).toEqual([]);
    });

    it('is left unchanged by every stale outcome [R07]', () => {
      for (const { key, out } of states)
        for (const { step, to } of out)
          if (isStale(step)) expect([labelOf(step), to]).toEqual([labelOf(step), key]);
    });

    it('takes no permit of an older stay, and none of its calls is slow [R07]', () => {
      for (const { backend } of states)
        for (const type of ['permit.taken', 'call.slow'] as const) {
          const [next] = transition(backendMachine, backend, { type, generation: -1 });
          expect([type, next.value, next.context]).toEqual([type, backend.value, backend.context]);
        }
    });

    it('lets nothing out of isolation but a release [R10]', () => {
      for (const { backend, out } of states)
        for (const { step, next } of out)
          if (circuitOf(backend) === 'isolated' && circuitOf(next) !== 'isolated')
            expect(step.type).toBe('release');
    });

    it('has the end of an open stay armed while open, and none while isolated [R03] [R10]', () => {
      for (const { backend } of states) {
        const { circuit, nextCheck } = regionsOf(backend);
        if (circuit === 'open') expect(armed(backend)).toEqual(['openFor']);
        if (circuit === 'isolated') expect([armed(backend), nextCheck]).toEqual([[], 'none']);
      }
    });

    it('checks whatever is neither open nor isolated, now or later [R13]', () => {
      for (const { backend } of states)
        if (scale.checked && !['open', 'isolated'].includes(circuitOf(backend)))
          expect(regionsOf(backend).nextCheck).not.toBe('none');
    });

    it('checks nothing while open or isolated [R02] [R10]', () => {
      for (const { backend } of states)
        if (['open', 'isolated'].includes(circuitOf(backend)))
          expect(['suspended', 'off']).toContain(backend.value.checks);
    });

    it('has no more attempts out in half-open than probes are allowed [R04]', () => {
      for (const { backend } of states)
        if (circuitOf(backend) === 'halfOpen')
          expect(backend.context.probes + (isOut(backend) ? 1 : 0)).toBeLessThanOrEqual(
            scale.settings.circuit.maxProbes,
          );
    });

    it('waits in half-open for a check, a deadline or a call, never for nothing [R06]', () => {
      for (const { backend } of states) {
        if (circuitOf(backend) !== 'halfOpen') continue;
        const { probes, checks } = backend.context;
        const waits = isOut(backend) || armed(backend).length > 0;
        expect(waits || admitsProbe(probes, checks, scale.settings.circuit.maxProbes)).toBe(true);
      }
    });

    it('begins every check anew when the circuit enters another stay [R07]', () => {
      for (const { backend, out } of states)
        for (const { step, next } of out) {
          const { checks } = next.value;
          if (next.context.generation !== backend.context.generation && typeof checks === 'object')
            expect([labelOf(step), checks.active, next.context.reason]).toEqual([
              labelOf(step),
              'queued',
              'probe',
            ]);
        }
    });
  });
});

import { getAdjacencyMap } from '@xstate/graph';
import { fromCallback } from 'xstate';
import type { AnyStateNode, EventObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { BackendMachine, BackendSnapshot } from '../../machines/backend.js';
import type { BackendEvent, BackendInput, CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import type { Failure } from '../../machines/failure.js';
import { admitsProbe } from '../../machines/policy.js';
import { regionsOf } from '../../machines/regions.js';

/** Small, and different from each other, so that no limit hides behind another. */
const enabled = {
  circuit: { failureThreshold: 3, openMs: 20_000, successThreshold: 2, maxProbes: 3, probeLimitMs: 7000 },
  health: { checkIntervalMs: 150, checkTimeoutMs: 100, unhealthyThreshold: 2, degradedThresholdMs: 50 },
} satisfies BackendPolicy;
const disabled: BackendPolicy = { health: enabled.health };
/** Reconnections are spaced by 100 ms, then by the interval: a third loss is like the second. */
const LOSSES = 2;
const FAILURES = enabled.circuit.failureThreshold;

const machine = createBackendMachine({
  check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
  random: () => 0.5,
  passed: () => [],
});

/**
 * What the future of a state depends on: every field that a guard or a delay reads, and no other.
 *
 * Generations are left out, as only their equality is asked for, and the events below are either of the present one or
 * stale. Failures and losses are cut off where no guard and no delay can tell any more of them apart. The reason of a
 * check is asked for while it is out, the open time as the circuit opens; a pause follows from state and losses.
 */
function essence({ value, context }: BackendSnapshot): string {
  const { failures, probes, probeSuccesses, losses, reason, openForMs, policy } = context;
  return JSON.stringify([
    value,
    policy.circuit !== undefined,
    Math.min(failures, FAILURES),
    probes,
    probeSuccesses,
    Math.min(losses, LOSSES),
    typeof value.checks === 'object' && reason === 'interval',
    value.circuit === 'open' && openForMs,
  ]);
}

const failures: Failure[] = [
  { category: 'timeout' },
  { category: 'authentication_failed' },
  { category: 'overloaded', retryAfterMs: 45_000 },
];

/** What can happen to a backend in this state. What the machine says to itself is not among it. */
function eventsIn(snapshot: BackendSnapshot): BackendEvent[] {
  const { checks } = snapshot.value;
  const { generation, probes } = snapshot.context;
  const { circuit } = regionsOf(snapshot);
  const running = typeof checks === 'object' && checks.active === 'running';
  const queued = typeof checks === 'object' && checks.active === 'queued';
  const permitOut = circuit === 'closed' || circuit === 'disabled' || probes > 0;
  const outcomes = (of: number): BackendEvent[] => [
    { type: 'call.succeeded', generation: of },
    { type: 'call.released', generation: of },
    ...failures.map((failure) => ({ type: 'call.failed', generation: of, failure }) as const),
  ];
  const deadlines = snapshot._nodes.flatMap(({ after }) => after.map(({ eventType }) => eventType));
  return [
    ...outcomes(-1),
    ...(permitOut ? outcomes(generation) : []),
    { type: 'permit.taken', generation },
    { type: 'permit.taken', generation: -1 },
    ...(queued ? ([{ type: 'check.started' }, { type: 'check.skipped' }] as const) : []),
    ...(running
      ? ([
          { type: 'check.succeeded', elapsedMs: 50 },
          { type: 'check.succeeded', elapsedMs: 51 },
          { type: 'check.skipped' },
          ...failures.map((failure) => ({ type: 'check.failed', failure }) as const),
        ] as const)
      : []),
    { type: 'session.lost' },
    { type: 'check.request' },
    { type: 'circuit.isolate' },
    { type: 'circuit.release' },
    { type: 'circuit.reset' },
    { type: 'policy.changed', policy: enabled },
    { type: 'policy.changed', policy: disabled },
    // Any deadline that is set may be the next to pass: every order of them is walked.
    ...(deadlines.map((type) => ({ type })) as unknown as BackendEvent[]),
  ];
}

function nameOf(event: BackendEvent): string {
  return JSON.stringify(event, (key, value: unknown) =>
    key === 'generation' ? (value === -1 ? 'stale' : 'present') : value,
  );
}

/** Every state by its essence, with what follows it. */
type Graph = Readonly<
  Record<
    string,
    {
      readonly state: BackendSnapshot;
      readonly transitions: Readonly<
        Record<string, { readonly event: BackendEvent; readonly state: BackendSnapshot }>
      >;
    }
  >
>;

/** The same function, with the types that a machine which emits does not fit. */
const adjacencyOf = getAdjacencyMap as unknown as (
  logic: BackendMachine,
  options: {
    input: BackendInput;
    limit: number;
    serializeState: typeof essence;
    serializeEvent: typeof nameOf;
    events: typeof eventsIn;
    stopWhen: (state: BackendSnapshot) => boolean;
  },
) => Graph;

/** Everything that a backend can come to, whatever it begins with: nothing, or what a former life left. */
function explore(checks: boolean): Graph {
  const former = (['closed', 'open', 'halfOpen', 'isolated', 'disabled'] as const).flatMap((circuit) =>
    Array.from({ length: FAILURES + 1 }, (_, failed) => ({
      resume: { circuit, openForMs: 20_000, generation: 7, failures: failed },
    })),
  );
  let graph: Graph = {};
  for (const policy of [enabled, disabled])
    for (const resume of [{}, ...former]) {
      const known = graph;
      const found = adjacencyOf(machine, {
        input: { name: 'one', policy, checks, ...resume },
        limit: 500_000,
        serializeState: essence,
        serializeEvent: nameOf,
        events: eventsIn,
        stopWhen: (state) => essence(state) in known,
      });
      graph = { ...found, ...known };
    }
  return graph;
}

const graphs: [string, Graph][] = [
  ['checked', explore(true)],
  ['unchecked', explore(false)],
];

/** The essences from which a goal can be reached over the edges that may be used. */
function reaching(
  graph: Graph,
  isGoal: (state: BackendSnapshot) => boolean,
  mayUse: (event: BackendEvent) => boolean,
): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  for (const [from, { transitions }] of Object.entries(graph))
    for (const { event, state } of Object.values(transitions)) {
      if (!mayUse(event)) continue;
      const to = essence(state);
      const known = before.get(to);
      if (known) known.push(from);
      else before.set(to, [from]);
    }
  const reached = new Set(Object.keys(graph).filter((key) => isGoal(graph[key]!.state)));
  for (const key of reached) for (const from of before.get(key) ?? []) reached.add(from);
  return reached;
}

const admits = (state: BackendSnapshot) => ['closed', 'disabled'].includes(regionsOf(state).circuit);

/** What happens by itself to a backend that works: deadlines pass, checks and calls succeed. No operator, no failure. */
function isRecovery(event: BackendEvent): boolean {
  return (
    event.type.startsWith('xstate.after.') ||
    ['check.started', 'check.succeeded', 'permit.taken', 'call.succeeded'].includes(event.type)
  );
}

function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node] : children.flatMap(leavesOf);
}

describe('the graph of the backend machine', () => {
  it('reaches every state of circuit, health and checks [R06] [R12] [R13]', () => {
    const reached = new Set(
      graphs.flatMap(([, graph]) =>
        Object.values(graph).flatMap(({ state }) => state._nodes.map(({ id }) => id)),
      ),
    );
    const lasting = leavesOf(machine.root).filter(({ always }) => !always || always.length === 0);
    expect(lasting.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([]);
  });

  describe.each(graphs)('of a %s backend', (_, graph) => {
    const states = Object.values(graph);

    it('lets calls through again from everywhere [R06]', () => {
      const reached = reaching(graph, admits, () => true);
      expect(Object.keys(graph).filter((key) => !reached.has(key))).toEqual([]);
    });

    it('recovers by itself, without an operator, wherever it is not isolated [R04] [R06]', () => {
      const reached = reaching(graph, admits, isRecovery);
      const stuck = Object.keys(graph).filter((key) => !reached.has(key));
      expect(stuck.filter((key) => regionsOf(graph[key]!.state).circuit !== 'isolated')).toEqual([]);
    });

    it('recovers by checks alone, where there are checks and no calls [R04]', () => {
      const reached = reaching(
        graph,
        admits,
        (event) => isRecovery(event) && event.type !== 'permit.taken' && event.type !== 'call.succeeded',
      );
      const stuck = states.filter(
        ({ state }) =>
          state.context.checks && regionsOf(state).circuit !== 'isolated' && !reached.has(essence(state)),
      );
      expect(stuck).toEqual([]);
    });

    it('is left unchanged by every stale outcome [R07]', () => {
      for (const { state, transitions } of states)
        for (const { event, state: next } of Object.values(transitions))
          if ('generation' in event && event.generation === -1) expect(essence(next)).toBe(essence(state));
    });

    it('lets nothing out of isolation but a release [R10]', () => {
      for (const { state, transitions } of states)
        for (const { event, state: next } of Object.values(transitions))
          if (state.value.circuit === 'isolated' && next.value.circuit !== 'isolated')
            expect(event.type).toBe('circuit.release');
    });

    it('checks whatever is neither open nor isolated, now or later [R13]', () => {
      for (const { state } of states)
        if (state.context.checks && !['open', 'isolated'].includes(regionsOf(state).circuit))
          expect(regionsOf(state).nextCheck).not.toBe('none');
    });

    it('checks nothing while open or isolated [R02] [R10]', () => {
      for (const { state } of states)
        if (state.value.circuit === 'open' || state.value.circuit === 'isolated')
          expect(['suspended', 'off']).toContain(state.value.checks);
    });

    it('has no more attempts out in half-open than probes are allowed [R04]', () => {
      for (const { state } of states) {
        const { checks } = state.value;
        const out = state.context.probes + (typeof checks === 'object' ? 1 : 0);
        if (regionsOf(state).circuit === 'halfOpen')
          expect(out).toBeLessThanOrEqual(enabled.circuit.maxProbes);
      }
    });

    it('waits in half-open for a check, a deadline or a call, never for nothing [R06]', () => {
      for (const { state } of states) {
        if (regionsOf(state).circuit !== 'halfOpen') continue;
        const { probes, checks } = state.context;
        const deadline = state._nodes.some(({ after }) => after.length > 0);
        const waits = typeof state.value.checks === 'object' || deadline;
        expect(waits || admitsProbe(probes, checks, enabled.circuit.maxProbes)).toBe(true);
      }
    });

    it('begins every check anew when the circuit enters another stay [R07]', () => {
      for (const { state, transitions } of states)
        for (const { event, state: next } of Object.values(transitions))
          if (next.context.generation !== state.context.generation && typeof next.value.checks === 'object')
            expect([nameOf(event), next.value.checks.active, next.context.reason]).toEqual([
              nameOf(event),
              'queued',
              'probe',
            ]);
    });
  });
});

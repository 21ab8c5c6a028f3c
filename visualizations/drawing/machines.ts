import { createActor, fromCallback } from 'xstate';
import type { AnyActorRef, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendEvent, CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';
import type { SupervisorEvent } from '../../machines/supervisor.js';
import { parseEngineConfig } from '../../src/config/engine-config.js';
import { chartOf } from './chart.js';
import type { State } from './chart.js';

const backendMachine = createBackendMachine({
  check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
  random: () => 0.5,
  passed: () => [],
});
const supervisorMachine = createSupervisorMachine({
  backend: backendMachine,
  resumeOf: () => undefined,
});

/** A machine that is drawn, and what is drawn of it. */
export interface Drawn {
  readonly machine: AnyStateMachine;
  readonly chart: State;
}

/** Every machine of the product, with its deadlines as they are by default. */
export function drawnMachines(): readonly Drawn[] {
  const backend = backendMachine as unknown as AnyStateMachine;
  const supervisor = supervisorMachine as unknown as AnyStateMachine;
  return [
    { machine: backend, chart: chartOf(backend, backendDelays()) },
    { machine: supervisor, chart: chartOf(supervisor, supervisorDelays()) },
  ];
}

/** A life that is in every state with a deadline once, under the defaults. */
function backendDelays(): ReadonlyMap<string, string> {
  const { backends } = parseEngineConfig({ backends: { one: { circuit: { backoff: {}, maxProbes: 2 } } } });
  if (!backends.one) throw new Error('the backend to be drawn is missing');
  const { enabled, ...circuit } = backends.one.circuit;
  if (!enabled) throw new Error('a circuit is enabled by default');
  const policy = { circuit, health: backends.one.health };
  const actor = createActor(backendMachine, {
    input: { name: 'one', policy, checks: true },
    clock: STANDING,
  });
  const failed: BackendEvent = { type: 'check.failed', failure: { category: 'timeout' } };
  const now = () => actor.getSnapshot().context.generation;
  return delaysAlong(actor, [
    () => ({ type: 'check.started' }),
    () => ({ type: 'check.succeeded', elapsedMs: 1 }),
    () => ({ type: 'session.lost' }),
    ...Array.from({ length: circuit.failureThreshold ?? 0 }, () => () => failed),
    () => ({ type: 'circuit.release' }),
    () => ({ type: 'permit.taken', generation: now() }),
    () => ({ type: 'call.succeeded', generation: now() }),
  ] satisfies readonly (() => BackendEvent)[]);
}

function supervisorDelays(): ReadonlyMap<string, string> {
  const { supervision, drainMs } = parseEngineConfig({ backends: {} });
  const actor = createActor(supervisorMachine, {
    input: { backends: [], restart: supervision },
    clock: STANDING,
  });
  return delaysAlong(actor, [
    () => ({ type: 'supervisor.stop', drainMs }),
  ] satisfies readonly (() => SupervisorEvent)[]);
}

/** Time stands still: a deadline is only read. */
const STANDING = { setTimeout: () => 0, clearTimeout: () => undefined };

type Length = (args: { readonly context: unknown; readonly event: EventObject }) => number;

/** By their names, how long the deadlines are that are begun on the way. */
function delaysAlong(
  actor: AnyActorRef & { start(): unknown },
  events: readonly (() => EventObject)[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const read = (event: EventObject) => {
    const { _nodes, machine, context } = actor.getSnapshot() as {
      readonly _nodes: readonly AnyStateNode[];
      readonly machine: { readonly implementations: { readonly delays: Record<string, Length> } };
      readonly context: unknown;
    };
    for (const { delay } of _nodes.flatMap(({ after }) => after)) {
      const length = typeof delay === 'string' ? machine.implementations.delays[delay] : undefined;
      if (length) found.set(String(delay), duration(length({ context, event })));
    }
  };
  actor.start();
  read({ type: 'xstate.init' });
  for (const make of events) {
    const event = make();
    actor.send(event);
    read(event);
  }
  actor.stop();
  return found;
}

function duration(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

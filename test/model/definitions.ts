import { createActor } from 'xstate';
import type { AnyStateNode } from 'xstate';
import { backendMachine, eventsOf, explore } from './graph.js';
import type { Edge, Node } from './graph.js';
import type { Scale } from './settings.js';
import { partsOf } from './steps.js';

type Definition = object;

/** Every transition that the machine defines, each guarded branch by itself, by a name to read. */
export function definitions(
  root: AnyStateNode = backendMachine.root as AnyStateNode,
): ReadonlyMap<Definition, string> {
  const found = new Map<Definition, string>();
  const visit = (node: AnyStateNode) => {
    const own = [...node.transitions.values(), node.always ?? []].flat();
    for (const definition of own) {
      const { guard, eventType } = definition as { guard?: unknown; eventType: string };
      found.set(definition, `${node.id} ${causeOf(eventType)}${guard ? ` if ${nameOf(guard)}` : ''}`);
    }
    Object.values(node.states).forEach(visit);
  };
  visit(root);
  return found;
}

function causeOf(eventType: string): string {
  if (eventType === '') return 'always';
  const [, kind, delay] = eventType.split('.');
  return eventType.startsWith('xstate.') && kind === 'after' ? `after ${delay}` : `on ${eventType}`;
}

function nameOf(guard: unknown): string {
  return typeof guard === 'string' ? guard : JSON.stringify(guard);
}

/** A transition of a graph that crosses an arrow of the machine, raised events included. */
export interface Crossing {
  readonly scale: Scale;
  /** Where the graph of that scale begins. */
  readonly start: Node;
  readonly edge: Edge;
}

/** By the arrow they cross: all that are found at some scales. */
export function crossings(scales: readonly Scale[]): ReadonlyMap<Definition, readonly Crossing[]> {
  const found = new Map<Definition, Crossing[]>();
  for (const scale of scales) {
    const { start, edges } = explore(scale);
    for (const edge of edges)
      for (const definition of new Set(crossedBy(edge))) {
        const known = found.get(definition) ?? [];
        known.push({ scale, start, edge });
        found.set(definition, known);
      }
  }
  return found;
}

function crossedBy({ from, step }: Edge): readonly Definition[] {
  const { backend, proved } = from.world;
  const taken: Definition[] = [];
  const persisted = backendMachine.getPersistedSnapshot(backend);
  const actor = createActor(backendMachine, {
    snapshot: persisted,
    input: { name: 'one', policy: backend.context.policy, checks: backend.context.checks },
    inspect: (event) => {
      if (event.type === '@xstate.microstep') taken.push(...(event._transitions as unknown as Definition[]));
    },
    clock: { setTimeout: () => 0, clearTimeout: () => undefined },
  }).start();
  for (const part of partsOf(step)) for (const event of eventsOf(backend, part, proved)) actor.send(event);
  actor.stop();
  return taken;
}

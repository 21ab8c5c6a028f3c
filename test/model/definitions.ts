import { createActor } from 'xstate';
import type { AnyStateNode } from 'xstate';
import { backendMachine, eventsOf } from './graph.js';
import type { Edge, Graph } from './graph.js';
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
      found.set(definition, `${node.id} on ${eventType || 'always'}${guard ? ` if ${nameOf(guard)}` : ''}`);
    }
    Object.values(node.states).forEach(visit);
  };
  visit(root);
  return found;
}

function nameOf(guard: unknown): string {
  return typeof guard === 'string' ? guard : JSON.stringify(guard);
}

/** The definitions that the edges of some graphs cross, raised events included. */
export function crossed(graphs: readonly Graph[]): ReadonlySet<Definition> {
  const seen = new Set<Definition>();
  for (const { edges } of graphs) {
    for (const edge of edges) for (const definition of crossedBy(edge)) seen.add(definition);
  }
  return seen;
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

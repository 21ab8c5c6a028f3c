import type { AnyStateMachine, AnyStateNode } from 'xstate';

/**
 * What a machine does, a line for each fact: its states, where they begin, what they do, and each branch of each
 * transition in its order. Read from the machine itself, not from the chart that the drawings are made of.
 */
export function factsOf(machine: AnyStateMachine): readonly string[] {
  return nodesIn(machine.root as AnyStateNode).flatMap((node) => {
    const begins = node.type === 'compound' ? node.initial.target.map(({ id }) => id) : [];
    const state = [node.type, begins, node.entry.map(plain), node.exit.map(plain), node.invoke.map(plain)];
    const branches = [...node.transitions.values(), node.always ?? []].flat() as unknown as Branch[];
    return [
      `${node.id}: ${JSON.stringify(state)} ${node.description ?? ''}`,
      ...branches.map(
        ({ eventType, delay, guard, target = [], actions, reenter }, index) =>
          `${node.id} ${index} on ${eventType} ${JSON.stringify({
            delay,
            guard: plain(guard),
            target: target.map(({ id }) => id),
            actions: actions.map(plain),
            reenter,
          })}`,
      ),
    ];
  });
}

interface Branch {
  readonly eventType: string;
  readonly delay?: unknown;
  readonly guard?: unknown;
  readonly target?: readonly AnyStateNode[] | undefined;
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
}

export function nodesIn(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesIn)];
}

/** Of a function, what xstate tells of it: the deadline it begins or ends. */
function plain(part: unknown): unknown {
  if (typeof part !== 'function') {
    if (typeof part !== 'object' || part === null) return part;
    const { type, params, id, src } = part as Record<string, unknown>;
    return { type, params, id, src };
  }
  const { type, id, sendId, delay } = part as unknown as Record<string, unknown>;
  return { type, id, sendId, delay };
}

import { fromCallback } from 'xstate';
import type { AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createBackendMachine } from '../../machines/backend.js';
import type { CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';

const backend = createBackendMachine({
  check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
  random: () => 0.5,
  passed: () => [],
});
const supervisor = createSupervisorMachine({ backend, resumeOf: () => undefined });
const machines: [string, AnyStateMachine][] = [
  ['backend', backend],
  ['supervisor', supervisor],
];

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

describe.each(machines)('the %s machine', (_, machine) => {
  const nodes = nodesOf(machine.root);
  const transitions = nodes.flatMap((node) =>
    [...node.transitions.values()].flat().concat(node.always ?? []),
  );

  it('names only delays, guards and actions that exist [R03]', () => {
    const { delays, guards, actions } = machine.implementations;
    for (const node of nodes)
      for (const { delay } of node.after) expect(Object.keys(delays)).toContain(delay);
    for (const { guard } of transitions) if (guard) expect(Object.keys(guards)).toContain(guard);
    const named = nodes
      .flatMap((node) => [...node.entry, ...node.exit])
      .concat(transitions.flatMap((t) => t.actions));
    for (const action of named) {
      const type = typeof action === 'string' ? action : (action as { type: string }).type;
      if (!type.startsWith('xstate.')) expect(Object.keys(actions)).toContain(type);
    }
  });

  it('says what every state is for [R33]', () => {
    const silent = nodes.filter(
      (node) =>
        node.key !== machine.id &&
        !node.description &&
        !['starting', 'queued', 'running', 'stopped'].includes(node.key),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it('filters stale outcomes first wherever an outcome of a call is heard [R07]', () => {
    for (const node of nodes)
      for (const [event, list] of node.transitions)
        if (event.startsWith('call.') && event !== 'calls.drained') expect(list[0]?.guard).toBe('isStale');
  });
});

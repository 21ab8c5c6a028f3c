import { createActor } from 'xstate';
import type { BackendMachine, BackendSnapshot } from '../../machines/backend.js';
import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { BackendParts, CheckInput } from '../../machines/backend-setup.js';

/** How a backend begins, but for its name. */
interface Beginning {
  readonly snapshot: BackendSnapshot;
  readonly checks: boolean;
  /** What its first check was given; undefined where there is none. */
  readonly check: CheckInput | undefined;
}

/**
 * The same machine for thousands of backends. Those of one policy begin alike but for their names, so that what the
 * machine makes of the first is taken for the others: to walk through its states once more for each of them costs
 * three times as much as all else in their start.
 *
 * Nobody hears what a machine says while it begins, and until its first check is made it waits for nothing.
 */
export function withSharedBeginning(machine: BackendMachine, check: BackendParts['check']): BackendMachine {
  const beginnings = new WeakMap<BackendPolicy, Beginning>();
  const begin: BackendMachine['getInitialSnapshot'] = (scope, input) => {
    const known = input && beginnings.get(input.policy);
    // One that goes on from a former life has a beginning of its own.
    if (!known || input.resume || known.checks !== input.checks) {
      const snapshot = machine.getInitialSnapshot(scope, input);
      if (input && !input.resume) beginnings.set(input.policy, beginningOf(snapshot));
      return snapshot;
    }
    const { name } = input;
    const options = { id: 'check', src: 'check', parent: scope.self, syncSnapshot: false } as const;
    return {
      ...known.snapshot,
      context: { ...known.snapshot.context, name },
      children: known.check
        ? { check: createActor(check, { ...options, input: { ...known.check, backend: name } }) }
        : {},
    };
  };
  return Object.assign(Object.create(machine) as BackendMachine, { getInitialSnapshot: begin });
}

/** Without its actors: they are to be forgotten when they end. */
function beginningOf(snapshot: BackendSnapshot): Beginning {
  const { children, context } = snapshot;
  return {
    snapshot: { ...snapshot, children: {} },
    checks: context.checks,
    check: children.check?.getSnapshot().input,
  };
}

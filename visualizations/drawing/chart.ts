import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** What a machine defines, in words: every drawing is made from this, and from nothing else. */
export interface State {
  /** The state node's own, such as `backend.circuit.open`. */
  readonly id: string;
  /** What is shown: `half-open` where the code says `halfOpen`. */
  readonly name: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final';
  readonly description: string | undefined;
  /** Of a compound state, the id of the substate it begins in. */
  readonly initial: string | undefined;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Actors that live as long as the state is active. */
  readonly invokes: readonly string[];
  readonly transitions: readonly Transition[];
  readonly states: readonly State[];
}

/** One transition; each guarded branch is one by itself. */
export interface Transition {
  /** The state's id, the event, and the place among the branches of the same event. */
  readonly id: string;
  readonly source: string;
  /** `call.failed`, `after openFor (60 s)` or `always`. */
  readonly cause: string;
  readonly guard: string | undefined;
  /** Whether it has no guard, and stands behind branches that have one. */
  readonly otherwise: boolean;
  readonly actions: readonly string[];
  /** The id of the state it leads to; undefined when the state is not left. */
  readonly target: string | undefined;
  /** Whether it leaves a state and enters it anew. */
  readonly reenters: boolean;
}

interface Definition {
  readonly eventType: string;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
  readonly target?: readonly AnyStateNode[] | undefined;
  readonly reenter: boolean;
  readonly delay?: string | number | undefined;
}

/**
 * A machine as it is to be drawn.
 *
 * @param delays how long each named delay is by default, in words
 * @throws when an action or a guard has no name, or a transition has several targets
 */
export function chartOf(machine: AnyStateMachine, delays: ReadonlyMap<string, string>): State {
  return stateOf(machine.root as AnyStateNode, delays);
}

/** What must hold for a transition, in a word; undefined where nothing must. */
export function conditionOf({ guard, otherwise }: Transition): string | undefined {
  return guard ?? (otherwise ? 'else' : undefined);
}

/** A state, and all states within it. */
export function allStates(state: State): readonly State[] {
  return [state, ...state.states.flatMap(allStates)];
}

function stateOf(node: AnyStateNode, delays: ReadonlyMap<string, string>): State {
  const { id, key, type, description } = node;
  if (type === 'history') throw new Error(`${id}: a history state cannot be drawn yet`);
  const [initial] = node.type === 'compound' ? node.initial.target : [];
  const branches = [...node.transitions.values(), node.always ?? []] as unknown as Definition[][];
  return {
    id,
    name: shown(key),
    type,
    description,
    initial: initial?.id,
    entry: actionsOf(node.entry),
    exit: actionsOf(node.exit),
    invokes: node.invoke.map(({ src }) => nameOf(src)),
    transitions: branches.flatMap((branch) => transitionsOf(node, branch, delays)),
    states: Object.values(node.states).map((child) => stateOf(child, delays)),
  };
}

function transitionsOf(
  { id }: AnyStateNode,
  branch: readonly Definition[],
  delays: ReadonlyMap<string, string>,
): readonly Transition[] {
  return branch.map((definition, index) => {
    const { eventType, guard, actions, target = [], reenter } = definition;
    if (target.length > 1) throw new Error(`${id}: a transition with several targets cannot be drawn yet`);
    return {
      id: `${id} ${eventType === '' ? 'always' : eventType} ${index + 1}`,
      source: id,
      cause: causeOf(definition, delays),
      guard: guard === undefined ? undefined : nameOf(guard),
      otherwise: guard === undefined && index > 0,
      actions: actionsOf(actions),
      target: target[0]?.id,
      reenters: reenter,
    };
  });
}

function causeOf({ eventType, delay }: Definition, delays: ReadonlyMap<string, string>): string {
  if (eventType === '') return 'always';
  if (delay === undefined) return eventType;
  const usual = delays.get(String(delay));
  return `after ${delay}${usual === undefined ? '' : ` (${usual})`}`;
}

/** The deadlines of `after` are started and stopped by actions of xstate's own. */
function actionsOf(actions: readonly unknown[]): readonly string[] {
  return actions
    .filter((action) => !(typeof action === 'function' && 'type' in action && isDeadline(action.type)))
    .map(nameOf);
}

function isDeadline(type: unknown): boolean {
  return type === 'xstate.raise' || type === 'xstate.cancel';
}

/** `enterCircuit(open)`: what a machine's `setup` calls it, and what it is told. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  if (typeof named !== 'object' || named === null || !('type' in named))
    throw new Error('an action, guard or actor without a name cannot be drawn: name it in setup');
  const params = 'params' in named && typeof named.params === 'object' ? named.params : null;
  return `${String(named.type)}${params === null ? '' : `(${Object.values(params).map(String).join(', ')})`}`;
}

function shown(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

import { allStates } from './chart.js';
import type { State, Transition } from './chart.js';
import { isWithin } from './order.js';

/**
 * A region at a glance: its own states, and when one follows another. What a state does, what is in it, and states
 * that are left as soon as they are entered are not in it.
 */
export function overviewOf(region: State): State {
  const { initial, states, transitions } = region;
  const stays = states.filter((state) => !isPassedThrough(state));
  const first = states.find(({ id }) => id === initial);
  const onwards = first && isPassedThrough(first) ? first.transitions.at(-1)?.target : initial;
  return {
    ...region,
    initial: onwards,
    transitions: leaving(transitions, region, stays),
    states: stays.map((state) => ({
      ...bare(state),
      transitions: leaving(
        allStates(state).flatMap((inner) => inner.transitions),
        state,
        stays,
      ).filter(({ target }) => target !== state.id),
    })),
  };
}

function isPassedThrough({ transitions }: State): boolean {
  return transitions.length > 0 && transitions.every(({ cause }) => cause === 'always');
}

function bare(state: State): State {
  const nothing = { entry: [], exit: [], invokes: [], states: [], initial: undefined };
  return { ...state, ...nothing, type: state.type === 'final' ? 'final' : 'atomic' };
}

/** Between whole states, and without what is done on the way. */
function leaving(
  transitions: readonly Transition[],
  from: State,
  states: readonly State[],
): readonly Transition[] {
  return transitions.flatMap((transition) => {
    const { target } = transition;
    const to = target !== undefined && states.find(({ id }) => isWithin(target, id));
    return to ? [{ ...transition, source: from.id, target: to.id, actions: [] }] : [];
  });
}

import { allStates } from './chart.js';
import type { State } from './chart.js';

/**
 * Whether an arrow leads back: to a state that comes before its own on the way from the initial state. All others
 * lead down the picture.
 */
export function backwardIn(root: State): (from: string, to: string) => boolean {
  const orders = allStates(root).map((state) => flow(state));
  return (from, to) =>
    orders.some((order) => {
      const [start, end] = [from, to].map((id) => order.findIndex((sibling) => isWithin(id, sibling)));
      return start !== undefined && end !== undefined && start !== -1 && end !== -1 && end < start;
    });
}

export function isWithin(id: string, ancestor: string): boolean {
  return id === ancestor || id.startsWith(`${ancestor}.`);
}

/**
 * The substates of a state in the order of their flow: a depth-first walk from the initial one, what happens without a
 * condition first, and each state before all that were found through it.
 */
function flow({ states, initial }: State): readonly string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  const visit = (state: State | undefined) => {
    if (!state || seen.has(state.id)) return;
    seen.add(state.id);
    const leaving = allStates(state).flatMap(({ transitions }) => transitions);
    for (const { target } of leaving.toSorted((a, b) => Number(!!a.guard) - Number(!!b.guard)))
      if (target !== undefined) visit(states.find(({ id }) => isWithin(target, id)));
    order.unshift(state.id);
  };
  visit(states.find(({ id }) => id === initial));
  for (const rest of states.filter(({ id }) => !seen.has(id))) {
    seen.add(rest.id);
    order.push(rest.id);
  }
  return order;
}

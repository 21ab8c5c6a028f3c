import { conditionOf } from './chart.js';
import type { State, Transition } from './chart.js';
import { alike, internal } from './labels.js';
import { isWithin } from './order.js';

/** Longest line of text in a state, in characters. */
const LINE = 56;

/** A state as a Mermaid state diagram, in the syntax that GitHub draws. */
export function mermaidOf(state: State): string {
  return ['stateDiagram-v2', ...stateLines(state).map((line) => `  ${line}`), ''].join('\n');
}

function stateLines(state: State): readonly string[] {
  const { id, name, states, type } = state;
  const heading = `state "${name}" as ${wordOf(id)}`;
  if (states.length === 0)
    return [
      heading,
      ...textLines(state).map((line) => `${wordOf(id)} : ${line}`),
      ...(type === 'final' ? [`${wordOf(id)} --> [*]`] : []),
    ];
  return [`${heading} {`, ...bodyLines(state).map((line) => `  ${line}`), '}'];
}

/**
 * Arrows stand before the states they join: a state belongs to where Mermaid last met it. What holds in every substate
 * is a state of its own, as Mermaid has no text in, and no arrow to a part of, a state round others.
 *
 * Parallel regions stand in their state without one of their own round them: Mermaid cannot lay that out.
 */
function bodyLines(state: State): readonly string[] {
  const { id, name, states, type, initial, transitions } = state;
  if (type === 'parallel') {
    if (transitions.length > 0) throw new Error(`${id}: transitions of a parallel state cannot be drawn yet`);
    return states.flatMap((child, index) => [...(index > 0 ? ['--'] : []), ...bodyLines(child)]);
  }
  const any = `${wordOf(id)}_any`;
  return [
    ...(initial === undefined ? [] : [`[*] --> ${wordOf(initial)}`]),
    ...arrowsIn(state, any),
    `state "any state of ${name}" as ${any}`,
    ...textLines(state).map((line) => `${any} : ${line}`),
    ...states.flatMap(stateLines),
  ];
}

/** The arrows that join two substates of a state, or parts of them. */
function arrowsIn({ id, states, transitions }: State, any: string): readonly string[] {
  const isOutside = ({ target }: Transition, child: State) =>
    target !== undefined && isWithin(target, id) && !isWithin(target, child.id);
  const crossing = (state: State, child: State): readonly Transition[] => [
    ...state.transitions.filter((transition) => isOutside(transition, child)),
    ...state.states.flatMap((inner) => crossing(inner, child)),
  ];
  const down = transitions.filter(
    ({ target }) => target !== undefined && target !== id && isWithin(target, id),
  );
  return [
    ...arrowLines(down, () => any),
    ...arrowLines(
      states.flatMap((child) => crossing(child, child)),
      wordOf,
    ),
  ];
}

function arrowLines(transitions: readonly Transition[], from: (id: string) => string): readonly string[] {
  return [...new Set(transitions.map(({ source }) => source))].flatMap((source) =>
    alike(transitions.filter((transition) => transition.source === source)).map(
      (group) => `${from(source)} --> ${wordOf(group[0].target ?? source)} : ${labelOf(group)}`,
    ),
  );
}

/** What stands in a state. */
function textLines(state: State): readonly string[] {
  const { id, description, entry, exit, invokes } = state;
  const kept = (keyword: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${keyword} / ${names.join(', ')}`];
  return [
    ...(description === undefined ? [] : [plain(description)]),
    ...kept('entry', entry),
    ...kept('exit', exit),
    ...kept('runs', invokes),
    ...alike(internal(state)).map((group) => {
      const [{ target, actions }] = group;
      if (target === id) return `${labelOf(group)} (re-enters)`;
      return actions.length === 0 ? `${labelOf(group)} (ignored)` : labelOf(group);
    }),
  ].flatMap(broken);
}

function labelOf(group: ReturnType<typeof alike>[number]): string {
  const [first] = group;
  const { actions } = first;
  const condition = conditionOf(first);
  return [
    group.map(({ cause }) => cause).join(', '),
    ...(condition === undefined ? [] : [`[${condition}]`]),
    ...(actions.length === 0 ? [] : [`/ ${actions.join(', ')}`]),
  ].join(' ');
}

/** Colons and semicolons end a text of Mermaid's. */
function plain(text: string): string {
  return text.replace(/[:;]/g, ' –').replaceAll('"', "'");
}

function broken(text: string): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length >= LINE) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function wordOf(id: string): string {
  return id.replaceAll('.', '_');
}

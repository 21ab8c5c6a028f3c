import { conditionOf } from './chart.js';
import type { State, Transition } from './chart.js';
import { balanced, blockOf, words, wrap } from './text.js';
import type { Block, Line, Span } from './text.js';

/** Transitions that differ in nothing but their event. */
type Alike = readonly [Transition, ...Transition[]];

/** Where text is broken, in pixels. */
const CODE_WIDTH = 304;
const EDGE_WIDTH = 256;
const PROSE_WIDTH = 236;
const INDENT = 12;

/** What stands at an arrow: a transition a line, and what it does below it. */
export function edgeLabel(transitions: readonly Transition[]): Block {
  return blockOf(alike(transitions).flatMap((group) => linesOf(group, EDGE_WIDTH)));
}

/** What stands in a state. */
export interface Content {
  readonly title: Block;
  readonly description: Block;
  /** Entry and exit actions, actors, and the transitions that do not leave the state. */
  readonly inside: Block;
}

/** @param isOutermost it is the whole picture, or a region of it */
export function contentOf(state: State, isOutermost: boolean): Content {
  const font = isOutermost ? 'heading' : 'title';
  const { name, description, entry, exit, invokes, states } = state;
  const wide = isOutermost ? 2.4 : states.length > 0 ? 1.6 : 1;
  const kept = (keyword: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : wrap([{ text: `${keyword} /`, kind: 'note' }, ...listOf(names)], 'code', CODE_WIDTH * wide, INDENT);
  const inside = blockOf([
    ...kept('entry', entry),
    ...kept('exit', exit),
    ...kept('runs', invokes),
    ...alike(internal(state)).flatMap((group) => linesOf(group, CODE_WIDTH * wide)),
  ]);
  const proseWidth = Math.max(PROSE_WIDTH * wide, inside.width);
  return {
    title: blockOf(wrap([{ text: name, kind: font }], font, Infinity)),
    description: blockOf(
      description === undefined ? [] : balanced(words(description, 'prose'), 'prose', proseWidth),
    ),
    inside,
  };
}

/** Transitions that leave no state, or enter the same one again: they are lines in it, not loops. */
export function internal({ id, transitions }: State): readonly Transition[] {
  return transitions.filter(({ target }) => target === undefined || target === id);
}

/** In the order of the first of each. */
export function alike(transitions: readonly Transition[]): readonly Alike[] {
  const groups = new Map<string, Alike>();
  for (const transition of transitions) {
    const { cause, guard, otherwise, actions, target } = transition;
    const deadline = cause.startsWith('after ') && cause;
    const key = JSON.stringify([deadline, guard, otherwise, actions, target]);
    groups.set(key, [...(groups.get(key) ?? []), transition] as unknown as Alike);
  }
  return [...groups.values()];
}

function linesOf(group: Alike, maxWidth: number): readonly Line[] {
  const [first] = group;
  const { source, actions, target } = first;
  const causes = group.map(({ id, cause }, index): Span => ({
    text: index < group.length - 1 ? `${cause},` : cause,
    kind: 'cause',
    transition: id,
  }));
  const condition = conditionOf(first);
  const head: Span[] = [...causes];
  if (condition !== undefined) head.push({ text: `[${condition}]`, kind: 'guard' });
  if (target === undefined && actions.length === 0) head.push({ text: 'ignored', kind: 'note' });
  if (target === source) head.push({ text: 're-enters', kind: 'note' });
  if (actions.length === 0) return wrap(head, 'code', maxWidth, INDENT);
  const effect: Span[] = [{ text: '/', kind: 'action' }, ...listOf(actions)];
  const inOne = wrap([...head, ...effect], 'code', maxWidth, INDENT);
  if (inOne.length === 1) return inOne;
  return [...wrap(head, 'code', maxWidth, INDENT), ...wrap(effect, 'code', maxWidth, INDENT).map(shifted)];
}

function shifted(line: Line, index: number): Line {
  return { ...line, indent: index === 0 ? INDENT : line.indent + INDENT };
}

function listOf(names: readonly string[]): readonly Span[] {
  return names.map((name, index) => ({
    text: index < names.length - 1 ? `${name},` : name,
    kind: 'action',
  }));
}

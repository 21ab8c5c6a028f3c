import type { State, Transition } from './chart.js';
import type { Content } from './labels.js';
import type { Block } from './text.js';

/** In pixels, from the upper left corner of the picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A text, and the box round it. */
export interface Label {
  readonly box: Box;
  readonly text: Block;
}

export interface PlacedState {
  readonly state: State;
  readonly box: Box;
  /** Where its own text stands. */
  readonly header: Box;
  readonly content: Content;
  readonly children: readonly PlacedState[];
  /** Where the arrow to its initial substate begins. */
  readonly dot: Box | undefined;
  /** Where arrows from any of its substates begin. */
  readonly pill: Label | undefined;
}

export interface PlacedEdge {
  /** None of the arrow to an initial state. */
  readonly transitions: readonly Transition[];
  readonly points: readonly Point[];
  readonly label: Label | undefined;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly state: PlacedState;
  readonly edges: readonly PlacedEdge[];
}

/** Space within boxes, and round the whole picture. */
export const PADDING = { x: 14, y: 10, label: 5, margin: 20 };

/** A state with all that is in it, in the order in which it is drawn. */
export function placedWithin(placed: PlacedState): readonly PlacedState[] {
  return [placed, ...placed.children.flatMap(placedWithin)];
}

/** How much room the text of a state takes, with the space around it. */
export function sizeOf({ title, description, inside }: Content): Pick<Box, 'width' | 'height'> {
  const gaps = (description.height > 0 ? 2 : 0) + (inside.height > 0 ? 11 : 0);
  return {
    width: Math.max(title.width, description.width, inside.width, 84) + 2 * PADDING.x,
    height: title.height + description.height + inside.height + gaps + 2 * PADDING.y,
  };
}

/** Lets the text of each state have all the room between the arrows that pass it, or the sides of the state. */
export function widened(placed: PlacedState, edges: readonly PlacedEdge[]): PlacedState {
  const { box, header, children } = placed;
  const passing = edges.flatMap(({ points }) =>
    points.flatMap(({ x, y }, index) => {
      const before = points[index - 1];
      if (before?.x !== x) return [];
      const [top, bottom] = [Math.min(y, before.y), Math.max(y, before.y)];
      return top < header.y + header.height && bottom > header.y + 1 ? [x] : [];
    }),
  );
  const left = Math.max(box.x, ...passing.filter((x) => x <= header.x));
  const right = Math.min(box.x + box.width, ...passing.filter((x) => x >= header.x + header.width));
  return {
    ...placed,
    header: { ...header, x: left, width: right - left },
    children: children.map((child) => widened(child, edges)),
  };
}

/**
 * The pictures of parallel regions in one: the first on the left, the others below each other on its right.
 *
 * @throws when there is no region
 */
export function sideBySide(state: State, content: Content, regions: readonly Picture[]): Picture {
  const [first, ...others] = regions;
  if (!first) throw new Error(`${state.id} has no regions`);
  const { margin } = PADDING;
  const header = { x: margin, y: margin, height: sizeOf(content).height };
  const column = Math.max(0, ...others.map(({ width }) => width));
  const placed = [moved(first, { x: margin, y: header.height })];
  let next = header.height;
  for (const region of others) {
    placed.push(moved(region, { x: first.width + (column - region.width) / 2, y: next }));
    next += region.height - margin;
  }
  const bottom = Math.max(...placed.map(({ state: { box } }) => box.y + box.height));
  const right = first.width + column - margin;
  const children = placed.map(({ state: region }, index) => {
    const isLast = index === 0 || index === placed.length - 1;
    const x = index === 0 ? region.box.x : first.width + margin;
    const width = index === 0 ? region.box.width : right - x;
    const height = isLast ? bottom - region.box.y : region.box.height;
    return { ...region, box: { ...region.box, x, width, height }, header: { ...region.header, x, width } };
  });
  const box = { x: margin, y: margin, width: right, height: bottom };
  return {
    width: right + 2 * margin,
    height: bottom + 2 * margin,
    state: {
      state,
      box,
      header: { ...header, width: right },
      content,
      children,
      dot: undefined,
      pill: undefined,
    },
    edges: placed.flatMap(({ edges }) => edges),
  };
}

function moved(picture: Picture, by: Point): Picture {
  const at = <T extends Point>(point: T): T => ({ ...point, x: point.x + by.x, y: point.y + by.y });
  const label = (one: Label | undefined) => one && { ...one, box: at(one.box) };
  const state = (one: PlacedState): PlacedState => ({
    ...one,
    box: at(one.box),
    header: at(one.header),
    dot: one.dot && at(one.dot),
    pill: label(one.pill),
    children: one.children.map(state),
  });
  return {
    ...picture,
    state: state(picture.state),
    edges: picture.edges.map((edge) => ({ ...edge, points: edge.points.map(at), label: label(edge.label) })),
  };
}

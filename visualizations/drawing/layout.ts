import ElkConstructor from 'elkjs';
import type { ELK, ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs';
import { allStates } from './chart.js';
import type { State, Transition } from './chart.js';
import { contentOf, edgeLabel, internal } from './labels.js';
import type { Content } from './labels.js';
import { backwardIn, isWithin } from './order.js';
import { PADDING, sideBySide, sizeOf, widened } from './picture.js';
import type { Box, Picture, PlacedEdge, PlacedState, Point } from './picture.js';
import { blockOf, wrap } from './text.js';
import type { Block } from './text.js';

const OPTIONS: LayoutOptions = {
  algorithm: 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.randomSeed': '1',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.thoroughness': '60',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.spacing.nodeNode': '36',
  'elk.spacing.edgeNode': '20',
  'elk.spacing.edgeEdge': '14',
  'elk.layered.spacing.nodeNodeBetweenLayers': '24',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
};

interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly transitions: readonly Transition[];
  readonly text: Block | undefined;
}

const DOT = 12;
const SMALLEST_STEP = 7;
const ANY = blockOf(wrap([{ text: 'any state', kind: 'note' }], 'prose', Infinity));
const dotOf = (id: string) => `${id} (initial)`;
const headerOf = (id: string) => `${id} (header)`;
const anyOf = (id: string) => `${id} (any)`;

/**
 * A picture of a state and all that is in it. The same state gives the same picture.
 *
 * Parallel regions have no arrows between them, so each is laid out by itself.
 */
export async function layout(state: State): Promise<Picture> {
  if (state.type === 'parallel')
    return sideBySide(state, contentOf(state, true), await Promise.all(state.states.map(layout)));
  const edges: Edge[] = [];
  const contents = new Map(allStates(state).map((one) => [one.id, contentOf(one, one === state)]));
  const nodes = nodeOf(state, contents, edges);
  const isBackward = backwardIn(state);
  const { margin } = PADDING;
  const Elk = ElkConstructor as unknown as new () => ELK;
  const graph: ElkNode = {
    id: 'picture',
    layoutOptions: { 'elk.padding': padding(margin, margin) },
    children: [nodes],
    // An arrow that leads back is laid out the other way round: states stand in the order of their flow.
    edges: edges.map((edge) => elkEdge(edge, isBackward(edge.from, edge.to))),
  };
  const done = await new Elk().layout(graph, { layoutOptions: OPTIONS });
  const boxes = new Map(nodesIn(done).map((node) => [node.id, boxOf(node)]));
  const routes = new Map(nodesIn(done).flatMap((node) => (node.edges ?? []).map((edge) => [edge.id, edge])));
  const placed = edges.map((edge) => placeEdge(edge, routes.get(edge.id), isBackward(edge.from, edge.to)));
  return {
    width: Math.ceil(done.width ?? 0),
    height: Math.ceil(done.height ?? 0),
    state: widened(place(state, contents, boxes), placed),
    edges: placed,
  };
}

type Contents = ReadonlyMap<string, Content>;

function nodeOf(state: State, contents: Contents, edges: Edge[]): ElkNode {
  const { id, states, initial, transitions } = state;
  const { width, height } = sizeOf(lookUp(contents, id));
  const kept = new Set(internal(state));
  const leaving = transitions.filter((transition) => !kept.has(transition));
  for (const target of new Set(leaving.map((transition) => transition.target ?? ''))) {
    const group = leaving.filter((transition) => transition.target === target);
    const from = isWithin(target, id) ? anyOf(id) : id;
    edges.push({ id: `${id} → ${target}`, from, to: target, transitions: group, text: edgeLabel(group) });
  }
  if (states.length === 0) return { id, width, height };
  const beginnings: ElkNode[] = [];
  if (initial !== undefined) {
    beginnings.push({ id: dotOf(id), width: DOT, height: DOT });
    edges.push({ id: dotOf(id), from: dotOf(id), to: initial, transitions: [], text: undefined });
  }
  if (leaving.some(({ target }) => target !== undefined && isWithin(target, id)))
    beginnings.push({ id: anyOf(id), width: ANY.width + 24, height: 26 });
  // The text is a node of its own, above all others, so that arrows go round it.
  const header: ElkNode = {
    id: headerOf(id),
    width,
    height: height - PADDING.y,
    layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
  };
  return {
    id,
    children: [header, ...beginnings, ...states.map((child) => nodeOf(child, contents, edges))],
    edges: beginnings.map((node) => ({
      id: `${header.id} ${node.id}`,
      sources: [header.id],
      targets: [node.id],
    })),
    layoutOptions: { 'elk.padding': padding(0, 18) },
  };
}

function elkEdge({ id, from, to, text }: Edge, isBackward: boolean): ElkExtendedEdge {
  const label = text && {
    text: id,
    width: text.width + 2 * PADDING.label,
    height: text.height + 2 * PADDING.label,
    layoutOptions: { 'elk.edgeLabels.inline': 'true' },
  };
  return {
    id,
    sources: [isBackward ? to : from],
    targets: [isBackward ? from : to],
    labels: label ? [label] : [],
  };
}

function place(state: State, contents: Contents, boxes: ReadonlyMap<string, Box>): PlacedState {
  const box = lookUp(boxes, state.id);
  const pill = boxes.get(anyOf(state.id));
  return {
    state,
    box,
    header: boxes.get(headerOf(state.id)) ?? box,
    content: lookUp(contents, state.id),
    children: state.states.map((child) => place(child, contents, boxes)),
    dot: boxes.get(dotOf(state.id)),
    pill: pill && { box: pill, text: ANY },
  };
}

function placeEdge(
  { id, transitions, text }: Edge,
  route: ElkExtendedEdge | undefined,
  isBackward: boolean,
): PlacedEdge {
  const [label] = route?.labels ?? [];
  const points = (route?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }): Point[] => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  if (points.length < 2) throw new Error(`${id} has no way`);
  return {
    transitions,
    points: straightened(isBackward ? points.toReversed() : points),
    label: label && text && { box: boxOf(label), text },
  };
}

function lookUp<T>(map: ReadonlyMap<string, T>, id: string): T {
  const found = map.get(id);
  if (found === undefined) throw new Error(`${id} has no place`);
  return found;
}

/** Without steps too small to be meant: what comes after such a step is moved into the line. */
function straightened(points: readonly Point[]): readonly Point[] {
  const straight = [...points];
  for (let index = 0; index + 2 < straight.length; index += 1) {
    const [before, step, after] = straight.slice(index, index + 3);
    if (!before || !step || !after) break;
    if (before.y !== step.y || before.x === step.x || Math.abs(before.x - step.x) > SMALLEST_STEP) continue;
    straight[index + 2] = { ...after, x: before.x };
    straight.splice(index + 1, 1);
  }
  return straight.filter(({ x, y }, index) => {
    const [before, after] = [straight[index - 1], straight[index + 1]];
    return !(before?.x === x && after?.x === x) && !(before?.y === y && after?.y === y);
  });
}

function padding(top: number, others: number): string {
  return `[top=${top},left=${others},bottom=${others},right=${others}]`;
}

function nodesIn(node: ElkNode): readonly ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(nodesIn)];
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box {
  return { x, y, width, height };
}

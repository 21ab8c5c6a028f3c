import { regionsOf } from '../../machines/regions.js';
import { Driver } from './driver.js';
import type { Edge, Graph, Node } from './graph.js';
import type { Scale } from './settings.js';
import type { Step } from './steps.js';

/** What a walk over a graph has done. */
export interface Walked {
  readonly paths: number;
  readonly steps: number;
  /** Transitions taken, or pairs of them, that were to be taken. */
  readonly done: number;
}

type Create = ConstructorParameters<typeof Driver>[2];

/** After so many steps a path ends and the next begins with a fresh engine, so that a failure is near its start. */
const LONGEST = 300;

/**
 * Walks over a graph until every transition has followed every transition that may come before it (`pairs`), or until
 * every transition was taken once. A path goes on where the one before it ended, by the shortest way to what is left.
 */
export async function tour(graph: Graph, scale: Scale, { pairs, create }: TourOptions): Promise<Walked> {
  // Of each transition (or of each state) how many of those that may follow have done so.
  const followed = new Map<Edge | Node, number>();
  const keyOf = (edge: Edge) => (pairs ? edge : edge.to);
  const isLeft = (edge: Edge) => (followed.get(keyOf(edge)) ?? 0) < edge.to.out.length;
  let steps = 0;
  let done = 0;
  for (let paths = 0; ; paths += 1) {
    const walker = Walker.begin(scale, graph, create);
    let way = wayTo(walker.at, isLeft);
    if (!way) return { paths, steps, done };
    let last: Edge | undefined;
    let before: Edge | undefined;
    try {
      while (way && walker.steps < LONGEST) {
        for (const edge of way) {
          [before, last] = [last, edge];
          const pending = walker.take(edge);
          if (pending) await pending;
        }
        while (last && isLeft(last) && walker.steps < LONGEST) {
          const next: number = followed.get(keyOf(last)) ?? 0;
          followed.set(keyOf(last), next + 1);
          done += 1;
          [before, last] = [last, last.to.out[next]];
          const pending = last && walker.take(last);
          if (pending) await pending;
        }
        way = wayTo(walker.at, isLeft);
      }
      await walker.end();
    } catch (error) {
      if (before && last) await inShort([before, last], graph, scale, create);
      throw error;
    }
    steps += walker.steps;
  }
}

/** A difference that also shows after the shortest way to it is easier to read. */
async function inShort(
  [before, last]: [Edge, Edge],
  graph: Graph,
  scale: Scale,
  create?: Create,
): Promise<void> {
  const walker = Walker.begin(scale, graph, create);
  const way = wayTo(walker.at, (edge) => edge === before) ?? [];
  for (const edge of [...way, last]) {
    const pending = walker.take(edge);
    if (pending) await pending;
  }
  await walker.end();
}

/** How many pairs of transitions a graph has of which one may follow the other. */
export function pairsOf({ edges }: Graph): number {
  return edges.reduce((sum, { to }) => sum + to.out.length, 0);
}

interface TourOptions {
  readonly pairs: boolean;
  readonly create?: Create | undefined;
}

/** Runs paths that were enumerated beforehand, each from the start. */
export async function runPaths(
  paths: readonly (readonly Step[])[],
  scale: Scale,
  create?: Create,
): Promise<Walked> {
  let steps = 0;
  for (const path of paths) {
    const driver = Driver.begin(scale.settings, scale.checked, create);
    await driver.run(path);
    await driver.end();
    steps += path.length;
  }
  return { paths: paths.length, steps, done: paths.length };
}

/** The shortest way from a node to the end of an edge for which something is left to do. */
/** The shortest way to a transition, which is its last. */
export function wayTo(from: Node, isGoal: (edge: Edge) => boolean): Edge[] | undefined {
  const before = new Map<Node, Edge | undefined>([[from, undefined]]);
  for (const [node] of before)
    for (const edge of node.out) {
      if (isGoal(edge)) {
        const way = [edge];
        for (let step = before.get(node); step; step = before.get(step.from)) way.unshift(step);
        return way;
      }
      if (!before.has(edge.to)) before.set(edge.to, edge);
    }
  return undefined;
}

/** A driver, and where on the graph it is. */
class Walker {
  steps = 0;

  private constructor(
    private readonly driver: Driver,
    public at: Node,
  ) {}

  static begin({ settings, checked }: Scale, { start }: Graph, create?: Create): Walker {
    const driver = Driver.begin(settings, checked, create);
    const at = driver.done.reduce(
      (node, label) => node.out.find((edge) => edge.label === label)?.to ?? node,
      start,
    );
    return new Walker(driver, at);
  }

  take(edge: Edge): Promise<void> | undefined {
    this.steps += 1;
    this.at = edge.to;
    const pending = this.driver.take(edge.step);
    if (!pending) this.#isWhereTheGraphSays();
    return pending?.then(() => {
      this.#isWhereTheGraphSays();
    });
  }

  async end(): Promise<void> {
    await this.driver.end();
  }

  /** The oracle knows every failure that ever was; the graph only what it counts as different. */
  #isWhereTheGraphSays(): void {
    const { circuit, health, nextCheck } = regionsOf(this.at.world.backend);
    const { oracle } = this.driver;
    const planned = oracle.check === 'waiting' || oracle.check === 'reconnecting';
    const out = oracle.check === 'queued' || oracle.check === 'running';
    const is = [
      oracle.circuit.replace('half-open', 'halfOpen'),
      oracle.health,
      planned ? 'planned' : out ? 'out' : 'none',
    ];
    const { callsOut } = oracle;
    const { probes } = this.at.world.backend.context;
    if (is.join() !== [circuit, health, nextCheck].join() || (circuit === 'halfOpen' && callsOut !== probes))
      throw new Error(
        `path: ${this.driver.done.join(' → ')}\n  graph:  ${[circuit, health, nextCheck, probes].join()}\n  oracle: ${[...is, callsOut].join()}`,
      );
  }
}

/** The ways to a backend that are compared: none, ours, the least there could be, and other gateways. */
export const WAYS = [
  'direct',
  'breakwater',
  'bytes',
  'naive',
  'civic',
  'hub',
  'mcpProxy',
  'supergateway',
] as const;
export type Way = (typeof WAYS)[number];

export const HEADS: Readonly<Record<Way, string>> = {
  direct: 'direct',
  breakwater: 'Breakwater',
  bytes: 'bytes passed on',
  naive: 'naive SDK proxy',
  civic: 'civic passthrough',
  hub: 'mcp-hub',
  mcpProxy: 'mcp-proxy',
  supergateway: 'supergateway',
};

/** What was found of each way, by name; one that did not take part is missing. */
export type Figures = Map<Way, Record<string, number>>;

/** Many values of each figure of each way, as the rounds bring them. */
export class Samples {
  readonly #values = new Map<Way, Map<string, number[]>>();

  add(way: Way, found: Readonly<Record<string, number>>): void {
    const ofWay = this.#values.get(way) ?? new Map<string, number[]>();
    this.#values.set(way, ofWay);
    for (const [figure, value] of Object.entries(found)) {
      const values = ofWay.get(figure);
      if (values) values.push(value);
      else ofWay.set(figure, [value]);
    }
  }

  remove(way: Way): void {
    this.#values.delete(way);
  }

  /** The lower quartile of each, for all of which less is better: what else runs on the machine hits all alike. */
  lowerQuartiles(): Figures {
    const figures: Figures = new Map();
    for (const [way, ofWay] of this.#values) {
      figures.set(
        way,
        Object.fromEntries([...ofWay].map(([name, values]) => [name, quantile(values, 0.25)])),
      );
    }
    return figures;
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

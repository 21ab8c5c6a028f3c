import type { Aggregation, ToolOverride, WorkloadTools } from '../config/config.js';
import type { ResourceEntry, ResourceTemplateEntry } from '../session/catalog.js';
import type { GatewayBackend } from './backend.js';
import { firstByNameKeeps, firstKeeps, noneKeeps, rankKeeps, resolveNames } from './names.js';
import type { Claim, Resolution, Rule } from './names.js';

/** The way from a name that clients see to the backend that has it. */
export interface Route {
  readonly backend: GatewayBackend;
  /** The backend's own name, URI or URI template. */
  readonly original: string;
  /** As it is listed. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** As the backend sent it. */
  readonly source: object;
  /** Never listed and not callable, but its name is taken. */
  readonly hidden: boolean;
}

/** A name that a backend claimed in vain. */
export interface LostName {
  readonly kind: Kind;
  readonly backend: string;
  readonly name: string;
  /** Who has it; undefined where nobody may have it. */
  readonly owner: string | undefined;
}

export type Kind = 'tools' | 'resources' | 'resourceTemplates' | 'prompts';

/**
 * Every name over the whole configured set, whatever the health of its backend: names follow from catalogs alone.
 * Each map is sorted by key.
 */
export interface Directory {
  readonly tools: ReadonlyMap<string, Route>;
  readonly resources: ReadonlyMap<string, Route>;
  readonly resourceTemplates: ReadonlyMap<string, Route>;
  readonly prompts: ReadonlyMap<string, Route>;
  readonly lost: readonly LostName[];
}

interface RouteClaim extends Claim, Route {
  readonly backend: GatewayBackend;
}

const NOTHING: Directory = {
  tools: new Map(),
  resources: new Map(),
  resourceTemplates: new Map(),
  prompts: new Map(),
  lost: [],
};
/** Where the strategy has no format of its own. Source: the reference, section 4.2. */
const DEFAULT_PREFIX = '{workload}_';

/**
 * Resolves all names.
 *
 * @param settled whether every backend had its chance to be heard from; before that, no name is given that a backend
 *   not yet heard from could outrank
 * @param previous whose owners keep what they have
 */
export function buildDirectory(
  backends: readonly GatewayBackend[],
  aggregation: Aggregation,
  settled: boolean,
  previous: Directory = NOTHING,
): Directory {
  const lost: LostName[] = [];
  const resolve = (
    kind: Kind,
    claims: readonly RouteClaim[],
    rule: Rule<RouteClaim>,
    prefixed: (claim: RouteClaim) => string,
  ): ReadonlyMap<string, Route> => {
    const holders = previous[kind] as ReadonlyMap<string, RouteClaim>;
    const resolution = resolveNames(claims, rule, prefixed, holders);
    // One by one: as arguments of one call so many may not fit on the stack.
    for (const name of lostOf(kind, resolution)) lost.push(name);
    return routesOf(kind, resolution.owners);
  };
  const own = ({ name }: Claim): string => name;
  const prefixed = (claim: Claim): string => prefixOf(DEFAULT_PREFIX, claim.backend.name) + claim.name;
  const { strategy } = aggregation;
  const ranked = strategy !== 'prefix';
  return {
    tools:
      ranked && !settled
        ? NOTHING.tools
        : resolve('tools', toolClaims(backends, aggregation), toolRule(aggregation), prefixed),
    prompts:
      ranked && !settled
        ? NOTHING.prompts
        : resolve('prompts', promptClaims(backends, aggregation), noneKeeps, own),
    resources: settled
      ? resolve('resources', resourceClaims(backends), firstByNameKeeps, own)
      : NOTHING.resources,
    resourceTemplates: settled
      ? resolve('resourceTemplates', templateClaims(backends), firstByNameKeeps, own)
      : NOTHING.resourceTemplates,
    lost,
  };
}

/** `format` with the backend's name in place of `{workload}`. */
export function prefixOf(format: string, backend: string): string {
  return format.replaceAll('{workload}', () => backend);
}

function toolRule({ strategy, priorityOrder }: Aggregation): Rule<RouteClaim> {
  if (strategy === 'priority') return rankKeeps(priorityOrder);
  return strategy === 'manual' ? noneKeeps : firstKeeps;
}

function toolClaims(
  backends: readonly GatewayBackend[],
  { strategy, prefixFormat, tools, excludeAllTools, defaultToolVisibility }: Aggregation,
): readonly RouteClaim[] {
  const settings = new Map(tools.map((workload) => [workload.workload, workload]));
  return backends.flatMap((backend) => {
    const workload = settings.get(backend.name);
    const prefix = strategy === 'prefix' ? prefixOf(prefixFormat, backend.name) : '';
    const allHidden = excludeAllTools || (workload ? workload.excludeAll : defaultToolVisibility === 'deny');
    return (backend.catalog?.tools ?? []).map((source): RouteClaim => {
      const override = workload?.overrides[source.name];
      const plain = override?.name ?? source.name;
      const name = prefix + plain;
      return {
        backend,
        name,
        original: source.name,
        source,
        entry: overridden(source, override),
        hidden: allHidden || !passesFilter(workload, plain),
      };
    });
  });
}

/** The filter sees names after overrides and before prefixes. Source: the reference, section 4.2. */
function passesFilter(workload: WorkloadTools | undefined, name: string): boolean {
  return workload?.filter?.includes(name) ?? true;
}

function overridden(
  source: Readonly<Record<string, unknown>>,
  override: ToolOverride | undefined,
): Readonly<Record<string, unknown>> {
  if (!override) return source;
  const { description, annotations } = override;
  return {
    ...source,
    ...(description !== undefined && { description }),
    ...(annotations && { annotations: { ...(source['annotations'] as object | undefined), ...annotations } }),
  };
}

function promptClaims(
  backends: readonly GatewayBackend[],
  { strategy, prefixFormat, priorityOrder }: Aggregation,
): readonly RouteClaim[] {
  return backends.flatMap((backend) => {
    const bare = strategy === 'priority' && priorityOrder.includes(backend.name);
    const format = strategy === 'prefix' ? prefixFormat : DEFAULT_PREFIX;
    const prefix = bare ? '' : prefixOf(format, backend.name);
    return (backend.catalog?.prompts ?? []).map((source) =>
      claim(backend, source, source.name, prefix + source.name),
    );
  });
}

function resourceClaims(backends: readonly GatewayBackend[]): readonly RouteClaim[] {
  return backends.flatMap((backend) =>
    (backend.catalog?.resources ?? []).map((source: ResourceEntry) =>
      claim(backend, source, source.uri, source.uri),
    ),
  );
}

function templateClaims(backends: readonly GatewayBackend[]): readonly RouteClaim[] {
  return backends.flatMap((backend) =>
    (backend.catalog?.resourceTemplates ?? []).map((source: ResourceTemplateEntry) =>
      claim(backend, source, source.uriTemplate, source.uriTemplate),
    ),
  );
}

function claim(
  backend: GatewayBackend,
  source: Readonly<Record<string, unknown>>,
  original: string,
  name: string,
): RouteClaim {
  return { backend, name, original, source, entry: source, hidden: false };
}

function routesOf(kind: Kind, owners: ReadonlyMap<string, RouteClaim>): ReadonlyMap<string, RouteClaim> {
  const sorted = [...owners].sort(([one], [other]) => (one < other ? -1 : 1));
  if (kind === 'resources' || kind === 'resourceTemplates') return new Map(sorted);
  return new Map(
    sorted.map(([name, route]) => {
      const entry = route.entry['name'] === name ? route.entry : { ...route.entry, name };
      return [name, { ...route, entry }];
    }),
  );
}

function lostOf(kind: Kind, { lost }: Resolution<RouteClaim>): readonly LostName[] {
  return lost.map(({ claim: { backend, name }, owner }) => ({ kind, backend: backend.name, name, owner }));
}

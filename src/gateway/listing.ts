import type { Aggregation } from '../config/config.js';
import type { Log } from '../logging/log.js';
import type { GatewayBackend, Unavailable } from './backend.js';
import { buildDirectory } from './directory.js';
import type { Directory, Kind, LostName, Route } from './directory.js';
import { GATEWAY_LIMITS } from './limits.js';

/** One entry of a list; equal `source` and `key` mean that nothing about it has changed. */
export interface Listed {
  readonly key: string;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly source: object;
}

const KINDS = ['tools', 'resources', 'resourceTemplates', 'prompts'] as const satisfies readonly Kind[];

/** What is advertised now, derived from catalogs and standings, both of which others own. */
export class Listing {
  #directory: Directory;
  #settled = false;
  readonly #catalogs: unknown[];
  readonly #lists = new Map<Kind, { readonly standings: string; readonly list: readonly Listed[] }>();
  readonly #toldLost = new Set<string>();

  constructor(
    readonly backends: readonly GatewayBackend[],
    private readonly aggregation: Aggregation,
    private readonly log: Log,
  ) {
    this.#catalogs = backends.map(({ catalog }) => catalog);
    this.#directory = this.#build();
  }

  /** Whether every backend has been heard from, or had its time to be. */
  get settled(): boolean {
    return this.#settled;
  }

  /** From now on names are given without waiting for backends not yet heard from. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#rebuild();
  }

  /** Every name, listed or not. */
  get directory(): Directory {
    this.#refresh();
    return this.#directory;
  }

  /** What is listed of one kind at this moment, sorted by key. The same array for as long as it is the same list. */
  list(kind: Kind): readonly Listed[] {
    this.#refresh();
    const standings = this.backends.map(({ advertised }) => (advertised ? '1' : '0')).join('');
    const known = this.#lists.get(kind);
    if (known?.standings === standings) return known.list;
    const fresh = this.#listedOf(this.#directory[kind]);
    const list = known && sameList(known.list, fresh) ? known.list : fresh;
    this.#lists.set(kind, { standings, list });
    return list;
  }

  /** Backends whose entries are missing from the lists, in the order of the configuration. */
  unavailable(): readonly Unavailable[] {
    return this.backends.filter(({ advertised }) => !advertised).map(whyUnlisted);
  }

  /** Backends of which no entry is known yet. */
  unheard(): readonly GatewayBackend[] {
    return this.backends.filter(({ catalog }) => catalog === undefined);
  }

  #refresh(): void {
    if (!this.#settled && this.backends.every(({ heard }) => heard)) {
      this.settle();
      return;
    }
    if (this.backends.some(({ catalog }, index) => catalog !== this.#catalogs[index])) this.#rebuild();
  }

  #rebuild(): void {
    for (const [index, { catalog }] of this.backends.entries()) this.#catalogs[index] = catalog;
    this.#directory = this.#build(this.#directory);
    // What is listed may be the same still: the lists themselves are compared when they are asked for.
    for (const [kind, known] of this.#lists) this.#lists.set(kind, { ...known, standings: '' });
    this.#tellLost(this.#directory.lost);
  }

  #build(previous?: Directory): Directory {
    return buildDirectory(this.backends, this.aggregation, this.#settled, previous);
  }

  #listedOf(routes: ReadonlyMap<string, Route>): readonly Listed[] {
    const list: Listed[] = [];
    for (const [key, { backend, entry, source, hidden }] of routes) {
      if (!hidden && (backend.advertised || this.aggregation.unavailable === 'keep')) {
        list.push({ key, entry, source });
      }
    }
    return list;
  }

  /** Each once: the same conflict comes back with every catalog. */
  #tellLost(lost: readonly LostName[]): void {
    for (const name of lost) {
      const id = JSON.stringify(name);
      if (this.#toldLost.has(id) || this.#toldLost.size >= MAX_TOLD) continue;
      this.#toldLost.add(id);
      this.log.warn(
        { backend: name.backend, kind: name.kind, name: name.name, owner: name.owner },
        (name.owner === undefined
          ? 'several backends claim this name, so none gets it'
          : 'another backend has this name already, so this one does not get it') +
          (name.kind === 'tools' ? '; tell them apart with overrides' : ''),
      );
    }
  }
}

/** Kinds of lists that a client is told about when they change. Templates belong to the resources. */
export const NOTICES = {
  'notifications/tools/list_changed': ['tools'],
  'notifications/resources/list_changed': ['resources', 'resourceTemplates'],
  'notifications/prompts/list_changed': ['prompts'],
} as const satisfies Record<string, readonly Kind[]>;

export type Notice = keyof typeof NOTICES;

/** All lists at one moment. */
export type Lists = Readonly<Record<Kind, readonly Listed[]>>;

export function listsOf(listing: Listing): Lists {
  const [tools, resources, resourceTemplates, prompts] = KINDS.map((kind) => listing.list(kind));
  return {
    tools: tools ?? [],
    resources: resources ?? [],
    resourceTemplates: resourceTemplates ?? [],
    prompts: prompts ?? [],
  };
}

/** What differs, as the notifications that tell it. */
export function noticesBetween(before: Lists, after: Lists): readonly Notice[] {
  return (Object.keys(NOTICES) as Notice[]).filter((notice) =>
    NOTICES[notice].some((kind) => !sameList(before[kind], after[kind])),
  );
}

const MAX_TOLD = 1_000;

/** What has been compared, for as long as both lists are held: a thousand sessions have mostly seen the same ones. */
const compared = new WeakMap<readonly Listed[], WeakMap<readonly Listed[], boolean>>();

function sameList(one: readonly Listed[], other: readonly Listed[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  const known = compared.get(one) ?? new WeakMap<readonly Listed[], boolean>();
  compared.set(one, known);
  const same = known.get(other) ?? sameEntries(one, other);
  known.set(other, same);
  return same;
}

function sameEntries(one: readonly Listed[], other: readonly Listed[]): boolean {
  return one.every((item, index) => {
    const counterpart = other[index];
    return counterpart !== undefined && sameEntry(item, counterpart);
  });
}

/** A catalog that was read again has new objects for the same entries. */
function sameEntry(one: Listed, other: Listed): boolean {
  if (one.key !== other.key) return false;
  return one.source === other.source || JSON.stringify(one.entry) === JSON.stringify(other.entry);
}

/** Why nothing of a backend is listed. */
export function whyUnlisted(backend: GatewayBackend): Unavailable {
  const reason = 'it has not answered yet, and may still be starting';
  return (
    backend.unavailable() ?? {
      backend: backend.name,
      code: 'BACKEND_UNHEALTHY',
      reason,
      retryAfterMs: GATEWAY_LIMITS.startRetryMs,
    }
  );
}

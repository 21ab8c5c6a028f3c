import type { Catalog } from './catalog.js';
import { isRecord } from './message.js';
import type { Answer, Fault } from './outcome.js';
import { fault } from './outcome.js';
import type { SessionLimits } from './session-limits.js';

/** The four lists of a catalog: what declares them, how they are asked for, and which key names an entry. */
const LISTS = {
  tools: { capability: 'tools', method: 'tools/list', name: 'name' },
  resources: { capability: 'resources', method: 'resources/list', name: 'uri' },
  resourceTemplates: { capability: 'resources', method: 'resources/templates/list', name: 'uriTemplate' },
  prompts: { capability: 'prompts', method: 'prompts/list', name: 'name' },
} as const;

export type ListName = keyof typeof LISTS;
export type Lists = Pick<Catalog, ListName>;
type Entry = Readonly<Record<string, unknown>>;

export const LIST_NAMES = Object.keys(LISTS) as readonly ListName[];

/** Which lists a `list_changed` notification speaks of; none for any other method. */
export function listsChangedBy(method: string): readonly ListName[] {
  const capability = /^notifications\/(tools|resources|prompts)\/list_changed$/.exec(method)?.[1];
  return capability === undefined ? [] : LIST_NAMES.filter((list) => LISTS[list].capability === capability);
}

/** The cheapest declared list request, for backends that do not know `ping`; undefined when none is declared. */
export function declaredListMethod(capabilities: Catalog['capabilities']): string | undefined {
  const list = LIST_NAMES.find((name) => capabilities[LISTS[name].capability] !== undefined);
  return list === undefined ? undefined : LISTS[list].method;
}

export interface EnumerationTerms {
  readonly capabilities: Catalog['capabilities'];
  /** What to read; the other lists are taken over. */
  readonly wanted: Iterable<ListName>;
  /** The lists of before; a list that cannot be read stays as it was. */
  readonly previous: Lists | undefined;
  readonly limits: SessionLimits;
  /** Sends one list request. */
  readonly ask: (method: string, params: Readonly<Record<string, unknown>>) => Promise<Answer>;
  readonly onWarning: (text: string) => void;
}

export interface Enumeration {
  readonly lists: Lists;
  /** Lists that could not be read and are as before. */
  readonly failed: readonly ListName[];
  /** Why, where it is evidence against the backend; a JSON-RPC error is none. */
  readonly fault?: Fault;
}

/** Reads lists with all their pages, within the limits. Never rejects. */
export async function enumerate(terms: EnumerationTerms): Promise<Enumeration> {
  const wanted = [...terms.wanted];
  const readings = await Promise.all(
    wanted.map(async (list) => ({ list, reading: await readList(list, terms) })),
  );
  const lists: Record<ListName, readonly Entry[]> = {
    ...{ tools: [], resources: [], resourceTemplates: [], prompts: [] },
    ...terms.previous,
  };
  const failed: ListName[] = [];
  let found: Fault | undefined;
  for (const { list, reading } of readings) {
    if (reading.kind === 'entries') lists[list] = reading.entries;
    else {
      failed.push(list);
      if (reading.kind === 'fault') found ??= reading.fault;
      else terms.onWarning(`${LISTS[list].method} failed with error ${reading.code}; the last list is kept`);
    }
  }
  // Each entry was kept because the key that names it is a string.
  return { lists: lists as unknown as Lists, failed, ...(found === undefined ? {} : { fault: found }) };
}

type Reading =
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'fault'; readonly fault: Fault };

const METHOD_NOT_FOUND = -32601;

async function readList(list: ListName, terms: EnumerationTerms): Promise<Reading> {
  const { capability, method } = LISTS[list];
  if (terms.capabilities[capability] === undefined) return { kind: 'entries', entries: [] };
  const kept = new Map<string, Entry>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (;;) {
    const answer = await terms.ask(method, cursor === undefined ? {} : { cursor });
    if (answer.kind === 'fault') return answer;
    if (answer.kind === 'error') {
      // Declared, but not there: servers without templates do this.
      return answer.code === METHOD_NOT_FOUND ? { kind: 'entries', entries: [] } : answer;
    }
    const page = answer.result[list];
    if (!Array.isArray(page)) return { kind: 'fault', fault: fault('malformed', `${method} gave no list`) };
    const complete = keep(page, list, kept, terms);
    const next = answer.result['nextCursor'];
    if (!complete || typeof next !== 'string' || next === '') break;
    if (cursors.has(next)) {
      terms.onWarning(`${method} repeats its cursor; what came until then is kept`);
      break;
    }
    cursors.add(next);
    if (cursors.size >= terms.limits.maxPages) {
      terms.onWarning(`${method} has more than ${terms.limits.maxPages} pages; the rest is dropped`);
      break;
    }
    cursor = next;
  }
  return { kind: 'entries', entries: [...kept.values()] };
}

/** Keeps the entries of one page that have a name of their own; false when the list is full. */
function keep(
  page: readonly unknown[],
  list: ListName,
  kept: Map<string, Entry>,
  { limits, onWarning }: EnumerationTerms,
): boolean {
  const { method, name } = LISTS[list];
  let nameless = 0;
  let repeated = 0;
  let full = false;
  for (const entry of page) {
    const key = isRecord(entry) ? entry[name] : undefined;
    if (typeof key !== 'string' || !isRecord(entry)) nameless += 1;
    else if (kept.has(key)) repeated += 1;
    else if (kept.size >= limits.maxItems) {
      full = true;
      break;
    } else kept.set(key, entry);
  }
  if (nameless > 0) onWarning(`${method}: ${nameless} entries without a ${name} are dropped`);
  if (repeated > 0) onWarning(`${method}: ${repeated} entries repeat a ${name} and are dropped`);
  if (full) onWarning(`${method} has more than ${limits.maxItems} entries; the rest is dropped`);
  return !full;
}

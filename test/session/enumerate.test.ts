import { describe, expect, it } from 'vitest';
import type { EnumerationTerms } from '../../src/session/enumerate.js';
import { declaredListMethod, enumerate, LIST_NAMES, listsChangedBy } from '../../src/session/enumerate.js';
import type { Answer } from '../../src/session/outcome.js';
import { fault } from '../../src/session/outcome.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';

const ALL = { tools: {}, resources: {}, prompts: {} };
const LISTS: Readonly<Record<string, Record<string, unknown>>> = {
  'tools/list': { tools: [{ name: 'new' }] },
  'resources/list': { resources: [{ uri: 'test://new' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'test://{new}' }] },
  'prompts/list': { prompts: [{ name: 'new' }] },
};
const OLD = {
  tools: [{ name: 'old' }],
  resources: [{ uri: 'test://old' }],
  resourceTemplates: [{ uriTemplate: 'test://{old}' }],
  prompts: [{ name: 'old' }],
};
const NEW = {
  tools: [{ name: 'new' }],
  resources: [{ uri: 'test://new' }],
  resourceTemplates: [{ uriTemplate: 'test://{new}' }],
  prompts: [{ name: 'new' }],
};

/** Enumerates a backend that answers as told, else with the lists above. */
async function run(
  answers: Readonly<Record<string, (cursor: string | undefined) => Answer>> = {},
  more: Partial<EnumerationTerms> = {},
) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const enumeration = await enumerate({
    capabilities: ALL,
    wanted: LIST_NAMES,
    previous: undefined,
    limits: DEFAULT_LIMITS,
    ask: (method, params) => {
      const cursor = params['cursor'] as string | undefined;
      asked.push(cursor === undefined ? method : `${method} ${cursor}`);
      const answer = answers[method]?.(cursor);
      return Promise.resolve(answer ?? { kind: 'result', result: LISTS[method]! });
    },
    onWarning: (text) => warnings.push(text),
    ...more,
  });
  return { ...enumeration, asked, warnings };
}

const result = (value: Record<string, unknown>): Answer => ({ kind: 'result', result: value });
const error = (code: number): Answer => ({ kind: 'error', code, message: 'no' });
const broken: Answer = { kind: 'fault', fault: fault('deadline', 'late') };
const tools = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `t${index}` }));

describe('an enumeration', () => {
  it('reads what is wanted and takes the rest over [R36]', async () => {
    const { lists, failed, asked } = await run({}, { wanted: ['prompts'], previous: OLD });
    expect(lists).toEqual({ ...OLD, prompts: NEW.prompts });
    expect(failed).toEqual([]);
    expect(asked).toEqual(['prompts/list']);
  });

  it('asks for declared lists only; the others are empty [R36]', async () => {
    const { lists, asked, fault: found } = await run({}, { capabilities: { tools: {} }, previous: OLD });
    expect(lists).toEqual({ tools: NEW.tools, resources: [], resourceTemplates: [], prompts: [] });
    expect(asked).toEqual(['tools/list']);
    expect(found).toBeUndefined();
  });

  it('takes a declared list whose method is not found for an empty one [R36]', async () => {
    const { lists, failed, warnings } = await run({ 'resources/templates/list': () => error(-32601) });
    expect(lists).toEqual({ ...NEW, resourceTemplates: [] });
    expect([failed, warnings]).toEqual([[], []]);
  });

  it('keeps a list that is answered with an error as it was, which is no fault [R08]', async () => {
    const {
      lists,
      failed,
      warnings,
      fault: found,
    } = await run({ 'tools/list': () => error(-32603) }, { previous: OLD });
    expect(lists).toEqual({ ...NEW, tools: OLD.tools });
    expect(failed).toEqual(['tools']);
    expect(warnings).toEqual(['tools/list failed with error -32603; the last list is kept']);
    expect(found).toBeUndefined();
  });

  it('keeps a list that fails as it was, with the fault, and reads the others [R36]', async () => {
    const { lists, failed, fault: found } = await run({ 'prompts/list': () => broken }, { previous: OLD });
    expect(lists).toEqual({ ...NEW, prompts: OLD.prompts });
    expect(failed).toEqual(['prompts']);
    expect(found).toEqual(fault('deadline', 'late'));
  });

  it('keeps nothing of a list whose second page fails [R36]', async () => {
    const { lists, failed } = await run(
      {
        'tools/list': (cursor) =>
          cursor === undefined ? result({ tools: [{ name: 'a' }], nextCursor: 'b' }) : broken,
      },
      { previous: OLD },
    );
    expect(lists.tools).toEqual(OLD.tools);
    expect(failed).toEqual(['tools']);
  });

  it.each([null, {}, 'x', undefined])('takes %j for no list, which is a fault [R36]', async (page) => {
    const { failed, fault: found } = await run({ 'tools/list': () => result({ tools: page }) });
    expect(failed).toEqual(['tools']);
    expect(found).toEqual(fault('malformed', 'tools/list gave no list'));
  });
});

describe('pages', () => {
  const pages = (last: number) => (cursor: string | undefined) => {
    const page = Number(cursor ?? 1);
    return result({ tools: [{ name: `t${page}` }], ...(page < last && { nextCursor: `${page + 1}` }) });
  };

  it.each([
    ['at the limit', 5, 5, 0],
    ['one over it', 6, 5, 1],
    ['without end', Infinity, 5, 1],
  ])('are read up to a limit: %s [R36]', async (_, last, read, warned) => {
    const { lists, asked, warnings } = await run(
      { 'tools/list': pages(last) },
      { wanted: ['tools'], limits: { ...DEFAULT_LIMITS, maxPages: 5 } },
    );
    expect(lists.tools.length).toBe(read);
    expect(asked.length).toBe(read);
    expect(warnings).toEqual(warned === 0 ? [] : ['tools/list has more than 5 pages; the rest is dropped']);
  });

  it.each([
    ['the same cursor again', ['x', 'x'], 2],
    ['a cycle of three', ['x', 'y', 'z', 'x'], 4],
  ])('end with a warning where the cursor repeats: %s [R36]', async (_, cursors, read) => {
    let page = 0;
    const { lists, warnings } = await run(
      { 'tools/list': () => result({ tools: [{ name: `t${page}` }], nextCursor: cursors[page++] }) },
      { wanted: ['tools'] },
    );
    expect(lists.tools.length).toBe(read);
    expect(warnings).toEqual(['tools/list repeats its cursor; what came until then is kept']);
  });

  it.each(['', null, 7])('end where the cursor is %j [R36]', async (nextCursor) => {
    const { asked, warnings } = await run(
      { 'tools/list': () => result({ tools: [], nextCursor }) },
      { wanted: ['tools'] },
    );
    expect([asked, warnings]).toEqual([['tools/list'], []]);
  });
});

describe('entries', () => {
  it.each([
    ['at the limit', 10, 10, 0],
    ['one over it', 11, 10, 1],
    ['far over it', 10_000, 10, 1],
  ])('are kept up to a limit: %s [R36]', async (_, count, kept, warned) => {
    const { lists, warnings } = await run(
      { 'tools/list': () => result({ tools: tools(count), ...(warned > 0 && { nextCursor: 'more' }) }) },
      { wanted: ['tools'], limits: { ...DEFAULT_LIMITS, maxItems: 10 } },
    );
    expect(lists.tools).toEqual(tools(kept));
    expect(warnings).toEqual(
      warned === 0 ? [] : ['tools/list has more than 10 entries; the rest is dropped'],
    );
  });

  it('without a name are dropped, of those with one name the first is kept [R36]', async () => {
    const page = [{ name: 'a', first: true }, null, 7, [], { name: 8 }, { name: 'a' }, { name: '' }];
    const {
      lists,
      warnings,
      fault: found,
    } = await run({ 'tools/list': () => result({ tools: page }) }, { wanted: ['tools'] });
    expect(lists.tools).toEqual([{ name: 'a', first: true }, { name: '' }]);
    expect(warnings).toEqual([
      'tools/list: 4 entries without a name are dropped',
      'tools/list: 1 entries repeat a name and are dropped',
    ]);
    expect(found).toBeUndefined();
  });

  it('that repeat a name of an earlier page are dropped [R36]', async () => {
    const { lists } = await run({
      'resources/list': (cursor) =>
        result({
          resources: [{ uri: 'test://a', page: cursor ?? 'first' }],
          ...(cursor === undefined && { nextCursor: 'second' }),
        }),
    });
    expect(lists.resources).toEqual([{ uri: 'test://a', page: 'first' }]);
  });
});

describe('the methods of lists', () => {
  it.each([
    ['notifications/tools/list_changed', ['tools']],
    ['notifications/resources/list_changed', ['resources', 'resourceTemplates']],
    ['notifications/prompts/list_changed', ['prompts']],
    ['notifications/roots/list_changed', []],
    ['notifications/tools/list_changed2', []],
    ['notifications/message', []],
  ])('%s speaks of %j [R22]', (method, lists) => {
    expect(listsChangedBy(method)).toEqual(lists);
  });

  it.each([
    [{ tools: {} }, 'tools/list'],
    [{ resources: {} }, 'resources/list'],
    [{ prompts: {} }, 'prompts/list'],
    [{ prompts: {}, tools: {} }, 'tools/list'],
    [{ logging: {} }, undefined],
  ])('of %j the cheapest to ask for is %s [R13]', (capabilities, method) => {
    expect(declaredListMethod(capabilities)).toBe(method);
  });
});

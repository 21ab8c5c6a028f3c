import { describe, expect, it } from 'vitest';
import { stdioBackend, timed, until } from './stdio-backend.js';

const succeeded = { kind: 'succeeded' };
const CHANGED = 'notifications/tools/list_changed';
const names = (catalog: { tools: readonly { name: string }[] } | undefined) =>
  catalog?.tools.map(({ name }) => name);

describe('a catalog', () => {
  it('is read whole when a session begins, with what was agreed on [R22]', async () => {
    const { check, session, catalogs } = stdioBackend();
    expect(session.catalog).toBeUndefined();
    expect(await check()).toEqual(succeeded);
    expect(catalogs).toEqual([
      {
        tools: [{ name: 'echo', inputSchema: { type: 'object' } }],
        resources: [{ uri: 'test://one', name: 'one' }],
        resourceTemplates: [{ uriTemplate: 'test://{x}', name: 'x' }],
        prompts: [{ name: 'hello' }],
        capabilities: { tools: { listChanged: true }, resources: {}, prompts: {} },
        serverInfo: { name: 'hostile', version: '1.0.0' },
        instructions: 'mode normal',
        revision: '2025-11-25',
      },
    ]);
    expect(session.catalog).toBe(catalogs[0]);
  });

  it('is published before the first check ends, and read for a first call too [R22]', async () => {
    const { call, catalogs } = stdioBackend();
    expect((await call('echo')).kind).toBe('result');
    await until(() => catalogs.length === 1);
  });

  it.each([
    ['pages', ['page-0', 'page-1', 'page-2', 'page-3', 'page-4'], undefined],
    [
      'list-loop',
      ['from-first', 'from-again'],
      'tools/list repeats its cursor; what came until then is kept',
    ],
    ['list-endless', ['page-0', 'page-1', 'page-2'], 'tools/list has more than 3 pages; the rest is dropped'],
    ['list-odd', ['a', 'b'], 'tools/list: 4 entries without a name are dropped'],
    ['list-proto', ['__proto__'], undefined],
    ['no-templates', ['echo'], undefined],
    ['prompts-broken', ['echo'], 'prompts/list failed with error -32603; the last list is kept'],
  ])('of a backend in mode %s holds %j [R36]', async (mode, tools, warning) => {
    const maxPages = mode === 'list-endless' ? 3 : 100;
    const { check, session, warnings } = stdioBackend(mode, { limits: { maxPages } });
    expect(await check()).toEqual(succeeded);
    expect(names(session.catalog)).toEqual(tools);
    expect(warnings()[0]).toBe(warning);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    [undefined, 2_000],
    [20_000, 10_000],
  ])('of ten thousand tools holds as many as maxItems %s admits [R36]', async (maxItems, kept) => {
    const { check, session } = stdioBackend('list-many', {
      limits: maxItems === undefined ? {} : { maxItems },
    });
    expect(await check()).toEqual(succeeded);
    expect(session.catalog?.tools.length).toBe(kept);
  });

  it('of a backend that declares no list is empty, and no list is asked for [R22]', async () => {
    const { check, session, counts } = stdioBackend('nothing');
    expect(await check()).toEqual(succeeded);
    expect(session.catalog).toMatchObject({ tools: [], resources: [], resourceTemplates: [], prompts: [] });
    expect(Object.keys(await counts()).filter((method) => method.endsWith('/list'))).toEqual([]);
  });

  it('of a backend that declares one list is asked for that one [R22]', async () => {
    const { check, counts } = stdioBackend('tools-only');
    await check();
    expect(Object.keys(await counts()).filter((method) => method.endsWith('/list'))).toEqual(['tools/list']);
  });
});

describe('a first catalog that cannot be read whole', () => {
  it('is not published, and fails the check again and again [R36]', async () => {
    const { check, session, catalogs } = stdioBackend('list-null');
    for (let round = 0; round < 2; round += 1) {
      expect(await check()).toEqual({ kind: 'failed', failure: { category: 'protocol_error' } });
    }
    expect(session.live).toBe(true);
    expect([session.catalog, catalogs]).toEqual([undefined, []]);
  });

  it('for want of an answer ends by its own time [R36]', async () => {
    const { check, catalogs, session } = stdioBackend('list-never', { limits: { maxEnumerationMs: 200 } });
    const { value, ms } = await timed(() => check());
    expect(value).toEqual({ kind: 'failed', failure: { category: 'timeout' } });
    expect(ms).toBeLessThan(2_000);
    expect([catalogs.length, session.held]).toEqual([0, 0]);
  });

  it('for too deep an entry is refused, and does no harm [R36]', async () => {
    const { check, call, catalogs } = stdioBackend('list-deep', {
      arguments: ['50000'],
      limits: { refreshGapMs: 10 },
    });
    expect(await check()).toEqual({ kind: 'failed', failure: { category: 'protocol_error' } });
    expect((await call('notify', { method: CHANGED, times: 3 })).kind).toBe('result');
    expect(await check()).toEqual({ kind: 'failed', failure: { category: 'protocol_error' } });
    expect(catalogs).toEqual([]);
  });

  it('for an entry one level over the limit is refused, and one at the limit can be compared [R36]', async () => {
    // The message, its result, the list and the entry are four levels.
    const over = stdioBackend('list-deep', { arguments: ['997'] });
    expect(await over.check()).toMatchObject({ kind: 'failed' });
    const { check, call, catalogs } = stdioBackend('list-deep', {
      arguments: ['996'],
      limits: { refreshGapMs: 10 },
    });
    expect(await check()).toEqual(succeeded);
    await call('notify', { method: CHANGED, times: 1 });
    await until(() => catalogs.length === 2);
  });
});

describe('a list that changed', () => {
  it('is read again, and told if it differs [R22]', async () => {
    const { ready, call, catalogs, session, counts } = stdioBackend('list-changing', {
      limits: { refreshGapMs: 50 },
    });
    await ready();
    await call('notify', { method: CHANGED, times: 1 });
    await until(() => catalogs.length === 2);
    expect(catalogs.map(names)).toEqual([['listing-1'], ['listing-2']]);
    expect(session.catalog).toBe(catalogs[1]);
    // Only what is said to have changed.
    expect(await counts()).toMatchObject({ 'tools/list': 2, 'resources/list': 1, 'prompts/list': 1 });
  });

  it('but reads the same is not told [R22]', async () => {
    const { ready, call, check, catalogs, counts } = stdioBackend('normal', { limits: { refreshGapMs: 1 } });
    await ready();
    await call('notify', { method: CHANGED, times: 1 });
    await check();
    expect(await counts()).toMatchObject({ 'tools/list': 2 });
    expect(catalogs.length).toBe(1);
  });

  it('in a flood is read once per gap [R36]', async () => {
    const refreshGapMs = 300;
    const { ready, call, catalogs, counts, notifications } = stdioBackend('list-changing', {
      limits: { refreshGapMs },
    });
    const start = performance.now();
    await ready();
    for (const round of [2, 3]) {
      await call('notify', { method: CHANGED, times: 10_000 });
      await until(() => catalogs.length >= round);
    }
    const gaps = Math.floor((performance.now() - start) / refreshGapMs);
    const { 'tools/list': listed } = await counts();
    expect(listed).toBeGreaterThanOrEqual(3);
    expect(listed).toBeLessThanOrEqual(gaps + 1);
    expect(notifications).toEqual([]);
  });

  it('while it is read is read again [R22]', async () => {
    const { ready, catalogs } = stdioBackend('list-changed-while-listed', { limits: { refreshGapMs: 50 } });
    await ready();
    await until(() => catalogs.length === 2);
    expect(catalogs.map(names)).toEqual([['before'], ['echo']]);
  });

  it.each([
    ['list-broken-later', 'is answered with an error', succeeded],
    ['list-null-later', 'is none any more', { kind: 'failed', failure: { category: 'protocol_error' } }],
  ])('in mode %s %s: the last one is kept [R36]', async (mode, _, outcome) => {
    const { ready, call, check, catalogs, session } = stdioBackend(mode, { limits: { refreshGapMs: 1 } });
    await ready();
    await call('notify', { method: CHANGED, times: 1 });
    for (let round = 0; round < 2; round += 1) expect(await check()).toEqual(outcome);
    expect(catalogs.length).toBe(1);
    expect(names(session.catalog)).toEqual(['echo']);
  });

  it('is read with the next check only, while the backend may not be asked [R02]', async () => {
    let asked = 0;
    const { ready, call, check, catalogs } = stdioBackend('list-changing', {
      limits: { refreshGapMs: 1 },
      admits: () => {
        asked += 1;
        return false;
      },
    });
    await ready();
    await call('notify', { method: CHANGED, times: 1 });
    await until(() => asked === 1);
    expect(catalogs.length).toBe(1);
    await check();
    expect(catalogs.map(names)).toEqual([['listing-1'], ['listing-2']]);
  });

  it('is not read after the session is closed [R19]', async () => {
    const { ready, call, session, catalogs } = stdioBackend('list-changing', { limits: { refreshGapMs: 1 } });
    await ready();
    await call('notify', { method: CHANGED, times: 1 });
    const before = catalogs.length;
    await session.close(0);
    expect(catalogs.length - before).toBeLessThanOrEqual(1);
    expect(session.catalog).toBe(catalogs.at(-1));
    expect(session.held).toBe(0);
  });
});

it('a new session reads everything again, and tells what differs only [R22]', async () => {
  const { ready, check, lost, catalogs, counts } = stdioBackend();
  process.kill(await ready(), 'SIGKILL');
  await until(() => lost.length === 1);
  expect(await check()).toEqual(succeeded);
  expect(await counts()).toMatchObject({ 'tools/list': 1, 'resources/list': 1, 'prompts/list': 1 });
  expect(catalogs.length).toBe(1);
});

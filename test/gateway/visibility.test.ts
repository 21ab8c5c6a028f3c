import { describe, expect, it } from 'vitest';
import type { Aggregation } from '../../src/config/config.js';
import { createHandlers } from '../../src/gateway/handlers.js';
import { Listing } from '../../src/gateway/listing.js';
import { silent } from '../../src/logging/log.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { catalog, FakeBackend, settings, tools, workload, exchange } from './fake-backend.js';

function gatewayOf(backends: FakeBackend[], part: Partial<Aggregation>) {
  const listing = new Listing(backends, settings(part).aggregation, silent);
  const handlers = createHandlers(listing, new Subscriptions(10), settings(part));
  return {
    listed: () => listing.list('tools').map(({ key }) => key),
    entry: (name: string) => listing.directory.tools.get(name)?.entry,
    call: async (name: string) => handlers.get('tools/call')!({ name }, exchange()),
  };
}

describe('overrides', () => {
  const sent = {
    name: 'x',
    description: 'old',
    annotations: { title: 'T', readOnlyHint: true },
    inputSchema: {},
  };
  const backend = () => new FakeBackend('a', catalog({ tools: [sent, { name: 'y' }] }));

  it('give a tool its name before the prefix, and the call its original [R23]', async () => {
    const one = backend();
    const { listed, call } = gatewayOf([one], {
      tools: [workload('a', { overrides: [['x', { name: 'new' }]] })],
    });
    expect(listed()).toEqual(['a_new', 'a_y']);
    await call('a_new');
    expect(one.calls[0]?.request.params).toEqual({ name: 'x' });
    await expect(call('a_x')).rejects.toThrow('unknown tool "a_x"');
  });

  it('replace the description and merge annotations; the rest stays [R23]', () => {
    const overrides: [string, object][] = [
      ['x', { description: 'new', annotations: { readOnlyHint: false, openWorldHint: true } }],
    ];
    const { entry } = gatewayOf([backend()], { tools: [workload('a', { overrides })] });
    expect(entry('a_x')).toEqual({
      name: 'a_x',
      description: 'new',
      annotations: { title: 'T', readOnlyHint: false, openWorldHint: true },
      inputSchema: {},
    });
    expect(entry('a_y')).toEqual({ name: 'a_y' });
  });

  it('solve a manual conflict [R23]', () => {
    const { listed } = gatewayOf([new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x'))], {
      strategy: 'manual',
      tools: [workload('b', { overrides: [['x', { name: 'z' }]] })],
    });
    expect(listed()).toEqual(['x', 'z']);
  });

  it('for toString are no override of other tools, and none is inherited [R23]', () => {
    const { listed } = gatewayOf([new FakeBackend('a', tools('toString', '__proto__', 'constructor'))], {
      tools: [workload('a', { overrides: [['toString', { name: 'text' }]] })],
    });
    expect(listed()).toEqual(['a___proto__', 'a_constructor', 'a_text']);
  });
});

describe('what is not listed', () => {
  it('a filter sees names after overrides and before prefixes [R23]', () => {
    const { listed } = gatewayOf([new FakeBackend('a', tools('x', 'y', 'z'))], {
      tools: [workload('a', { filter: ['new', 'y', 'a_z', 'x'], overrides: [['x', { name: 'new' }]] })],
    });
    expect(listed()).toEqual(['a_new', 'a_y']);
  });

  it('an empty filter lists nothing [R23]', () => {
    const { listed } = gatewayOf([new FakeBackend('a', tools('x'))], {
      tools: [workload('a', { filter: [] })],
    });
    expect(listed()).toEqual([]);
  });

  it.each<[string, Partial<Aggregation>, string[]]>([
    [
      'excludeAll hides one backend',
      { tools: [workload('a', { excludeAll: true, filter: ['x'] })] },
      ['b_x'],
    ],
    ['excludeAllTools hides all', { excludeAllTools: true, tools: [workload('a')] }, []],
    [
      'deny hides backends without an entry',
      { defaultToolVisibility: 'deny', tools: [workload('a')] },
      ['a_x'],
    ],
    ['allow shows them', { defaultToolVisibility: 'allow', tools: [workload('a')] }, ['a_x', 'b_x']],
  ])('%s [R23]', (_, part, expected) => {
    const { listed } = gatewayOf([new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x'))], part);
    expect(listed()).toEqual(expected);
  });

  it('cannot be called, and the backend is not contacted [R21]', async () => {
    const one = new FakeBackend('a', tools('x'));
    const { call } = gatewayOf([one], { tools: [workload('a', { excludeAll: true })] });
    await expect(call('a_x')).rejects.toMatchObject({ code: -32602, message: 'unknown tool "a_x"' });
    expect(one.calls).toEqual([]);
  });

  it('has its name taken all the same [R23]', () => {
    const { listed, entry } = gatewayOf(
      [new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x'))],
      {
        strategy: 'priority',
        priorityOrder: ['a', 'b'],
        tools: [workload('a', { excludeAll: true })],
      },
    );
    expect(listed()).toEqual([]);
    expect(entry('x')).toBeDefined();
  });
});

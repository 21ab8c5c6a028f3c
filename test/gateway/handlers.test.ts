import { describe, expect, it } from 'vitest';
import { createHandlers } from '../../src/gateway/handlers.js';
import type { Exchange, Params } from '../../src/gateway/handlers.js';
import { Listing } from '../../src/gateway/listing.js';
import type { GatewaySettings } from '../../src/gateway/settings.js';
import { UNAVAILABLE_META } from '../../src/gateway/unavailable.js';
import { silent } from '../../src/logging/log.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { catalog, FakeBackend, settings, exchange } from './fake-backend.js';

const offer = catalog({
  tools: [{ name: 'x' }],
  resources: [{ uri: 'file:///x' }],
  resourceTemplates: [{ uriTemplate: 'db://{table}' }],
  prompts: [{ name: 'p' }],
  capabilities: { completions: {} },
});

function handlersOf(backends: FakeBackend[], whole: GatewaySettings = settings()) {
  const listing = new Listing(backends, whole.aggregation, silent);
  const handlers = createHandlers(listing, new Subscriptions(10), whole);
  return async (method: string, params: Params, part: Partial<Exchange> = {}) =>
    handlers.get(method)!(params, exchange(part));
}

/** One request of each kind that leads to backend `a`. */
const REQUESTS: [string, Params][] = [
  ['tools/call', { name: 'a_x' }],
  ['resources/read', { uri: 'file:///x' }],
  ['resources/read', { uri: 'db://users' }],
  ['prompts/get', { name: 'a_p' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'a_p' } }],
  ['completion/complete', { ref: { type: 'ref/resource', uri: 'db://{table}' } }],
];

describe('an answer of a backend', () => {
  it.each(REQUESTS)('to %s %j passes whole, known fields or not [R26]', async (method, params) => {
    const result = {
      content: [],
      structuredContent: { a: [1, null] },
      isError: true,
      _meta: { k: { l: 1 } },
      later: {},
    };
    const backend = new FakeBackend('a', offer);
    backend.script = () => ({ kind: 'result', result });
    expect(await handlersOf([backend])(method, params)).toBe(result);
  });

  it.each(REQUESTS)(
    'to %s %j that is an error passes with code, message and data [R26]',
    async (method, params) => {
      const backend = new FakeBackend('a', offer);
      backend.script = () => ({ kind: 'error', code: -31337, message: 'quota: used up', data: { left: 0 } });
      await expect(handlersOf([backend])(method, params)).rejects.toMatchObject({
        code: -31337,
        message: 'quota: used up',
        data: { left: 0 },
      });
    },
  );
});

describe('a request to a backend', () => {
  const sent = async (method: string, params: Params): Promise<Params> => {
    const backend = new FakeBackend('a', offer);
    await handlersOf([backend])(method, params);
    expect(backend.calls.map(({ request }) => request.method)).toEqual([method]);
    return backend.calls[0]!.request.params;
  };

  it('has the original name and everything else as the client sent it [R26]', async () => {
    const rest = { arguments: { name: 'a_x', deep: { list: [1] } }, later: true };
    expect(await sent('tools/call', { name: 'a_x', ...rest })).toEqual({ name: 'x', ...rest });
    expect(await sent('prompts/get', { name: 'a_p', ...rest })).toEqual({ name: 'p', ...rest });
    expect(await sent('resources/read', { uri: 'db://users/7' })).toEqual({ uri: 'db://users/7' });
  });

  it('has the rest of _meta, but not the progress token of the client [R26]', async () => {
    const params = { name: 'a_x', _meta: { progressToken: 7, 'com.example/trace': 't' } };
    expect(await sent('tools/call', params)).toEqual({ name: 'x', _meta: { 'com.example/trace': 't' } });
    expect(params._meta.progressToken).toBe(7);
  });

  it('for a completion has the original prompt, and a template as it is [R26]', async () => {
    const argument = { name: 'n', value: 'v' };
    const ref = { type: 'ref/prompt', name: 'a_p', title: 'P' };
    expect(await sent('completion/complete', { ref, argument })).toEqual({
      ref: { ...ref, name: 'p' },
      argument,
    });
    const template = { type: 'ref/resource', uri: 'db://{table}' };
    expect(await sent('completion/complete', { ref: template })).toEqual({ ref: template });
  });

  it('of a client that is subscribed to as much as it may be is refused [R36]', async () => {
    const backend = new FakeBackend('a', offer);
    const listing = new Listing([backend], settings().aggregation, silent);
    const subscribe = createHandlers(listing, new Subscriptions(1), settings()).get('resources/subscribe')!;
    const whole = exchange();
    await subscribe({ uri: 'file:///x' }, whole);
    await subscribe({ uri: 'file:///x' }, whole);
    await expect(subscribe({ uri: 'db://users' }, whole)).rejects.toMatchObject({
      message: 'a client may subscribe to 1 resources at once',
    });
    await expect(subscribe({ uri: 'unknown://x' }, whole)).rejects.toMatchObject({ code: -32_002 });
    expect(backend.calls.map(({ request }) => request.params['uri'])).toEqual(['file:///x', 'file:///x']);
  });

  it('goes out with the signal of the client, and asks for progress only where the client did [R26]', async () => {
    const backend = new FakeBackend('a', offer);
    const request = handlersOf([backend]);
    const onProgress = () => undefined;
    const { signal } = new AbortController();
    await request('tools/call', { name: 'a_x' }, { signal, onProgress });
    await request('tools/call', { name: 'a_x' }, { signal });
    const asked = backend.calls.map(({ options }) => [options.signal, options.onProgress]);
    expect(asked).toEqual([
      [signal, onProgress],
      [signal, undefined],
    ]);
  });

  it('for a completion is not sent to a backend that completes nothing [R26]', async () => {
    const backend = new FakeBackend('a', { ...offer, capabilities: {} });
    const params = { ref: { type: 'ref/prompt', name: 'a_p' } };
    expect(await handlersOf([backend])('completion/complete', params)).toEqual({
      completion: { values: [], total: 0, hasMore: false },
    });
    expect(backend.calls).toEqual([]);
  });
});

describe('a request to a backend that cannot be used', () => {
  it('is answered by a result for a tool, with the data of the outage in _meta [R21]', async () => {
    const backend = new FakeBackend('a', offer);
    backend.fall();
    const result = await handlersOf([backend])('tools/call', { name: 'a_x' });
    expect(result).toMatchObject({ isError: true, _meta: { [UNAVAILABLE_META]: backend.outage } });
    expect(result['content']).toMatchObject([{ text: expect.stringContaining('Backend "a"') as string }]);
  });

  it.each(REQUESTS.slice(1))(
    'is answered by an error with the same data: %s %j [R21]',
    async (method, params) => {
      const backend = new FakeBackend('a', offer);
      backend.fall();
      await expect(handlersOf([backend])(method, params)).rejects.toMatchObject({
        code: -32050,
        message: expect.stringContaining('Try again in 12 s.') as string,
        data: backend.outage,
      });
      expect(backend.calls).toEqual([]);
    },
  );
});

describe('what nobody has', () => {
  const request = handlersOf([new FakeBackend('a', offer)]);

  it.each<[string, Params, number, string]>([
    ['tools/call', { name: 'a_y' }, -32602, 'unknown tool "a_y"'],
    ['tools/call', { name: 'x' }, -32602, 'unknown tool "x"'],
    ['tools/call', { name: '__proto__' }, -32602, 'unknown tool "__proto__"'],
    ['tools/call', { name: 'constructor' }, -32602, 'unknown tool "constructor"'],
    ['tools/call', { name: 'toString' }, -32602, 'unknown tool "toString"'],
    ['tools/call', {}, -32602, 'params.name must be a string'],
    ['resources/read', { uri: 'file:///y' }, -32002, 'unknown resource "file:///y"'],
    ['resources/read', { uri: 7 }, -32602, 'params.uri must be a string'],
    ['prompts/get', { name: 'p' }, -32602, 'unknown prompt "p"'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' } }, -32602, 'unknown prompt "p"'],
    ['completion/complete', { ref: { type: 'ref/prompt' } }, -32602, 'params.ref.name must be a string'],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'q://' } },
      -32602,
      'unknown resource "q://"',
    ],
    ['completion/complete', { ref: null }, -32602, 'ref.type must be ref/prompt or ref/resource'],
  ])('%s %j is answered %i, %s [R21]', async (method, params, code, message) => {
    await expect(request(method, params)).rejects.toMatchObject({ code, message });
  });

  it('the backends not reached yet are named, for they may have it [R21]', async () => {
    await expect(
      handlersOf([new FakeBackend('a'), new FakeBackend('b', offer)])('tools/call', { name: 'q' }),
    ).rejects.toThrow('unknown tool "q"; not reached yet, so not known: "a"');
  });
});

describe('a call of a backend not yet heard from', () => {
  it('by its prefix is answered as unavailable, with the reason where there is one [R21]', async () => {
    const down = new FakeBackend('a');
    const request = handlersOf([down, new FakeBackend('b', offer)]);
    expect(await request('tools/call', { name: 'a_x' })).toMatchObject({
      isError: true,
      _meta: {
        [UNAVAILABLE_META]: { backend: 'a', reason: 'it has not answered yet, and may still be starting' },
      },
    });
    down.fall();
    expect(await request('tools/call', { name: 'a_x' })).toMatchObject({
      isError: true,
      _meta: { [UNAVAILABLE_META]: down.outage },
    });
  });
});

describe('partialFailureMode', () => {
  const down = new FakeBackend('a', offer);
  down.fall();
  const backends = [down, new FakeBackend('b', offer), new FakeBackend('c')];
  const lists = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'];

  it.each(lists)('fail: %s is an error that names the unavailable backends [R24]', async (method) => {
    const request = handlersOf(backends, settings({}, { partialFailureMode: 'fail' }));
    await expect(request(method, {})).rejects.toMatchObject({
      code: -32050,
      message:
        'This list would be incomplete: unavailable backends "a" (its circuit is open), "c" (it has not answered yet, and may still be starting). partialFailureMode is fail.',
      data: { unavailable: [down.outage, { backend: 'c', code: 'BACKEND_UNHEALTHY' }] },
    });
  });

  it('fail: lists are answered once all are back, and calls at any time [R24]', async () => {
    const one = new FakeBackend('a', offer);
    const request = handlersOf(
      [one, new FakeBackend('b', offer)],
      settings({}, { partialFailureMode: 'fail' }),
    );
    expect(await request('tools/list', {})).toEqual({ tools: [{ name: 'a_x' }, { name: 'b_x' }] });
    one.fall();
    expect(await request('tools/call', { name: 'b_x' })).toMatchObject({ from: 'b' });
  });

  it('best_effort: lists hold what is there [R24]', async () => {
    const request = handlersOf([down, new FakeBackend('b', offer)]);
    expect(await request('tools/list', {})).toEqual({ tools: [{ name: 'b_x' }] });
    expect(await request('prompts/list', {})).toEqual({ prompts: [{ name: 'b_p' }] });
    expect(await request('resources/list', {})).toEqual({ resources: [] });
  });
});

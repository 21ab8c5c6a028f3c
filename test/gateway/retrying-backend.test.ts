import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../src/config/config.js';
import type { Answer, BackendRequest, Unavailable } from '../../src/gateway/backend.js';
import { RetryingBackend } from '../../src/retrying-backend.js';
import { catalog, exchange, FakeBackend } from './fake-backend.js';

const offer = catalog({
  tools: [
    { name: 'read', annotations: { readOnlyHint: true } },
    { name: 'put', annotations: { readOnlyHint: false, idempotentHint: true } },
    { name: 'pay', annotations: { destructiveHint: false } },
    { name: 'silent' },
  ],
});
const tool = (name: string): BackendRequest => ({ method: 'tools/call', params: { name } });
const failed = (rest: Partial<Unavailable> = {}): Answer => ({
  kind: 'unavailable',
  unavailable: {
    backend: 'a',
    code: 'CALL_FAILED',
    reason: 'it reset the connection',
    category: 'connection_failed',
    ...rest,
  },
});
const done: Answer = { kind: 'result', result: { ok: true } };

/** A backend that answers as scripted, and from then on well; without a pause between two calls. */
function retrying(answers: Answer[], policy: Partial<RetryPolicy> = {}) {
  const backend = new FakeBackend('a', offer);
  const left = [...answers];
  backend.script = () => left.shift() ?? done;
  const retries: string[] = [];
  const wrapped = new RetryingBackend(
    backend,
    { maxRetries: 2, budget: 0.5, ...policy },
    (name) => retries.push(name),
    () => 0,
  );
  const call = (request = tool('read'), part: Parameters<typeof exchange>[0] = {}) => {
    const { onProgress, ...rest } = exchange(part);
    return wrapped.call(request, { ...rest, ...(onProgress && { onProgress }) });
  };
  return { backend, wrapped, call, retries };
}

describe('a call that failed', () => {
  it.each([
    ['a tool that is read-only', tool('read'), 2],
    ['a tool that is idempotent', tool('put'), 2],
    ['a tool that is neither', tool('pay'), 1],
    ['a tool without annotations', tool('silent'), 1],
    ['a tool that is not listed', tool('unknown'), 1],
    ['a resource', { method: 'resources/read', params: { uri: 'x' } }, 2],
    ['a prompt', { method: 'prompts/get', params: { name: 'x' } }, 2],
    ['a completion', { method: 'completion/complete', params: {} }, 2],
    ['a subscription', { method: 'resources/subscribe', params: { uri: 'x' } }, 1],
  ] as const)('of %s is made so often: %s [R26]', async (_, request, times) => {
    const { backend, call, retries } = retrying([failed()]);
    const answer = await call(request);
    expect(backend.calls).toHaveLength(times);
    expect(answer).toEqual(times === 2 ? done : failed());
    expect(retries).toHaveLength(times - 1);
  });

  it.each([
    ['a result', done],
    ['an error of the backend', { kind: 'error', code: -1, message: 'no' }],
    ['a refusal', failed({ code: 'CIRCUIT_OPEN' })],
    ['a time-out', failed({ category: 'timeout' })],
    ['a backend that asks for a long pause', failed({ retryAfterMs: 1_001 })],
    ['a cancellation', { kind: 'cancelled' }],
  ] as const)('is left at %s [R26]', async (_, answer) => {
    const { backend, call } = retrying([answer]);
    expect(await call()).toEqual(answer);
    expect(backend.calls).toHaveLength(1);
  });

  it('is made again as often as allowed, and then told [R26]', async () => {
    const { backend, call } = retrying([failed(), failed(), failed({ reason: 'the last' })]);
    expect(await call()).toEqual(failed({ reason: 'the last' }));
    expect(backend.calls).toHaveLength(3);
  });

  it('waits as long as the backend asks, up to a second [R26]', async () => {
    const { call } = retrying([failed({ retryAfterMs: 120 })]);
    const from = performance.now();
    expect(await call()).toEqual(done);
    expect(performance.now() - from).toBeGreaterThanOrEqual(119);
  });

  it('is not made again into a circuit that has opened, before or during the pause [R02] [R26]', async () => {
    for (const opensAfterMs of [0, 20]) {
      const { backend, call, retries } = retrying([]);
      backend.script = () => {
        if (opensAfterMs === 0) backend.fall();
        else setTimeout(() => backend.fall(), opensAfterMs);
        return failed({ retryAfterMs: 60 });
      };
      expect(await call()).toEqual(failed({ retryAfterMs: 60 }));
      expect(backend.calls).toHaveLength(1);
      expect(retries).toEqual([]);
    }
  });

  it('is not made again when its caller was told or asked something, or has left [R26]', async () => {
    const told = retrying([]);
    told.backend.script = (_, { onProgress }) => {
      onProgress?.({ progress: 1 });
      return failed();
    };
    await told.call(tool('read'), { onProgress: () => undefined });
    expect(told.backend.calls).toHaveLength(1);

    const asked = retrying([]);
    asked.backend.script = async (_, { caller }) => {
      await caller?.ask({ method: 'roots/list', params: {} }, { signal: new AbortController().signal });
      return failed();
    };
    await asked.call();
    expect(asked.backend.calls).toHaveLength(1);

    const abort = new AbortController();
    const left = retrying([failed({ retryAfterMs: 900 })]);
    setTimeout(() => abort.abort(), 20);
    expect(await left.call(tool('read'), { signal: abort.signal })).toEqual({ kind: 'cancelled' });
    expect(left.backend.calls).toHaveLength(1);
  });

  it('is made again only within the budget, which calls that succeed fill up [R26]', async () => {
    const { backend, call } = retrying([], { maxRetries: 1, budget: 0.25 });
    backend.script = () => failed();
    for (let index = 0; index < 100; index += 1) await call();
    // Ten to begin with, and a quarter for each call.
    const retries = backend.calls.length - 100;
    expect(retries).toBeGreaterThanOrEqual(34);
    expect(retries).toBeLessThanOrEqual(35);
    backend.script = () => done;
    for (let index = 0; index < 1_000; index += 1) await call();
    backend.script = () => failed();
    const before = backend.calls.length;
    for (let index = 0; index < 4; index += 1) await call();
    expect(backend.calls.length - before).toBe(8);
  });
});

it('shows of its backend what it is [R26]', () => {
  const { backend, wrapped } = retrying([]);
  backend.fall();
  expect([wrapped.name, wrapped.catalog, wrapped.heard, wrapped.advertised]).toEqual([
    'a',
    offer,
    true,
    false,
  ]);
  expect(wrapped.unavailable()).toBe(backend.outage);
  expect(wrapped.own).toBe(backend.own);
});

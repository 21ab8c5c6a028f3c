import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Handler, Post } from './scripted-server.js';
import { event, ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const cancellations = (server: ScriptedServer): object[] =>
  server.seen.filter(({ method }) => method === 'notifications/cancelled').map(({ params }) => params);
const idOfCall = (server: ScriptedServer): number | undefined =>
  server.seen.findLast(({ method }) => method === 'tools/call')?.id;

describe('a caller that gives up', () => {
  test('the backend is told which request, and nothing is held any more [R06]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', () => undefined);
    const abort = new AbortController();
    const reply = probe.call({}, { signal: abort.signal });
    await until(() => server.count('tools/call') === 1, 'the call has arrived');
    abort.abort(new Error('secret reason'));
    expect(await reply).toEqual({ kind: 'cancelled', outcome: { kind: 'released' } });
    await until(() => server.count('notifications/cancelled') === 1, 'the backend was told');
    expect(cancellations(server)).toEqual([{ requestId: idOfCall(server), reason: 'the caller gave up' }]);
    await until(() => probe.session.held === 0, 'nothing is held');
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('an abort in the middle of a stream ends the stream [R06]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    let closed = false;
    const abort = new AbortController();
    server.on('tools/call', (post) => {
      post.stream().on('close', () => (closed = true));
      abort.abort();
    });
    expect(summary(await probe.call({}, { signal: abort.signal }))).toBe('released: cancelled');
    await until(() => closed, 'the stream is closed');
    await until(() => probe.session.held === 0, 'nothing is held');
  });

  test('abort before sending → nothing is sent, nothing is connected [R06]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url);
    expect(summary(await probe.call({}, { signal: AbortSignal.abort() }))).toBe('released: cancelled');
    expect(server.accepted).toBe(0);
    await probe.open();
    const before = server.seen.length;
    expect(summary(await probe.call({}, { signal: AbortSignal.abort() }))).toBe('released: cancelled');
    await probe.ask('ping', {});
    expect(server.seen.slice(before).map(({ method }) => method)).toEqual(['ping']);
  });

  test('abort while connecting → the handshake is given up, and the next call begins afresh [R06]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url);
    const abort = new AbortController();
    server.on('initialize', () => abort.abort());
    expect(summary(await probe.call({}, { signal: abort.signal }))).toBe('released: cancelled');
    // A handshake cannot be cancelled: the connection goes instead.
    await until(() => server.sockets.size === 0, 'its socket is gone');
    expect(server.count('notifications/cancelled')).toBe(0);
    server.on('initialize', (post) => server.behave(post));
    expect(summary(await probe.call())).toBe('succeeded: result');
  });

  test('an answer after the caller left changes nothing [R39]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const abort = new AbortController();
    let late: Post | undefined;
    server.on('tools/call', (post) => {
      late = post;
      abort.abort();
    });
    await probe.call({}, { signal: abort.signal });
    late?.result({ late: true });
    server.on('tools/call', (post) => server.behave(post));
    expect(await probe.call({ n: 2 })).toMatchObject({ result: { content: [{ text: '{"n":2}' }] } });
  });
});

describe('a deadline', () => {
  test('is our own, whatever code the backend uses for its own [R25]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const error = { code: -32_001, message: 'Request timed out' };
    server.on('tools/call', (post) => post.json(post.answer({ error })));
    expect(summary(await probe.call())).toBe('succeeded: error -32001 Request timed out');
  });

  test.each<[string, Handler]>([
    ['silence', () => undefined],
    ['headers and then silence', (post) => post.stream()],
    ['one byte now and then', drip],
  ])('ends a call that meets %s, and tells the backend [R25]', async (_, handler) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', handler);
    const startedAt = performance.now();
    const reply = await probe.call({}, { timeoutMs: 200 });
    expect(summary(reply)).toBe('timeout: the call timed out after 0.2 s');
    expect(performance.now() - startedAt).toBeLessThan(700);
    await until(() => probe.session.held === 0, 'nothing is held');
    await until(() => server.count('notifications/cancelled') === 1, 'the backend was told');
    for (const told of cancellations(server)) expect(told).toMatchObject({ requestId: idOfCall(server) });
  });

  test('counts connecting in [R25]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url);
    server.on('initialize', () => undefined);
    expect(summary(await probe.call({}, { timeoutMs: 100 }))).toBe(
      'timeout: connecting timed out after 0.1 s',
    );
    await until(() => server.sockets.size === 0, 'its socket is gone');
  });

  test('of a health check is a failure; its cancellation is not [R13]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('ping', () => undefined);
    expect(await probe.check(100)).toBe('timeout');
    expect(await probe.session.check(AbortSignal.abort())).toEqual({ kind: 'released' });
    await until(() => probe.session.held === 0, 'nothing is held');
    expect(probe.session.live).toBe(true);
  });
});

describe('progress', () => {
  test('arrives without its token, and only where it is asked for [R25]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => {
      post
        .stream(progress(post, 1), progress(post, 2, { message: 'half' }), post.answer({ result: {} }))
        .end();
    });
    const heard: object[] = [];
    await probe.call({}, { onProgress: (params) => heard.push(params) });
    expect(heard).toEqual([{ progress: 1 }, { progress: 2, message: 'half' }]);
    await probe.call();
    expect(heard).toHaveLength(2);
    expect(probe.notifications).toEqual([]);
    expect(server.seen.at(-1)?.params).not.toHaveProperty('_meta');
  });

  test('keeps a call alive beyond its timeout [R25]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => tick(post, 50, 12));
    const startedAt = performance.now();
    const reply = await probe.call({}, { timeoutMs: 250, onProgress: () => undefined });
    expect(summary(reply)).toBe('succeeded: result');
    expect(performance.now() - startedAt).toBeGreaterThan(500);
  });

  test('keeps a call alive up to its total limit and no longer [R25]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => tick(post, 20, Infinity));
    const startedAt = performance.now();
    const reply = await probe.call({}, { timeoutMs: 200, maxTotalMs: 500, onProgress: () => undefined });
    expect(summary(reply)).toBe('timeout: the call timed out after 0.5 s in all');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(500);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await until(() => server.count('notifications/cancelled') === 1, 'the backend was told');
  });

  test('of another call, or of one that is over, changes nothing [R39]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => {
      post
        .stream(progress(post, 1, { progressToken: 999 }), post.answer({ result: {} }), progress(post, 2))
        .end();
    });
    const heard: object[] = [];
    const reply = await probe.call({}, { onProgress: (params) => heard.push(params) });
    expect(summary(reply)).toBe('succeeded: result');
    expect(heard).toEqual([]);
  });
});

function progress(post: Post, n: number, more: object = {}): object {
  const params = { progressToken: post.message.id, progress: n, ...more };
  return { jsonrpc: '2.0', method: 'notifications/progress', params };
}

/** Reports progress so often, and then the result. */
function tick(post: Post, everyMs: number, times: number): void {
  const stream = post.stream();
  let done = 0;
  const timer = setInterval(() => {
    done += 1;
    if (done < times) stream.write(event(progress(post, done)));
    else stream.end(event(post.answer({ result: {} })));
  }, everyMs);
  stream.on('close', () => clearInterval(timer));
}

function drip(post: Post): void {
  post.response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => post.response.write(' '), 20);
  post.response.on('close', () => clearInterval(timer));
}

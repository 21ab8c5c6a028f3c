import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Handler } from './scripted-server.js';
import { beginStream, event, ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

describe('close', () => {
  test('ends every socket, calls and streams that are out included, and tells the server [R19]', async () => {
    const server = await ScriptedServer.start();
    server.onGet = (_, response) => beginStream(response);
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', () => undefined);
    const calls = [probe.call(), probe.call()];
    await until(() => server.count('tools/call') === 2, 'both calls have arrived');
    await probe.session.close(1_000);
    for (const reply of await Promise.all(calls)) {
      expect(summary(reply)).toBe('released: its session was closed');
    }
    expect(server.requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
    await until(() => server.sockets.size === 0, 'every socket is gone');
    expect(probe.session.held).toBe(0);
    expect(probe.session.live).toBe(false);
    expect(probe.lost).toEqual([]);
    expect(probe.session.catalog?.tools).toHaveLength(1);
  });

  test('without a session id sends no DELETE [R19]', async () => {
    const server = await ScriptedServer.start();
    server.stateful = false;
    const probe = await new SessionProbe(server.url).open();
    await probe.session.close(1_000);
    expect(server.requests.filter((request) => request.startsWith('DELETE'))).toEqual([]);
    await until(() => server.sockets.size === 0, 'every socket is gone');
  });

  test('does not wait for a server that does not answer the DELETE [R19]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.onDelete = () => undefined;
    const startedAt = performance.now();
    await probe.session.close(100);
    expect(performance.now() - startedAt).toBeLessThan(500);
    await until(() => server.sockets.size === 0, 'every socket is gone');
  });

  test('during the handshake leaves no socket, and may be called again [R19]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url);
    server.on('initialize', () => undefined);
    const reply = probe.call();
    await until(() => server.count('initialize') === 1, 'the handshake has begun');
    await Promise.all([probe.session.close(100), probe.session.close(0)]);
    expect(summary(await reply)).toMatch(/^released: /);
    await until(() => server.sockets.size === 0, 'every socket is gone');
    await probe.session.close(0);
  });
});

describe('sockets kept alive', () => {
  test('are used again [R36]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const before = server.accepted;
    for (let call = 0; call < 200; call += 1) await probe.call();
    expect(server.accepted - before).toBeLessThanOrEqual(1);
  });

  test('a server that announces an early end of idle ones loses no request [R36]', async () => {
    const server = await ScriptedServer.start({ keepAliveTimeout: 20 });
    const probe = await new SessionProbe(server.url).open();
    for (let call = 0; call < 100; call += 1) {
      expect(summary(await probe.call())).toBe('succeeded: result');
      await turnsFor(18 + (call % 5));
    }
  });

  test('a server that ends idle ones early without a word loses no request [R36]', async () => {
    const server = await ScriptedServer.start();
    endIdleSockets(server, 20);
    const probe = await new SessionProbe(server.url).open();
    // Now it is known how early; a request that had met the first end would have been lost.
    await until(() => server.sockets.size === 0, 'the idle sockets are ended');
    for (let call = 0; call < 200; call += 1) {
      expect(summary(await probe.call())).toBe('succeeded: result');
      await turnsFor(18 + (call % 5));
    }
  });

  test('one that ended while the process stood still is not used [R37]', async () => {
    const limitMs = 100;
    const server = await ScriptedServer.start();
    endIdleSockets(server, limitMs);
    const probe = await new SessionProbe(server.url).open();
    for (let call = 0; call < 5; call += 1) {
      const stall = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(stall, 0, 0, limitMs + 50);
      expect(summary(await probe.call())).toBe('succeeded: result');
    }
  });
});

describe('a server that does not end its answers holds no socket', () => {
  const unending =
    (status: number, type: string): Handler =>
    (post) =>
      void post.response.writeHead(status, { 'content-type': type }).write(' ');

  test.each([
    ['after a stream has brought the answer', (post) => post.stream(post.answer({ result: {} }))],
    ['of the wrong content type', unending(200, 'text/html')],
    ['with 202 to a request', unending(202, 'application/json')],
    ['with 503', unending(503, 'text/plain')],
  ] as const satisfies readonly (readonly [string, Handler])[])('%s [R36]', async (_, handler) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', handler);
    const startedAt = performance.now();
    const replies = await Promise.all(Array.from({ length: 20 }, () => probe.call()));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(new Set(replies.map(({ outcome }) => outcome.kind)).has('released')).toBe(false);
    await until(() => probe.session.held === 0 && server.sockets.size <= 2, 'the sockets are gone');
  });

  test('nor one that never accepts a notification [R36]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('notifications/cancelled', () => undefined).on('tools/call', () => undefined);
    for (let call = 0; call < 30; call += 1) await probe.call({}, { timeoutMs: 5 });
    await until(() => server.count('notifications/cancelled') === 30, 'each call was cancelled');
    await until(() => server.sockets.size <= 2, 'the sockets are gone', 10_000);
  });
});

test('an answer stream that breaks is resumed where the server gave ids, and the call goes on [R36]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  let answer = '';
  server.on('tools/call', (post) => {
    answer = event(post.answer({ result: { resumed: true } }));
    post.stream().end('id: 41\nretry: 1\ndata:\n\n');
  });
  server.onGet = (request, response) => {
    expect(request.headers['last-event-id']).toBe('41');
    beginStream(response, answer).end();
  };
  expect(await probe.call()).toMatchObject({ result: { resumed: true } });
});

test('an answer stream that breaks again and again is given up after a few attempts [R36]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  server.on('tools/call', (post) => post.stream().end('id: 41\nretry: 1\ndata:\n\n'));
  server.onGet = (_, response) => beginStream(response).end();
  const before = server.requests.length;
  expect(summary(await probe.call())).toBe('backend_unavailable: the stream of the answer ended without it');
  expect(server.requests.length - before).toBe(4);
});

/** Lets the event loop turn for that long. */
async function turnsFor(ms: number): Promise<void> {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt) await new Promise((resolve) => setImmediate(resolve));
}

/** Has a server end each socket that has idled for so long, without announcing it. */
function endIdleSockets(server: ScriptedServer, limitMs: number): void {
  const idle = new WeakMap<Socket, NodeJS.Timeout>();
  server.http.prependListener('request', ({ socket }, response) => {
    clearTimeout(idle.get(socket));
    // A header of our own takes the place of the announcement.
    response.setHeader('connection', 'keep-alive');
    response.on('finish', () =>
      idle.set(
        socket,
        setTimeout(() => void socket.destroy(), limitMs),
      ),
    );
  });
}

import { describe, expect, test } from 'vitest';
import { LegacyServer } from './legacy-server.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const sse = { transport: 'sse' } as const;

describe('a session over the transport before Streamable HTTP', () => {
  test('has its whole catalog, and answers calls and checks [R13]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    expect(probe.session.catalog).toMatchObject({
      tools: [{ name: 'echo' }],
      prompts: [{ name: 'p' }],
      resources: [],
      serverInfo: { name: 'legacy', version: '1' },
      revision: '2024-11-05',
    });
    expect(summary(await probe.call())).toBe('succeeded: result');
    expect(await probe.check()).toBe('succeeded');
    expect(server.streams).toHaveLength(1);
    expect(server.count('initialize')).toBe(1);
    await until(() => probe.session.held === 0, 'nothing is held');
  });

  test('answers many calls at once, in any order, each to who asked [R39]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    const waiting: (() => void)[] = [];
    server.onCall = ({ id, params }) => {
      waiting.unshift(() => server.send({ jsonrpc: '2.0', id, result: { of: params['arguments'] } }));
      if (waiting.length === 20) for (const answer of waiting) answer();
    };
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => probe.call({ n })));
    replies.forEach((reply, n) => expect(reply).toMatchObject({ result: { of: { n } } }));
  });

  test.each([
    ['stream', (server: LegacyServer) => void server.streams[0]?.end()],
    ['connection', (server: LegacyServer) => server.streams[0]?.socket?.resetAndDestroy()],
  ])('is lost at once with its %s, and so are the calls that are out [R08]', async (_, end) => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    server.onCall = () => undefined;
    const calls = [probe.call(), probe.call()];
    await until(() => server.count('tools/call') === 2, 'both calls have arrived');
    const startedAt = performance.now();
    end(server);
    for (const reply of await Promise.all(calls)) {
      expect(summary(reply)).toBe('backend_unavailable: its stream ended');
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(probe.lost).toEqual([{ category: 'backend_unavailable' }]);
    expect(probe.session.live).toBe(false);
    expect(probe.session.catalog?.tools).toHaveLength(1);
    // It is opened again when something is asked of it.
    expect(await probe.check()).toBe('succeeded');
    expect(probe.lost).toHaveLength(1);
  });

  test('that the server no longer knows is opened anew, and the request is sent once more [R08]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    server.http.prependOnceListener('request', (_, response) => response.writeHead(404).end());
    server.accepts = false;
    const reply = probe.call();
    await until(() => server.count('initialize') === 2, 'a new session is opened');
    server.accepts = true;
    for (const post of server.posts) if (!post.writableEnded) post.writeHead(202).end();
    expect(summary(await reply)).toBe('succeeded: result');
  });

  test('closes without a socket left [R19]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    server.onCall = () => undefined;
    const reply = probe.call();
    await until(() => server.count('tools/call') === 1, 'the call has arrived');
    await probe.session.close(1_000);
    expect(summary(await reply)).toBe('released: its session was closed');
    await until(() => server.open === 0, 'every socket is gone');
    expect(probe.lost).toEqual([]);
  });

  test('keeps no socket for a request that was answered but never accepted [R36]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    server.accepts = false;
    for (let call = 0; call < 10; call += 1) expect(summary(await probe.call())).toBe('succeeded: result');
    await until(() => probe.session.held === 0 && server.open <= 3, 'the sockets are gone');
  });

  test('tells the backend of a call that timed out, and keeps nothing of it [R25]', async () => {
    const server = await LegacyServer.start();
    const probe = await new SessionProbe(server.url, sse).open();
    server.onCall = () => undefined;
    expect(summary(await probe.call({}, { timeoutMs: 50 }))).toBe('timeout: the call timed out after 0.05 s');
    await until(() => server.count('notifications/cancelled') === 1, 'the backend was told');
    await until(() => probe.session.held === 0, 'nothing is held');
  });
});

describe('an endpoint', () => {
  test.each([
    ['http://localhost:1/messages'],
    ['//evil.example/messages'],
    ['file:///etc/passwd'],
    ['http://['],
  ])('of another origin is refused, and no credential goes there: %s [R38]', async (endpoint) => {
    const server = await LegacyServer.start();
    server.endpoint = endpoint;
    const probe = new SessionProbe(server.url, sse);
    expect(summary(await probe.call())).toBe('protocol_error: it named no address of its own to post to');
    expect(probe.session.live).toBe(false);
    await until(() => server.open === 0, 'every socket is gone');
  });

  test('on another port is another origin [R38]', async () => {
    const [server, other] = [await LegacyServer.start(), await ScriptedServer.start()];
    server.endpoint = other.url;
    expect(await new SessionProbe(server.url, sse).check()).toBe('protocol_error');
    expect(other.accepted).toBe(0);
  });

  test('that never comes ends with the check [R13]', async () => {
    const server = await ScriptedServer.start();
    server.onGet = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const probe = new SessionProbe(server.url, sse);
    expect(await probe.check(100)).toBe('timeout');
    await until(() => server.sockets.size === 0, 'its socket is gone');
  });

  test.each([
    ['405', 405, 'text/plain', 'protocol_error: it answered HTTP 405 to the handshake'],
    ['503', 503, 'text/plain', 'backend_unavailable: it answered HTTP 503'],
    [
      'JSON',
      200,
      'application/json',
      'protocol_error: it answered with a content type that MCP does not use',
    ],
  ])('is not looked for where the stream is refused: %s [R08]', async (_, status, type, said) => {
    const server = await ScriptedServer.start();
    server.onGet = (_request, response) => response.writeHead(status, { 'content-type': type }).end('{}');
    expect(summary(await new SessionProbe(server.url, sse).call())).toBe(said);
  });
});

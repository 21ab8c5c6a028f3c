import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { beginStream, event, ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const say = (method: string, params: object = {}): object => ({ jsonrpc: '2.0', method, params });
const TOOLS_CHANGED = say('notifications/tools/list_changed');

/** A server whose standalone stream is the one returned last. */
async function streaming(): Promise<{ server: ScriptedServer; streams: ServerResponse[] }> {
  const server = await ScriptedServer.start();
  const streams: ServerResponse[] = [];
  server.onGet = (_, response) => streams.push(beginStream(response));
  return { server, streams };
}

describe('the standalone stream', () => {
  test('brings what the backend says unasked, in order [R26]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url).open();
    await until(() => streams.length === 1, 'the stream is open');
    streams[0]?.write(
      event(say('notifications/message', { n: 1 })) + event(say('notifications/other', { n: 2 })),
    );
    await until(() => probe.notifications.length === 2, 'both are heard');
    expect(probe.notifications).toEqual([
      { method: 'notifications/message', params: { n: 1 } },
      { method: 'notifications/other', params: { n: 2 } },
    ]);
  });

  test.each([405, 404, 400, 501])('%d to it is fine [R13]', async (status) => {
    const server = await ScriptedServer.start();
    server.onGet = (_, response) => response.writeHead(status).end();
    const probe = await new SessionProbe(server.url).open();
    expect(summary(await probe.call())).toBe('succeeded: result');
    expect(probe.session.live).toBe(true);
    expect(probe.suspects).toBe(0);
    expect(probe.lines).toEqual([]);
  });

  test.each([
    ['its clean end', (stream: ServerResponse) => void stream.end()],
    ['its reset', (stream: ServerResponse) => stream.socket?.resetAndDestroy()],
  ])('%s is worth a health check, and no loss [R13]', async (_, end) => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url).open();
    await until(() => streams.length === 1, 'the stream is open');
    end(streams[0]!);
    await until(() => probe.suspects === 1, 'the end is noticed');
    expect(probe.lost).toEqual([]);
    expect(probe.session.live).toBe(true);
  });

  test('a server that ends it at once with retry: 1 is not stormed, be it called ever so often [R36]', async () => {
    const server = await ScriptedServer.start();
    server.onGet = (_, response) => beginStream(response, 'retry: 1\nid: 7\ndata:\n\n').end();
    const probe = await new SessionProbe(server.url).open();
    const endsAt = performance.now() + 1_500;
    while (performance.now() < endsAt) await probe.call();
    const opened = server.requests.filter((request) => request.startsWith('GET')).length;
    expect(opened).toBeLessThanOrEqual(2);
    expect(probe.suspects).toBeLessThanOrEqual(2);
  });

  test('comes back when the server has it again [R22]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url).open();
    await until(() => streams.length === 1, 'the stream is open');
    streams[0]?.end();
    await expect.poll(async () => (await probe.call(), streams.length), { timeout: 5_000 }).toBe(2);
    streams[1]?.write(event(say('notifications/message')));
    await until(() => probe.notifications.length === 1, 'it is heard');
  });

  test('what is no MCP ends it with a warning and harms no call [R36]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url).open();
    await until(() => streams.length === 1, 'the stream is open');
    streams[0]?.write('data: {"jsonrpc":\n\n');
    await until(() => probe.suspects === 1, 'the end is noticed');
    expect(probe.lines.map(({ message }) => message)).toEqual([
      'the stream of notifications broke: its answer is not JSON',
    ]);
    expect(summary(await probe.call())).toBe('succeeded: result');
  });

  test('more notifications a second than the limit are dropped with a warning [R36]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url, { limits: { maxNotificationsPerSecond: 10 } }).open();
    await until(() => streams.length === 1, 'the stream is open');
    const flood = Array.from({ length: 50_000 }, (_, n) => event(say('notifications/message', { n }))).join(
      '',
    );
    const startedAt = performance.now();
    streams[0]?.write(flood + event(TOOLS_CHANGED));
    await until(() => server.count('tools/list') === 2, 'what counts is still heard');
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000) + 1;
    expect(probe.notifications.length).toBeLessThanOrEqual(10 * seconds);
    expect(probe.lines.length).toBeLessThanOrEqual(20 * seconds);
  });
});

describe('list_changed', () => {
  test('is followed, and told only when the list differs [R22]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url, { limits: { refreshGapMs: 10 } }).open();
    await until(() => streams.length === 1, 'the stream is open');
    expect(probe.catalogs.map(({ tools }) => tools.map(({ name }) => name))).toEqual([['echo']]);
    streams[0]?.write(event(TOOLS_CHANGED));
    await until(() => server.count('tools/list') === 2, 'the list is read again');
    server.tools = [{ name: 'echo', inputSchema: { type: 'object' } }, { name: 'late' }];
    streams[0]?.write(event(TOOLS_CHANGED));
    await until(() => probe.catalogs.length === 2, 'the change is told');
    expect(probe.session.catalog?.tools.map(({ name }) => name)).toEqual(['echo', 'late']);
    expect(probe.catalogs).toHaveLength(2);
    expect(probe.notifications).toEqual([]);
  });

  test('that come in a flood cost one reading per gap [R36]', async () => {
    const { server, streams } = await streaming();
    const gapMs = 300;
    const probe = await new SessionProbe(server.url, { limits: { refreshGapMs: gapMs } }).open();
    await until(() => streams.length === 1, 'the stream is open');
    const readAt: number[] = [];
    server.on('tools/list', (post) => {
      readAt.push(performance.now());
      server.behave(post);
    });
    const flood = setInterval(() => streams[0]?.write(event(TOOLS_CHANGED).repeat(100)), 5);
    await until(() => readAt.length === 4, 'the list is read a few times').finally(() =>
      clearInterval(flood),
    );
    for (const [n, at] of readAt.entries()) {
      // Measured where the requests arrive, so give or take their way.
      if (n > 0) expect(at - readAt[n - 1]!).toBeGreaterThan(gapMs * 0.8);
    }
    expect(probe.session.held).toBeLessThanOrEqual(2);
  });

  test('during a reading is followed by another one [R22]', async () => {
    const { server, streams } = await streaming();
    const probe = await new SessionProbe(server.url, { limits: { refreshGapMs: 10 } }).open();
    await until(() => streams.length === 1, 'the stream is open');
    server.on('tools/list', (post) => {
      server.on('tools/list', (later) => server.behave(later));
      server.tools = [{ name: 'new' }];
      streams[0]?.write(event(TOOLS_CHANGED), () => post.result({ tools: [{ name: 'old' }] }));
    });
    streams[0]?.write(event(TOOLS_CHANGED));
    await until(() => probe.session.catalog?.tools[0]?.name === 'new', 'the newest list is known');
  });

  test('on the stream of a call counts as well [R22]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, { limits: { refreshGapMs: 10 } }).open();
    server.tools = [{ name: 'new' }];
    server.on('tools/call', (post) => post.stream(TOOLS_CHANGED, post.answer({ result: {} })).end());
    await probe.call();
    await until(() => probe.session.catalog?.tools[0]?.name === 'new', 'the list is read again');
  });
});

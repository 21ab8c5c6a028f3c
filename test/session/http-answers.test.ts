import { describe, expect, test } from 'vitest';
import type { Reply } from '../../src/session/outcome.js';
import { retryAfterMs } from '../../src/session/outcome.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary } from './session-probe.js';

function waitOf(reply: Reply): number | undefined {
  return reply.outcome.kind === 'failed' ? reply.outcome.failure.retryAfterMs : undefined;
}

describe('what a backend answers passes whole', () => {
  test('a result keeps isError, unknown fields and _meta, and is a success [R26]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const result = {
      content: [{ type: 'hologram', depth: 3 }],
      isError: true,
      structuredContent: { n: 1.5 },
      extra: [null, { deep: '\u2028' }],
      _meta: { 'vendor/trace': 'abc', progressToken: 'theirs' },
    };
    server.on('tools/call', (post) => post.result(result));
    expect(await probe.call()).toEqual({ outcome: { kind: 'succeeded' }, kind: 'result', result });
  });

  test('a thousand isError results in a row are a thousand successes [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => post.result({ content: [], isError: true }));
    for (let call = 0; call < 1_000; call += 1) expect(summary(await probe.call())).toBe('succeeded: result');
  });

  test.each([-32_000, -32_001, -32_603, 42])(
    'a JSON-RPC error %d keeps code, message and data [R08]',
    async (code) => {
      const server = await ScriptedServer.start();
      const probe = await new SessionProbe(server.url).open();
      const error = { code, message: 'MCP error -32000: its own words', data: { retry: [1] } };
      server.on('tools/call', (post) => post.json(post.answer({ error })));
      expect(await probe.call()).toEqual({ outcome: { kind: 'succeeded' }, kind: 'error', ...error });
    },
  );

  test('a request carries its params as they are, and no progress token that we did not give [R26]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    await probe.ask('tools/call', { name: 'echo', odd: [1], _meta: { trace: 't', progressToken: 7 } });
    expect(server.seen.at(-1)?.params).toEqual({ name: 'echo', odd: [1], _meta: { trace: 't' } });
  });

  test('what comes before the result on its stream is passed on, in order [R26]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const say = (n: number): object => ({ jsonrpc: '2.0', method: 'notifications/message', params: { n } });
    server.on('tools/call', (post) => post.stream(say(1), say(2), post.answer({ result: {} })).end());
    expect(summary(await probe.call())).toBe('succeeded: result');
    expect(probe.notifications.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('a ping of the backend is answered, every other request of it is not ours to do [R26]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const ask = (id: string, method: string): object => ({ jsonrpc: '2.0', id, method });
    server.on('tools/call', (post) =>
      post.stream(ask('a', 'ping'), ask('b', 'sampling/createMessage'), post.answer({ result: {} })).end(),
    );
    await probe.call();
    await expect
      .poll(() => server.seen.filter(({ method }) => (method as unknown) === undefined))
      .toMatchObject([
        { id: 'a', result: {} },
        { id: 'b', error: { code: -32_601 } },
      ]);
  });
});

describe('credentials', () => {
  test.each([401, 403])('%d is no evidence against a backend that got ours [R08]', async (status) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, { hasAuth: true }).open();
    server.on('tools/call', (post) => post.raw('', status));
    server.on('ping', (post) => post.raw('', status));
    const reply = await probe.call();
    expect(summary(reply)).toBe(`succeeded: error -32603 it answered HTTP ${status}`);
    expect(reply).toMatchObject({ data: { httpStatus: status } });
    expect(await probe.check()).toBe('succeeded');
  });

  test.each([301, 302, 303, 307, 308])(
    'a %d to another origin is not followed, and gets no credential [R38]',
    async (status) => {
      const server = await ScriptedServer.start();
      const other = await ScriptedServer.start();
      const probe = await new SessionProbe(server.url, { headers: { Authorization: 'Bearer s' } }).open();
      server.on('tools/call', (post) => post.raw('', status, { location: other.url }));
      expect(summary(await probe.call())).toBe(`protocol_error: it answered HTTP ${status}`);
      expect(other.accepted).toBe(0);
      expect(server.seen.every(({ headers }) => headers.authorization === 'Bearer s')).toBe(true);
    },
  );

  test('configured headers do not replace those of the protocol [R38]', async () => {
    const server = await ScriptedServer.start();
    const headers = {
      'Mcp-Protocol-Version': '1',
      ACCEPT: 'text/html',
      'Accept-Encoding': 'gzip',
      'X-Team': 'blue',
    };
    const probe = await new SessionProbe(server.url, { headers }).open();
    await probe.call();
    expect(server.seen.at(-1)?.headers).toMatchObject({
      'mcp-session-id': 'session-1',
      'mcp-protocol-version': '2025-11-25',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'x-team': 'blue',
    });
  });
});

describe('Retry-After', () => {
  test.each([429, 503])('of a %d is carried into the delay, in seconds [R08]', async (status) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => post.raw('', status, { 'retry-after': '17' }));
    expect(waitOf(await probe.call())).toBe(17_000);
  });

  test('as a date counts from now [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    const date = new Date(Date.now() + 60_000).toUTCString();
    server.on('tools/call', (post) => post.raw('', 429, { 'retry-after': date }));
    const wait = waitOf(await probe.call())!;
    expect(wait).toBeGreaterThan(55_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });

  test('is believed up to its limit [R36]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, { limits: { maxRetryAfterMs: 5_000 } }).open();
    for (const [seconds, wait] of [
      ['5', 5_000],
      ['6', 5_000],
      ['99999999999', 5_000],
    ] as const) {
      server.on('tools/call', (post) => post.raw('', 429, { 'retry-after': seconds }));
      expect(waitOf(await probe.call())).toBe(wait);
    }
  });

  test.each([
    ['2', 2_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:00:03 GMT', 3_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 9_000],
    ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
    ['9'.repeat(400), 9_000],
    ['soon', undefined],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    [undefined, undefined],
  ])('%j at the epoch is %j ms within nine seconds [R08]', (header, wait) => {
    expect(retryAfterMs(header, 9_000, 0)).toBe(wait);
  });

  test('is carried from a refused handshake too [R08]', async () => {
    const server = await ScriptedServer.start();
    server.on('initialize', (post) => post.raw('', 429, { 'retry-after': '3' }));
    const outcome = await new SessionProbe(server.url).session.check(AbortSignal.timeout(5_000));
    expect(outcome).toEqual({ kind: 'failed', failure: { category: 'overloaded', retryAfterMs: 3_000 } });
  });
});

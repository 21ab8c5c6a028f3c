import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientContext } from '../../src/gateway/client-session.js';
import type { ClientLimits } from '../../src/gateway/limits.js';
import { ClientSessions } from '../../src/gateway/client-sessions.js';
import { createHandlers } from '../../src/gateway/handlers.js';
import { HttpChannel } from '../../src/gateway/http-channel.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { UNWATCHED } from '../../src/gateway/request-meter.js';
import { Listing, listsOf } from '../../src/gateway/listing.js';
import { silent } from '../../src/logging/log.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { FakeBackend, settings, tools } from './fake-backend.js';
import { gatewayOver, INITIALIZE, RawClient, rawPost, sdkClient, serve, until } from './wire.js';
import type { Wired } from './wire.js';

const call = (id: string | number, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'a_x', arguments: args },
});

/** Sessions with limits of their own, in front of one backend. */
async function limited(limits: Partial<ClientLimits>) {
  const backend = new FakeBackend('a', tools('x'));
  const listing = new Listing([backend], settings().aggregation, silent);
  const context: ClientContext = {
    serverInfo: { name: 'gateway', version: '1' },
    handlers: createHandlers(listing, new Subscriptions(10), settings()),
    maxAskMs: 1_000,
    log: silent,
    lists: () => listsOf(listing),
    instructions: () => undefined,
    onLogLevel: () => undefined,
    onNotification: () => undefined,
    onEnded: () => undefined,
    onAnswering: () => undefined,
    hooks: UNWATCHED,
  };
  const sessions = new ClientSessions(context, { ...DEFAULT_LIMITS, ...limits });
  const url = await serve(
    (request, response) => sessions.handle(request, response),
    () => sessions.close(),
  );
  return { backend, sessions, url };
}

describe('sessions', () => {
  const ping = async (client: RawClient) =>
    (await client.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status;

  it('at the limit the one idle longest makes room for a new one [R36]', async () => {
    const { sessions, url } = await limited({ maxClientSessions: 2 });
    const [first, second] = [await RawClient.open(url), await RawClient.open(url)];
    expect(await ping(first)).toBe(200);
    const third = await RawClient.open(url);
    expect(sessions.size).toBe(2);
    expect(await Promise.all([first, second, third].map(ping))).toEqual([200, 404, 200]);
  });

  it('at the limit with all busy a new one is refused with 503 and told when to come back [R36]', async () => {
    const { backend, sessions, url } = await limited({ maxClientSessions: 2 });
    const listening = await RawClient.open(url);
    await listening.listen();
    backend.hang();
    const waiting = (await RawClient.open(url)).post(call(1));
    await until(() => expect(backend.calls).toHaveLength(1));
    const refused = await rawPost(url, INITIALIZE);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    backend.letGo({ kind: 'result', result: {} });
    expect((await waiting).status).toBe(200);
    expect((await rawPost(url, INITIALIZE)).status).toBe(200);
    expect(sessions.size).toBe(2);
  });

  it('far above the limit as many are open as the limit says [R36]', async () => {
    const { sessions, url } = await limited({ maxClientSessions: 5 });
    for (let count = 0; count < 20; count += 1) {
      await Promise.all(Array.from({ length: 10 }, async () => (await rawPost(url, INITIALIZE)).text()));
      expect(sessions.size).toBeLessThanOrEqual(5);
    }
  });

  it('end when idle for so long, and not while a call or a stream is open [R36]', async () => {
    const { backend, sessions, url } = await limited({ clientSessionIdleMs: 100 });
    const [idle, listening, waiting] = [
      await RawClient.open(url),
      await RawClient.open(url),
      await RawClient.open(url),
    ];
    await listening.listen();
    backend.hang();
    const answer = waiting.post(call(1));
    await until(() => expect(sessions.size).toBe(2));
    expect(await ping(idle)).toBe(404);
    const endsAt = performance.now() + 300;
    await until(() => expect(performance.now()).toBeGreaterThan(endsAt));
    expect(sessions.size).toBe(2);
    backend.letGo({ kind: 'result', result: {} });
    expect((await answer).status).toBe(200);
    await until(() => expect(sessions.size).toBe(1));
  });

  it('of a smaller body and batch limit hold to it [R36]', async () => {
    const { url } = await limited({ maxClientBatch: 2, maxBodyBytes: 1000 });
    const client = await RawClient.open(url);
    expect((await client.post([call(1), call(2)])).status).toBe(200);
    expect((await client.post([call(1), call(2), call(3)])).status).toBe(400);
    expect((await client.post(call(1, { fill: 'x'.repeat(1000) }))).status).toBe(413);
  });
});

describe('ids of requests', () => {
  it('an id in flight may not be used again; afterwards it may [R39]', async () => {
    const backend = new FakeBackend('a', tools('x'));
    const { url } = await gatewayOver([backend]);
    const client = await RawClient.open(url);
    backend.hang();
    const first = client.post(call(7));
    await until(() => expect(backend.calls).toHaveLength(1));
    expect((await client.post(call(7))).status).toBe(400);
    expect(await client.ask('ping', {}, '7')).toEqual({ jsonrpc: '2.0', id: '7', result: {} });
    backend.letGo({ kind: 'result', result: { first: true } });
    expect(await (await first).json()).toMatchObject({ id: 7, result: { first: true } });
    expect(backend.calls).toHaveLength(1);
    expect(await client.ask('ping', {}, 7)).toMatchObject({ id: 7 });
  });

  it('an id used again after its client went away does not get the old answer [R39]', async () => {
    const backend = new FakeBackend('a', tools('x'));
    const { url } = await gatewayOver([backend]);
    const client = await RawClient.open(url);
    const old = new Promise<void>((answer) => {
      backend.script = async (_, { signal }) => {
        await new Promise((aborted) => signal.addEventListener('abort', aborted));
        // The backend is late: what it says now is of no use to anybody.
        await until(() => expect(backend.calls).toHaveLength(2));
        answer();
        return { kind: 'result', result: { old: true } };
      };
    });
    const controller = new AbortController();
    const gone = client.post(call(7), {}, controller.signal).catch(() => undefined);
    await until(() => expect(backend.calls).toHaveLength(1));
    controller.abort();
    await gone;
    backend.script = async () => (await old, { kind: 'result', result: { old: false } });
    const again = async () => {
      const response = await client.post(call(7));
      expect(response.status).toBe(200);
      return (await response.json()) as Wired;
    };
    expect((await until(again)).result).toEqual({ old: false });
  });

  it('the same ids in a hundred clients at once never cross [R39]', async () => {
    const backend = new FakeBackend('a', tools('x'));
    backend.script = async ({ params }) => {
      await new Promise((later) => setTimeout(later, Math.random() * 10));
      return { kind: 'result', result: { echo: params['arguments'] } };
    };
    const { url } = await gatewayOver([backend]);
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(url)));
    const crossed = await Promise.all(
      clients.flatMap((client, index) =>
        Array.from({ length: 10 }, async (_, id) => {
          const answer = (await (await client.post(call(id, { index, id }))).json()) as Wired;
          return JSON.stringify([answer.id, answer.result]) !== JSON.stringify([id, { echo: { index, id } }]);
        }),
      ),
    );
    expect(crossed.filter(Boolean)).toEqual([]);
    expect(backend.calls).toHaveLength(1_000);
  });
});

it('5,000 calls on one session leave nothing behind [R36]', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  const { backend, sessions, url } = await limited({ maxClientSessions: 1 });
  const signals: AbortSignal[] = [];
  backend.script = (_, { signal, onProgress }) => {
    signals.push(signal);
    if (signals.length % 100 === 0) onProgress?.({ progress: 1 });
    return { kind: 'result', result: {} };
  };
  const client = await RawClient.open(url);
  const lane = async (first: number) => {
    for (let id = first; id < 5000; id += 8) await (await client.post(call(id))).text();
  };
  await Promise.all(Array.from({ length: 8 }, (_, first) => lane(first)));
  expect(signals).toHaveLength(5000);
  expect(new Set(signals).size).toBe(5000);
  expect(sessions.size).toBe(1);
  expect(warnings).toEqual([]);
  // Only a session with nothing open makes room for another.
  expect((await rawPost(url, INITIALIZE)).status).toBe(200);
}, 120_000);

it('a channel is busy while a request or a stream is open, and no longer [R36]', async () => {
  const channel = new HttpChannel('s');
  const url = await serve(
    (request, response) => {
      if (request.method === 'GET') channel.listen(response);
      else {
        const terms = { batch: false, isResumable: false };
        channel.receive([{ jsonrpc: '2.0', id: 1, method: 'ping' }], terms, response);
      }
      return Promise.resolve();
    },
    () => channel.close(),
  );
  expect(channel.busy).toBe(false);
  const post = rawPost(url, {});
  await until(() => expect(channel.busy).toBe(true));
  expect(channel.answers(1)).toBe(true);
  await channel.send({ jsonrpc: '2.0', id: 1, result: {} });
  expect((await post).status).toBe(200);
  expect(channel.busy).toBe(false);
  const controller = new AbortController();
  await fetch(url, { signal: controller.signal });
  expect(channel.busy).toBe(true);
  controller.abort();
  await until(() => expect(channel.busy).toBe(false));
});

it('a client of the SDK ends its session itself [R26]', async () => {
  const { gateway, url } = await gatewayOver([new FakeBackend('a', tools('x'))]);
  const client = await sdkClient(url);
  await (client.transport as unknown as { terminateSession(): Promise<void> }).terminateSession();
  expect(gateway.clientSessions).toBe(0);
});

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { catalog, FakeBackend, settings, tools } from './fake-backend.js';
import { gatewayOver, INITIALIZE, RawClient, sdkClient, stdioOver, until } from './wire.js';
import type { Wired } from './wire.js';

const offer = catalog({
  tools: [{ name: 'x', inputSchema: { type: 'object' } }],
  resources: [{ uri: 'x:/', name: 'x' }],
  prompts: [{ name: 'p' }],
});
const ALL = ['tools', 'resources', 'prompts'].map((kind) => `notifications/${kind}/list_changed`);
const methodsOf = (messages: readonly Wired[]) => messages.flatMap(({ method }) => method ?? []);

describe('list_changed', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** A client that is connected before anything changes, and what it was told since it was asked last. */
  const connected = async (...backends: FakeBackend[]) => {
    const { gateway, messages, write } = stdioOver(backends);
    write(INITIALIZE);
    const told = async (ms = 10 * GATEWAY_LIMITS.coalesceMs) => {
      await vi.advanceTimersByTimeAsync(ms);
      await new Promise((written) => setImmediate(written));
      return methodsOf(messages.splice(0));
    };
    expect(await told()).toEqual([]);
    return { gateway, told };
  };

  it('comes once for each kind that changed in a burst, when the burst is over [R22]', async () => {
    const backends = [new FakeBackend('a', offer), new FakeBackend('b', offer)];
    const { gateway, told } = await connected(...backends);
    for (let turn = 0; turn < 25; turn += 1) {
      for (const backend of backends) {
        if (turn % 2 === 0) backend.fall();
        else backend.rise();
        gateway.changed();
      }
    }
    expect(await told(GATEWAY_LIMITS.coalesceMs - 1)).toEqual([]);
    expect(await told(1)).toEqual(ALL);
    expect(await told()).toEqual([]);
    backends[0]!.rise();
    gateway.changed();
    expect(await told()).toEqual(ALL);
  });

  it('comes only for the kind that changed [R22]', async () => {
    const backend = new FakeBackend('a', offer);
    const { gateway, told } = await connected(backend);
    backend.rise({ ...offer, prompts: [{ name: 'q' }] });
    gateway.changed();
    expect(await told()).toEqual(['notifications/prompts/list_changed']);
  });

  it.each<[string, (backend: FakeBackend) => void]>([
    ['nothing changed', () => undefined],
    ['a catalog was read again and is equal', (backend) => backend.rise(structuredClone(offer))],
    [
      'what changed changed back in the same burst',
      (backend) => {
        backend.fall();
        backend.rise();
      },
    ],
  ])('does not come when %s [R22]', async (_, change) => {
    const backend = new FakeBackend('a', offer);
    const { gateway, told } = await connected(backend);
    change(backend);
    gateway.changed();
    expect(await told()).toEqual([]);
  });

  it('does not come to a client that connected after the change [R22]', async () => {
    const backend = new FakeBackend('a', offer);
    backend.fall();
    const { gateway, told } = await connected(backend);
    gateway.changed();
    expect(await told()).toEqual([]);
  });

  it('does not come after the gateway was closed, and leaves no timer [R19]', async () => {
    const backend = new FakeBackend('a', offer);
    const { gateway, told } = await connected(backend);
    gateway.start();
    gateway.changed();
    await gateway.close();
    backend.fall();
    gateway.changed();
    expect(vi.getTimerCount()).toBe(0);
    expect(await told()).toEqual([]);
  });

  it('ends the wait for names that depend on rank: it runs from the start [R23]', async () => {
    const whole = settings({ strategy: 'priority', priorityOrder: ['hung'] });
    const { gateway, messages, write } = stdioOver(
      [new FakeBackend('a', tools('x')), new FakeBackend('hung')],
      whole,
    );
    gateway.start();
    write(INITIALIZE);
    await vi.advanceTimersByTimeAsync(GATEWAY_LIMITS.settleMs - 1);
    expect(methodsOf(messages)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1 + GATEWAY_LIMITS.coalesceMs);
    expect(methodsOf(messages)).toEqual([ALL[0]]);
  });
});

describe('over HTTP', () => {
  it('a change while a client has no stream open is told when it opens one, once [R22]', async () => {
    const backend = new FakeBackend('a', offer);
    const { gateway, url } = await gatewayOver([backend]);
    const [deaf, hearing] = [await RawClient.open(url), await RawClient.open(url)];
    const heard = await hearing.listen();
    for (const change of [() => backend.fall(), () => backend.rise(), () => backend.fall()]) {
      change();
      gateway.changed();
      await until(() => expect(methodsOf(heard.splice(0))).toEqual(ALL));
    }
    const messages = await deaf.listen();
    await until(() => expect(methodsOf(messages)).toEqual(ALL));
    const again = await deaf.listen();
    backend.rise({ ...offer, tools: [], resources: [] });
    gateway.changed();
    await until(() => expect(methodsOf(again)).toEqual([ALL[2]]));
  });

  it('an SDK client that connected while a backend was down learns of it, lists it and calls it [R22]', async () => {
    const backend = new FakeBackend('a', offer);
    backend.fall();
    const { gateway, url } = await gatewayOver([backend]);
    const onChange = vi.fn();
    const client = new Client({ name: 'sdk', version: '1' });
    client.setNotificationHandler(ToolListChangedNotificationSchema, onChange);
    await sdkClient(url, client);
    expect((await client.listTools()).tools).toEqual([]);
    backend.rise();
    gateway.changed();
    await until(() => expect(onChange).toHaveBeenCalledTimes(1));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['a_x']);
    expect((await client.listResources()).resources).toMatchObject([{ uri: 'x:/' }]);
    expect(await client.callTool({ name: 'a_x' })).toMatchObject({ from: 'a' });
  });
});

import { describe, expect, it } from 'vitest';
import { BackendLogLevels, mostVerbose, parseLogLevel, passesLevel } from '../../src/gateway/log-level.js';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { FakeBackend, tools } from './fake-backend.js';
import { gatewayOver, RawClient, until } from './wire.js';

const logging = { ...tools('x'), capabilities: { logging: {} } };
const levelsOf = (backend: FakeBackend) =>
  backend.calls.map(({ request: { method, params } }) => `${method} ${String(params['level'])}`);

describe('levels', () => {
  it('pass messages of the wanted level and above, and none of an unknown level [R26]', () => {
    expect(passesLevel('warning', 'warning')).toBe(true);
    expect(passesLevel('emergency', 'warning')).toBe(true);
    expect(passesLevel('notice', 'warning')).toBe(false);
    for (const level of ['loud', undefined, 7, '__proto__']) expect(passesLevel(level, 'debug')).toBe(false);
  });

  it('are the eight of syslog; the most verbose wish counts [R26]', () => {
    expect(parseLogLevel('critical')).toBe('critical');
    expect(parseLogLevel('WARNING')).toBeUndefined();
    expect(mostVerbose(['error', 'info', 'alert'])).toBe('info');
    expect(mostVerbose([])).toBeUndefined();
  });
});

describe('a backend that logs', () => {
  it('is told the most verbose wish once, and again after an outage [R26]', () => {
    const backend = new FakeBackend('a', logging);
    const levels = new BackendLogLevels();
    levels.sync([backend], undefined);
    expect(levelsOf(backend)).toEqual([]);
    levels.sync([backend], 'warning');
    levels.sync([backend], 'warning');
    levels.sync([backend], 'info');
    expect(levelsOf(backend)).toEqual(['logging/setLevel warning', 'logging/setLevel info']);
    backend.fall();
    levels.sync([backend], 'info');
    backend.rise();
    levels.sync([backend], 'info');
    levels.sync([backend], 'info');
    expect(levelsOf(backend).slice(2)).toEqual(['logging/setLevel info']);
  });

  it('is told again when it could not be told, and on every new session [R26]', async () => {
    const backend = new FakeBackend('a', logging);
    const { gateway, url } = await gatewayOver([backend]);
    const script = backend.script;
    backend.script = () => ({
      kind: 'unavailable',
      unavailable: { backend: 'a', code: 'CALL_FAILED', reason: 'it timed out' },
    });
    await (await RawClient.open(url)).ask('logging/setLevel', { level: 'info' });
    await until(() => expect(backend.calls).toHaveLength(1));
    backend.script = script;
    gateway.changed();
    await until(() => expect(backend.calls).toHaveLength(2));
    gateway.sessionOpened('a');
    await until(() => expect(backend.calls).toHaveLength(3));
    gateway.changed();
    gateway.sessionOpened('b');
    await new Promise((over) => setTimeout(over, 2 * GATEWAY_LIMITS.coalesceMs));
    expect(levelsOf(backend)).toEqual(Array(3).fill('logging/setLevel info'));
  });

  it('is one of many that are being told, without a warning of a leak [R36]', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const backends = Array.from({ length: 50 }, (_, index) => new FakeBackend(`b${index}`, logging));
    for (const backend of backends) backend.hang();
    const levels = new BackendLogLevels();
    levels.sync(backends, 'debug');
    await new Promise((next) => setImmediate(next));
    levels.close();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('is told when it comes, though the wish was there before; one that does not log is not [R26]', () => {
    const [late, mute] = [new FakeBackend('a'), new FakeBackend('b', tools('x'))];
    const levels = new BackendLogLevels();
    levels.sync([late, mute], 'debug');
    late.rise(logging);
    levels.sync([late, mute], 'debug');
    expect([levelsOf(late), levelsOf(mute)]).toEqual([['logging/setLevel debug'], []]);
  });

  it('is not kept waiting for at the end: what is out is aborted [R19]', () => {
    const backend = new FakeBackend('a', logging);
    const hanging = backend.hang();
    const levels = new BackendLogLevels();
    levels.sync([backend], 'debug');
    levels.close();
    expect(hanging.aborted).toBe(1);
  });
});

describe('a log message of a backend', () => {
  it('reaches the clients that asked for its level, and no other [R26]', async () => {
    const backend = new FakeBackend('a', logging);
    const { gateway, url } = await gatewayOver([backend]);
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.open(url)));
    const streams = await Promise.all(clients.map((client) => client.listen()));
    await clients[0]!.ask('logging/setLevel', { level: 'error' });
    await clients[1]!.ask('logging/setLevel', { level: 'info' });
    expect(levelsOf(backend)).toEqual(['logging/setLevel error', 'logging/setLevel info']);
    for (const level of ['debug', 'info', 'error', 'nonsense'])
      gateway.notification('a', 'notifications/message', { level, data: level });
    await until(() => expect([streams[0]!.length, streams[1]!.length]).toEqual([1, 2]));
    expect(streams.map((messages) => messages.map(({ params }) => params?.['data']))).toEqual([
      ['error'],
      ['info', 'error'],
      [],
    ]);
  });

  it('says which backend it is from, and is otherwise as it came [R26]', async () => {
    const { gateway, url } = await gatewayOver([new FakeBackend('a', logging)]);
    const client = await RawClient.open(url);
    const messages = await client.listen();
    await client.ask('logging/setLevel', { level: 'debug' });
    const params = { level: 'info', data: { deep: [1] }, _meta: { k: 1 } };
    gateway.notification('a', 'notifications/message', { ...params, logger: 'db' });
    gateway.notification('a', 'notifications/message', params);
    await until(() => expect(messages).toHaveLength(2));
    expect(messages.map((message) => message.params)).toEqual([
      { ...params, logger: 'a/db' },
      { ...params, logger: 'a' },
    ]);
  });

  it('of other kinds goes to nobody [R26]', async () => {
    const { gateway, url } = await gatewayOver([new FakeBackend('a', logging)]);
    const client = await RawClient.open(url);
    const messages = await client.listen();
    await client.ask('logging/setLevel', { level: 'debug' });
    gateway.notification('a', 'notifications/progress', { progressToken: 1, progress: 1 });
    gateway.notification('a', 'notifications/message', { level: 'info', data: 'last' });
    await until(() => expect(messages).toHaveLength(1));
    expect(messages[0]?.params?.['data']).toBe('last');
  });

  it.each(['verbose', '', 7, null, undefined])('a wish for %j is refused [R26]', async (level) => {
    const { url } = await gatewayOver([]);
    const { error } = await (await RawClient.open(url)).ask('logging/setLevel', { level });
    expect(error?.code).toBe(-32602);
    expect(error?.message).toContain('debug, info, notice, warning, error, critical, alert, emergency');
  });
});

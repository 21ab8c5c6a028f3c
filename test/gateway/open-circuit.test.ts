import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { silent } from '../../src/logging/log.js';
import { createVmcp } from '../../src/vmcp.js';
import { configuration } from '../e2e/served.js';
import type { Post } from '../session/scripted-server.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { RawClient, serve, until } from './wire.js';

/** A whole gateway over one scripted backend, whose checks come only when they are asked for. */
async function open(onStart?: (server: ScriptedServer) => void, timeout = '10s') {
  const server = await ScriptedServer.start();
  onStart?.(server);
  const failureHandling = {
    partialFailureMode: 'best_effort',
    healthCheckInterval: '1h',
    healthCheckTimeout: '20s',
    circuitBreaker: { enabled: true, failureThreshold: 1, timeout: '60s' },
  };
  const operational = { timeouts: { default: timeout }, failureHandling };
  const backend = { name: 'a', transport: 'streamable-http', url: server.url };
  const text = configuration([backend], {}, { operational });
  const vmcp = createVmcp(parseConfig(text, 'vmcp.yaml', { env: {} }), { log: silent, version: '1' });
  const url = await serve(
    (request, response) => vmcp.handleMcp(request, response),
    () => Promise.resolve(),
  );
  onTestFinished(() => vmcp.stop(100));
  vmcp.start();
  const client = await RawClient.open(url);
  const call = (id: number) => client.ask('tools/call', { name: 'a_echo', arguments: {} }, id);
  const health = () => vmcp.status().backends[0]?.health;
  return { server, vmcp, call, health };
}

/** What has arrived, once nothing more comes for a while. */
async function settled(server: ScriptedServer): Promise<number> {
  for (let before = -1; before !== server.requests.length;) {
    before = server.requests.length;
    await new Promise((later) => setTimeout(later, 100));
  }
  return server.requests.length;
}

it('a connect that began before the circuit opened is given up: its calls are refused at once, nothing follows it [R02]', async () => {
  const { server, vmcp, call, health } = await open();
  await until(() => expect(health()).toBe('healthy'));
  await settled(server);
  const held: Post[] = [];
  server.on('initialize', (post) => held.push(post));
  server.forget();
  const calls = [call(1), call(2)];
  await until(() => expect(held).toHaveLength(1));
  vmcp.isolate('a');
  for (const answer of await Promise.all(calls)) {
    expect(answer.result).toMatchObject({
      isError: true,
      _meta: { 'breakwater/unavailable': { code: 'CIRCUIT_ISOLATED' } },
    });
  }
  const before = server.requests.length;
  for (const post of held) server.behave(post);
  expect(await settled(server)).toBe(before);
});

it('a call whose session turns out lost after its circuit opened is not sent again [R02]', async () => {
  const { server, vmcp, call, health } = await open();
  await until(() => expect(health()).toBe('healthy'));
  const held: Post[] = [];
  server.on('tools/call', (post) => held.push(post));
  const answer = call(1);
  await until(() => expect(held).toHaveLength(1));
  vmcp.isolate('a');
  const before = await settled(server);
  held[0]!.raw('', 404);
  expect((await answer).result).toMatchObject({
    _meta: { 'breakwater/unavailable': { code: 'CIRCUIT_ISOLATED' } },
  });
  expect(await settled(server)).toBe(before);
  expect(server.count('initialize')).toBe(1);
});

it('an answer that comes while its circuit is open opens no stream [R02]', async () => {
  const { server, vmcp, call, health } = await open((it) => {
    it.onGet = (_, response) => response.writeHead(503).end();
  });
  await until(() => expect(health()).toBe('healthy'));
  const held: Post[] = [];
  server.on('tools/call', (post) => held.push(post));
  const answer = call(1);
  await until(() => expect(held).toHaveLength(1));
  vmcp.isolate('a');
  // By now a stream that was not to be had would be asked for again.
  await new Promise((later) => setTimeout(later, 2_100));
  const before = server.requests.length;
  server.behave(held[0]!);
  expect((await answer).result).toMatchObject({ content: [{ type: 'text' }] });
  expect(await settled(server)).toBe(before);
});

it('calls that time out as their circuit opens are not spoken of to the backend [R02]', async () => {
  const { server, vmcp, call, health } = await open(undefined, '300ms');
  await until(() => expect(health()).toBe('healthy'));
  await settled(server);
  server.on('tools/call', () => undefined);
  const answers = await Promise.all([call(1), call(2), call(3)]);
  for (const { result } of answers) expect(result).toMatchObject({ isError: true });
  expect(vmcp.status().backends[0]?.circuit).toBe('open');
  await settled(server);
  expect(server.count('tools/call')).toBe(3);
  expect(server.count('notifications/cancelled')).toBe(0);
});

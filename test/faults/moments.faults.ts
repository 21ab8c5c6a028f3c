import { describe, expect, it } from 'vitest';
import type { Handler } from '../session/scripted-server.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { until } from '../session/session-probe.js';
import { world } from './world.js';
import type { World } from './world.js';

/** Ways in which a backend answers a request badly, and what a call that meets it is classed as. */
const FAULTS: readonly (readonly [name: string, handler: Handler, category: string])[] = [
  ['resets the connection', (post) => post.reset(), 'connection_failed'],
  ['answers 503', (post) => post.raw('', 503), 'backend_unavailable'],
  ['answers half of JSON', (post) => post.raw('{"jsonrpc":"2.0"'), 'protocol_error'],
  ['never answers', () => undefined, 'timeout'],
  ['cuts its stream', (post) => void post.stream().end('data: {"jsonrpc"'), 'backend_unavailable'],
];

/** The requests that are met at a moment; what comes before it goes well. */
const MOMENTS: readonly (readonly [name: string, methods: readonly string[], meanwhile: boolean])[] = [
  ['from the first connection on', ['initialize'], false],
  ['at the end of the handshake', ['notifications/initialized'], false],
  ['as its tools are listed', ['tools/list'], false],
  ['as calls wait for it to connect', ['initialize'], true],
  ['as calls are out', ['tools/call', 'ping'], true],
];

const NOT_THESE = [
  // What follows its 200 is not read: a notification has no answer.
  'at the end of the handshake answers half of JSON',
  'at the end of the handshake cuts its stream',
  // Below, for it takes longer.
  'as its tools are listed never answers',
];

const RESPONSIVE = {
  healthCheckInterval: '500ms',
  healthCheckTimeout: '300ms',
  circuitBreaker: { enabled: true, failureThreshold: 2, timeout: '1s' },
};

/** Some calls to the hostile backend, whatever they come to: each has one answer. */
async function callSome(gateway: World): Promise<void> {
  const calls = await Promise.all(Array.from({ length: 5 }, () => gateway.call()));
  for (const { answer, tookMs } of calls) {
    expect(answer.result ?? answer.error).toBeDefined();
    expect(tookMs).toBeLessThan(3_000);
  }
}

/** All is well again: it serves by itself, and every call that was admitted has been settled. */
async function recovers(gateway: World, boundMs: number): Promise<void> {
  await until(
    () => gateway.backend().circuit === 'closed' && gateway.backend().serving,
    'it serves',
    boundMs,
  );
  await until(() => gateway.vmcp.closeUp('hostile').tools.length === 1, 'its tools are known');
  const { answer } = await gateway.call();
  expect(answer.result).not.toHaveProperty('isError');
  const { admitted, succeeded, failed, released, stale, inFlight } = gateway.backend().calls;
  expect(inFlight).toBe(0);
  expect(succeeded + failed + released + stale).toBe(admitted);
  const story = gateway.circuit();
  for (const [index, change] of story.entries()) {
    const [from] = change.split(' → ');
    expect(from).toBe(index === 0 ? 'closed' : story[index - 1]?.split(' → ')[1]);
  }
  expect(story.at(-1)).toBe('half-open → closed');
}

/** A backend that meets its callers badly until its circuit has opened twice, and then well. */
async function badThenWell(
  methods: readonly string[],
  handler: Handler,
  meanwhile: boolean,
  boundMs: number,
): Promise<void> {
  const server = await ScriptedServer.start();
  const meet = (how: Handler): void => {
    for (const method of methods) server.on(method, how);
  };
  if (!meanwhile) meet(handler);
  const entry = { transport: 'streamable-http', url: server.url };
  const gateway = await world(entry, { timeout: '1s', failureHandling: RESPONSIVE });
  await gateway.healthy('healthy');
  const unmoved = gateway.watch();
  if (meanwhile) {
    await gateway.healthy();
    meet(handler);
    if (methods.includes('initialize')) server.forget();
  }
  await callSome(gateway);
  await until(() => gateway.circuit().includes('closed → open'), 'its circuit opens', boundMs);
  await until(() => gateway.circuit().includes('half-open → open'), 'a probe meets it too', boundMs);
  await callSome(gateway);
  meet((post) => server.behave(post));
  await recovers(gateway, boundMs);
  await unmoved();
}

describe.each(MOMENTS)('%s a backend', (moment, methods, meanwhile) => {
  const faults = FAULTS.filter(([name]) => !NOT_THESE.includes(`${moment} ${name}`));

  it.each(faults)(
    '%s: its circuit opens, and closes once that is over [R03] [R36] [R39]',
    async (_, handler) => {
      await badThenWell(methods, handler, meanwhile, 10_000);
    },
    45_000,
  );
});

describe('a list that is never answered', () => {
  it.fails(
    'is asked for again by the next check, so that its backend is back as soon as others are [R03]',
    async () => {
      await badThenWell(['tools/list'], () => undefined, false, 10_000);
    },
    45_000,
  );
});

describe.each(FAULTS)('a backend that %s', (_, first) => {
  it.each(FAULTS)(
    'and then %s: each call is settled, and the second opens the circuit [R08] [R39]',
    async (__, second, category) => {
      const server = await ScriptedServer.start();
      const circuitBreaker = { enabled: true, failureThreshold: 2, timeout: '60s' };
      const entry = { transport: 'streamable-http', url: server.url };
      const gateway = await (
        await world(entry, { timeout: '300ms', failureHandling: { circuitBreaker } })
      ).healthy();
      const unmoved = gateway.watch();
      server.on('tools/call', first);
      expect((await gateway.call()).answer.result).toMatchObject({ isError: true });
      expect(gateway.circuit()).toEqual([]);
      server.on('tools/call', second);
      expect((await gateway.call()).answer.result).toMatchObject({
        isError: true,
        _meta: { 'breakwater/unavailable': { category } },
      });
      expect(gateway.circuit()).toEqual(['closed → open']);
      expect(gateway.backend().calls).toMatchObject({ admitted: 2, failed: 2, inFlight: 0 });
      await unmoved();
    },
  );
});

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as until } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { VmcpConfig } from '../../src/config/config.js';
import { createEngine } from '../../src/create-engine.js';
import type { EngineEvent } from '../../src/engine/events.js';
import { CallRefusedError } from '../../src/engine/execute.js';
import { simulate } from '../../src/simulate/simulate.js';
import { failureHandling, load } from '../config/sample.js';
import { entries, scenario } from './simulated.js';

/** How far apart they may be, beyond what the machine was late itself. */
const TOLERANCE_MS = 150;
const TOLERANCE_CALLS = 4;

/** Half a second between what happens and what would change if it came late. */
const OUTAGE = scenario({
  durationMs: 3400,
  callsPerSecond: 20,
  latencyMs: 2,
  phases: [{ fromMs: 500, toMs: 2100, is: 'down' }],
});

it(
  'an outage in real time, with a server that is really gone, agrees with the simulated one [R03] [R34]',
  { retry: 2 },
  async () => {
    const config = load(
      failureHandling(
        'healthCheckInterval: 400ms',
        'healthCheckTimeout: 200ms',
        'circuitBreaker: {enabled: true, failureThreshold: 3, timeout: 1s}',
      ),
    );
    const { runs } = await simulate([config], OUTAGE);
    const [run] = runs;
    const real = await live(config);
    const expected = entries(run!, 'circuit.changed');
    const changes = real.events.filter((event) => event.type === 'circuit.changed');

    expect(changes.map(({ from, to }) => `${from} → ${to}`)).toEqual(
      expected.map(({ from, to }) => `${from} → ${to}`),
    );
    for (const [index, { atMs }] of expected.entries()) {
      expect(Math.abs(changes[index]!.at - real.startedAt - atMs)).toBeLessThan(TOLERANCE_MS + real.lateMs);
    }
    const { figures } = run!;
    const lateCalls = 2 * Math.ceil((real.lateMs * OUTAGE.callsPerSecond) / 1000);
    for (const end of ['succeeded', 'failed', 'refused'] as const) {
      expect(Math.abs(real[end] - figures[end])).toBeLessThanOrEqual(TOLERANCE_CALLS + lateCalls);
    }
    expect(real.succeeded + real.failed + real.refused).toBe(figures.attempted);
  },
);

/** The same outage with the system's clock, a server on a port, and real connections. */
async function live({ backends: [entry] }: VmcpConfig) {
  const [phase] = OUTAGE.phases;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const ask = (signal: AbortSignal) => fetch(`http://127.0.0.1:${port}/`, { signal }).then((it) => it.text());
  const engine = createEngine(
    { backends: { one: entry!.policy } },
    { check: (_, { signal }) => ask(signal) },
  );
  // The first request of a process takes its time.
  await ask(AbortSignal.timeout(5000));
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  const startedAt = performance.now();
  engine.start();
  let lateMs = 0;
  const at = async (ms: number) => {
    await until(Math.max(0, startedAt + ms - performance.now()));
    lateMs = Math.max(lateMs, performance.now() - startedAt - ms);
  };

  const outage = (async () => {
    await at(phase!.fromMs);
    server.close();
    server.closeAllConnections();
    await at(phase!.toMs);
    server = await listen(port);
  })();
  const calls = Array.from({ length: 68 }, async (_, call) => {
    await at((call + 0.5) * 50);
    return engine
      .backend('one')
      .execute(({ signal }) => ask(signal))
      .then(
        () => 'succeeded',
        (error: unknown) => (error instanceof CallRefusedError ? 'refused' : 'failed'),
      );
  });
  const ends = await Promise.all(calls);
  await outage;
  await engine.stop();
  server.close();
  server.closeAllConnections();
  const count = (end: string) => ends.filter((each) => each === end).length;
  const counts = { succeeded: count('succeeded'), failed: count('failed'), refused: count('refused') };
  return { ...counts, events, startedAt, lateMs };
}

async function listen(port: number): Promise<Server> {
  const server = createServer((_, response) => response.end('yes'));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

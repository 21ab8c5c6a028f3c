import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { threeServers } from './backends.js';
import { everything, freePort, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';
import type { Caller } from './served.js';
import { Tap } from './tap.js';

/** The reference's own end-to-end settings. */
const FAILURE_HANDLING = {
  healthCheckInterval: '5s',
  healthCheckTimeout: '2s',
  unhealthyThreshold: 2,
  circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '20s' },
};

/** One story, told in the order of its steps: a backend is killed, stays away, and comes back. */
describe('a backend that is killed and comes back', () => {
  let port: number;
  let server: ChildProcess;
  let tap: Tap;
  let gateway: Served;
  let client: Caller;
  let names: readonly string[];
  let messages = 0;

  const echo = () => {
    messages += 1;
    return client.call('everything_echo', { message: `message-${messages}.` });
  };

  beforeAll(async () => {
    const folder = temporaryFolder();
    port = await freePort();
    tap = new Tap(await freePort(), port);
    server = await everything(port);
    await tap.up();
    gateway = await Served.start(configuration(threeServers(tap.port, folder), FAILURE_HANDLING));
    await gateway.serving();
    client = await gateway.client();
    names = await client.tools();
  });

  afterAll(async () => {
    await client.client.close();
    await gateway.destroy();
    await tap.down();
    await kill(server);
  });

  it('is listed with the others, called, and reported healthy at first [R14] [R31]', async () => {
    for (const prefix of ['everything_', 'memory_', 'filesystem_']) {
      expect(names.filter((name) => name.startsWith(prefix)).length).toBeGreaterThan(5);
    }
    expect(await echo()).toMatchObject({ text: 'Echo: message-1.', isError: false });
    const { phase, backends } = await gateway.status();
    expect(phase).toBe('Ready');
    expect(backends.map(({ name, health, circuit }) => [name, health, circuit])).toEqual([
      ['everything', 'healthy', 'closed'],
      ['filesystem', 'healthy', 'closed'],
      ['memory', 'healthy', 'closed'],
    ]);
    expect(client.notices).toEqual([]);
  });

  it('opens its circuit after three failing calls, without waiting for a health check [R01] [R15]', async () => {
    await tap.down();
    await kill(server);
    const answers = [await echo(), await echo(), await echo()];
    expect(answers[0]?.unavailable).toMatchObject({ code: 'CALL_FAILED' });
    for (const { isError, unavailable } of answers) {
      expect(isError).toBe(true);
      expect(unavailable).toMatchObject({
        backend: 'everything',
        category: 'connection_failed',
      });
    }
    const opened = await gateway.circuit('everything', 'open');
    expect(opened).toMatchObject({
      from: 'closed',
      category: 'connection_failed',
      retryAfterMs: 20_000,
      cause: 'call.failed',
    });
    // From here on a connection would be seen.
    tap.forget();
    await tap.up();
  });

  it('is out of service everywhere at that moment, and the others are not [R14] [R21]', async () => {
    const [status, health, listed] = await Promise.all([gateway.status(), gateway.health(), client.tools()]);
    expect(status.phase).toBe('Degraded');
    expect(status.backends[0]).toMatchObject({
      name: 'everything',
      health: 'unhealthy',
      circuit: 'open',
      serving: false,
    });
    expect(health.backends['everything']).toMatchObject({
      Status: 'unhealthy',
      CircuitState: 'open',
      ConsecutiveFailures: 3,
      LastErrorCategory: 'connection_failed',
    });
    expect(health.summary).toMatchObject({ Total: 3, Healthy: 2, Unhealthy: 1 });
    expect(listed).toEqual(names.filter((name) => !name.startsWith('everything_')));
    expect(await client.call('memory_read_graph')).toMatchObject({ isError: false });
    expect(await client.call('filesystem_list_allowed_directories')).toMatchObject({ isError: false });
  });

  it('answers its callers at once while open, with when to try again, and is sent nothing [R02] [R21]', async () => {
    const answers = [];
    for (let n = 0; n < 21; n += 1) answers.push(await echo());
    for (const { text, isError, unavailable } of answers) {
      expect(isError).toBe(true);
      expect(text).toMatch(
        /^Backend "everything" is unavailable: .+ circuit is open\. Nothing was sent to it\. Try again in \d+ s\.$/,
      );
      expect(unavailable).toMatchObject({
        backend: 'everything',
        code: 'CIRCUIT_OPEN',
        category: 'connection_failed',
      });
    }
    const times = answers.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
    expect(times[10]).toBeLessThan(50);
    expect(tap.connectedAt).toEqual([]);
  });

  it('comes back 20 s after it opened, not at the next interval, and is listed again at once [R03] [R04] [R22]', async () => {
    server = await everything(port);
    const [opened] = gateway.changes('everything');
    const openedAt = Number(opened?.['atMs']);
    await gateway.circuit('everything', 'closed', 25_000);
    await until('its tools are listed', async () => (await client.tools()).length === names.length);
    const [, halfOpen, closed] = gateway.changes('everything');
    // The first to be seen since is the probe.
    expect(tap.connectedAt[0]).toBeGreaterThanOrEqual(Date.parse(String(halfOpen?.['eventTime'])));
    expect(halfOpen).toMatchObject({ from: 'open', to: 'half-open', cause: 'openFor' });
    expect(closed).toMatchObject({ from: 'half-open', to: 'closed' });
    expect(Number(halfOpen?.['atMs']) - openedAt).toBeGreaterThanOrEqual(20_000);
    expect(Number(halfOpen?.['atMs']) - openedAt).toBeLessThan(20_250);
    expect(Number(closed?.['atMs']) - Number(halfOpen?.['atMs'])).toBeLessThan(1000);
  }, 40_000);

  it('has kept every name, and told a connected client once going down and once coming up [R22] [R23]', async () => {
    expect(await client.tools()).toEqual(names);
    expect(await echo()).toMatchObject({ isError: false, text: `Echo: message-${messages}.` });
    await until('the second notice has come', () => client.count('tools') === 2);
    for (const kind of ['tools', 'resources', 'prompts'] as const) expect(client.count(kind)).toBe(2);
    expect(await gateway.backend('everything')).toMatchObject({ serving: true, circuit: 'closed' });
  });

  it('was sent nothing twice, and every transition is in the log once and in order [R32] [R39]', async () => {
    for (let n = 1; n <= messages; n += 1) expect(tap.sent(`"message-${n}."`)).toBeLessThanOrEqual(1);
    expect(tap.sent(`"message-${messages}."`)).toBe(1);
    expect(gateway.changes('everything').map(({ from, to }) => `${String(from)} → ${String(to)}`)).toEqual([
      'closed → open',
      'open → half-open',
      'half-open → closed',
    ]);
    const sequence = gateway.log.flatMap((line) =>
      typeof line['sequence'] === 'number' ? [line['sequence']] : [],
    );
    expect(sequence).toEqual(sequence.map((_, index) => index + 1));
    expect(gateway.stdout).toBe('');
    expect(await gateway.end()).toMatchObject({ code: 0 });
  });
});

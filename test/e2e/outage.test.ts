import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { threeServers } from './backends.js';
import { everything, freePort, isAlive, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';
import type { Caller } from './served.js';

const FAILURE_HANDLING = {
  healthCheckInterval: '2s',
  healthCheckTimeout: '1s',
  unhealthyThreshold: 2,
  circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '2s' },
};

/** Backends that stop or die under their callers' hands; each test has a gateway of its own. */
describe('an outage', () => {
  let server: ChildProcess;
  let gateway: Served;
  let client: Caller;
  let names: readonly string[];

  beforeEach(async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    server = await everything(port);
    const timeouts = { default: '10s', perWorkload: { everything: '500ms', memory: '500ms' } };
    const operational = {
      timeouts,
      failureHandling: { partialFailureMode: 'best_effort', ...FAILURE_HANDLING },
    };
    gateway = await Served.start(configuration(threeServers(port, folder), {}, { operational }));
    await gateway.serving();
    client = await gateway.client();
    names = await client.tools();
  });

  afterEach(async () => {
    await client.client.close();
    server.kill('SIGCONT');
    await gateway.destroy();
    await kill(server);
  });

  const pidOf = async (backend: string): Promise<number> => {
    const { pid } = await gateway.backend(backend);
    if (pid === undefined) throw new Error(`${backend} has no process`);
    return pid;
  };

  /** Three calls that nobody answers. */
  const failThreeTimes = async (tool: string): Promise<void> => {
    for (let n = 0; n < 3; n += 1) expect((await client.call(tool, { message: 'x' })).isError).toBe(true);
  };

  /** What both status endpoints and the list say of a backend, which must be the same. */
  const agreed = async (backend: string) => {
    const [status, health, listed] = await Promise.all([
      gateway.backend(backend),
      gateway.health(),
      client.tools(),
    ]);
    const report = health.backends[backend];
    expect([report?.Status, report?.CircuitState, report?.Serving]).toEqual([
      status.health,
      status.circuit,
      status.serving,
    ]);
    expect(listed.some((name) => name.startsWith(`${backend}_`))).toBe(status.serving);
    return status;
  };

  const recovered = async (backend: string): Promise<void> => {
    await gateway.circuit(backend, 'closed');
    await until('every name is listed again', async () => (await client.tools()).length === names.length);
    expect(await client.tools()).toEqual(names);
    expect(await agreed(backend)).toMatchObject({ serving: true, circuit: 'closed' });
  };

  it('of an HTTP server that hangs is bounded by its time-out, told alike everywhere, and ends when it goes on [R08] [R25] [R31]', async () => {
    server.kill('SIGSTOP');
    await failThreeTimes('everything_echo');
    expect(await gateway.circuit('everything', 'open')).toMatchObject({ category: 'timeout' });
    expect(await agreed('everything')).toMatchObject({
      health: 'unhealthy',
      circuit: 'open',
      serving: false,
    });
    expect(await client.call('memory_read_graph')).toMatchObject({ isError: false });
    for (const other of ['memory', 'filesystem']) {
      expect(await agreed(other)).toMatchObject({ health: 'healthy', circuit: 'closed', restarts: 0 });
    }
    server.kill('SIGCONT');
    await recovered('everything');
    expect(await client.call('everything_echo', { message: 'back' })).toMatchObject({ text: 'Echo: back' });
    // What it answered late, to calls that had timed out, went nowhere.
    expect(client.notices.filter((kind) => kind === 'tools')).toHaveLength(2);
  });

  it('of a child that hangs ends, with the same process, when it goes on in time [R08] [R13]', async () => {
    const pid = await pidOf('memory');
    process.kill(pid, 'SIGSTOP');
    await failThreeTimes('memory_read_graph');
    expect(await gateway.circuit('memory', 'open')).toMatchObject({ category: 'timeout' });
    expect(await client.call('everything_echo', { message: 'x' })).toMatchObject({ isError: false });
    process.kill(pid, 'SIGCONT');
    await recovered('memory');
    expect(await pidOf('memory')).toBe(pid);
  });

  it('of a child that hangs for good ends with a new process [R16]', async () => {
    const pid = await pidOf('memory');
    process.kill(pid, 'SIGSTOP');
    await failThreeTimes('memory_read_graph');
    await gateway.circuit('memory', 'open');
    await until('the hung process is gone', () => !isAlive(pid), 20_000);
    await recovered('memory');
    expect(await pidOf('memory')).not.toBe(pid);
  }, 45_000);

  it('of a child that is killed ends by itself, and no call is made twice [R16] [R39]', async () => {
    const pid = await pidOf('memory');
    process.kill(pid, 'SIGKILL');
    await until('a new process serves', async () => {
      const { pid: now, serving } = await gateway.backend('memory');
      return serving && now !== undefined && now !== pid;
    });
    const entity = { name: 'one', entityType: 'test', observations: [] };
    expect(await client.call('memory_create_entities', { entities: [entity] })).toMatchObject({
      isError: false,
    });
    expect((await client.call('memory_read_graph')).text.match(/"one"/g)).toHaveLength(1);
    expect(gateway.changes('memory')).toEqual([]);
    expect(await client.tools()).toEqual(names);
  });
});

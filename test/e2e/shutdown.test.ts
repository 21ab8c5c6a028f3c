import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { httpBackend, memory, nodeBackend } from './backends.js';
import { EVERYTHING, everything, freePort, isAlive, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const FAILURE_HANDLING = {
  healthCheckInterval: '20s',
  healthCheckTimeout: '5s',
  circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '20s' },
};

describe('a SIGTERM', () => {
  let gateway: Served | undefined;
  let server: ChildProcess | undefined;

  afterEach(async () => {
    await gateway?.destroy();
    if (server) await kill(server);
    gateway = server = undefined;
  });

  const pidsOf = async (served: Served): Promise<readonly number[]> =>
    (await served.status()).backends.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));

  it('lets a call in flight finish, turns new ones away, and leaves no process [R19]', async () => {
    const served = (gateway = await Served.start(
      configuration(
        [nodeBackend('everything', [EVERYTHING, 'stdio']), memory(temporaryFolder())],
        FAILURE_HANDLING,
      ),
    ));
    await served.serving();
    const pids = await pidsOf(served);
    expect(pids).toHaveLength(2);
    const client = await served.client();
    const operation = { duration: 1.5, steps: 3 };
    const inFlight = client.call('everything_trigger-long-running-operation', operation);
    await until('the call is out', async () => (await served.backend('everything')).calls.inFlight === 1);

    const ended = served.end();
    await until('it is draining', () => served.find('stopping'));
    const late = await client.call('memory_read_graph');
    expect(late).toMatchObject({ isError: true, unavailable: { code: 'ENGINE_STOPPED' } });
    expect(await fetch(`${served.base}/readyz`).then(({ status }) => status)).toBe(503);
    expect(await inFlight).toMatchObject({
      isError: false,
      text: expect.stringContaining('completed') as string,
    });

    expect(await ended).toMatchObject({ code: 0 });
    expect(served.find('stopped')).toBeDefined();
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });

  it('with backends that hang ends within the drain time, with exit code 0 and no child left [R19]', async () => {
    const port = await freePort();
    server = await everything(port);
    const served = (gateway = await Served.start(
      configuration([httpBackend('everything', port), memory(temporaryFolder())], FAILURE_HANDLING),
      ['--drain-time', '3s'],
    ));
    await served.serving();
    const pids = await pidsOf(served);
    const client = await served.client();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    server.kill('SIGSTOP');
    const calls = ['memory_read_graph', 'everything_get-tiny-image'].map((tool) => client.call(tool));
    const settled = Promise.allSettled(calls);
    await until('both calls are out', async () => {
      const { backends } = await served.status();
      return backends.every(({ calls: { inFlight } }) => inFlight === 1);
    });

    const { code, tookMs } = await served.end();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(4000);
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({
        value: { isError: true, unavailable: { code: 'CALL_FAILED', reason: 'its session was closed' } },
      });
    }
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
    expect(childrenOf(served)).toBe('');
  });

  it('that comes twice ends at once, children included [R19]', async () => {
    const served = (gateway = await Served.start(
      configuration([memory(temporaryFolder())], FAILURE_HANDLING),
    ));
    await served.serving();
    const [pid = 0] = await pidsOf(served);
    const client = await served.client();
    process.kill(pid, 'SIGSTOP');
    client.call('memory_read_graph').catch(() => undefined);
    await until('the call is out', async () => (await served.backend('memory')).calls.inFlight === 1);
    const ended = served.end();
    await until('it is draining', () => served.find('stopping'));
    const again = setInterval(() => served.process.kill('SIGTERM'), 50);
    const { code } = await ended;
    clearInterval(again);
    expect(code).toBe(143);
    await until('its child is gone', () => !isAlive(pid));
  });
});

/** What the process table still shows below a gateway. */
function childrenOf({ process: { pid } }: Served): string {
  try {
    return execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

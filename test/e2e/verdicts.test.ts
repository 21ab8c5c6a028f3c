import type { ChildProcess } from 'node:child_process';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpBackend, nodeBackend } from './backends.js';
import { everything, FILESYSTEM, freePort, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const FAILURE_HANDLING = {
  healthCheckInterval: '60s',
  healthCheckTimeout: '5s',
  unhealthyThreshold: 1,
  circuitBreaker: { enabled: true, failureThreshold: 1, timeout: '60s' },
};
const TIMES = 1000;
const PER_CLIENT = 200;
const AT_ONCE = 20;

/** With a threshold of 1 the first of them that counted as a failure would open the circuit. */
describe('what is no evidence against a backend', () => {
  let server: ChildProcess;
  let gateway: Served;

  beforeAll(async () => {
    const port = await freePort();
    server = await everything(port);
    const filesystem = nodeBackend('filesystem', [FILESYSTEM, temporaryFolder()]);
    const backends = [httpBackend('everything', port), filesystem];
    gateway = await Served.start(configuration(backends, FAILURE_HANDLING));
    await gateway.serving();
  });

  afterAll(async () => {
    await gateway.destroy();
    await kill(server);
  });

  /** By several clients: the SDK's leaks a listener for every request that it cancels. */
  const manyTimes = async (attempt: (client: Client) => Promise<unknown>): Promise<void> => {
    for (let done = 0; done < TIMES; done += PER_CLIENT) {
      const { client } = await gateway.client();
      for (let begun = 0; begun < PER_CLIENT; begun += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => attempt(client)));
      }
      await allSettled();
      await client.close();
    }
  };

  const allSettled = () =>
    until('every permit is settled', async () => {
      const { backends } = await gateway.status();
      return backends.every(({ calls }) => calls.inFlight === 0);
    });

  const unharmed = async (backend: string, counts: object): Promise<void> => {
    expect(await gateway.backend(backend)).toMatchObject({
      circuit: 'closed',
      health: 'healthy',
      consecutive_failures: 0,
      calls: { failed: 0, refused: 0, inFlight: 0, ...counts },
    });
    expect(gateway.changes(backend)).toEqual([]);
  };

  it('a thousand results with isError leave the circuit closed [R08]', async () => {
    const call = { name: 'filesystem_read_text_file', arguments: { path: '/no/such/file' } };
    await manyTimes(async (client) => {
      const { isError, _meta } = await client.callTool(call);
      expect([isError, _meta]).toEqual([true, undefined]);
    });
    await unharmed('filesystem', { succeeded: TIMES });
  });

  it('a thousand invalid-params errors leave the circuit closed [R08]', async () => {
    await manyTimes(async (client) => {
      const asked = client.getPrompt({ name: 'everything_args-prompt', arguments: {} });
      await expect(asked).rejects.toMatchObject({ code: -32602 });
    });
    await unharmed('everything', { succeeded: TIMES });
  });

  it('a thousand cancellations leave the circuit closed [R06] [R08]', async () => {
    const name = 'everything_trigger-long-running-operation';
    await manyTimes(async (client) => {
      const giveUp = new AbortController();
      const call = client.callTool({ name, arguments: { duration: 30, steps: 1 } }, undefined, {
        signal: giveUp.signal,
      });
      setImmediate(() => giveUp.abort(new Error('enough')));
      await expect(call).rejects.toThrow();
    });
    await unharmed('everything', {});
  }, 60_000);
});

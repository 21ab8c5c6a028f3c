import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { httpBackend, memory, nodeBackend } from './backends.js';
import { everything, freePort, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const FAILURE_HANDLING = {
  healthCheckInterval: '1s',
  healthCheckTimeout: '900ms',
  unhealthyThreshold: 2,
  circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '1s' },
};

describe('a start', () => {
  let gateway: Served | undefined;

  afterEach(async () => {
    await gateway?.destroy();
    gateway = undefined;
  });

  it('with every backend down lets clients in, and shows them the tools when they come [R20] [R22] [R24]', async () => {
    const port = await freePort();
    gateway = await Served.start(configuration([httpBackend('everything', port)], FAILURE_HANDLING));
    const client = await gateway.client();
    expect(await client.tools()).toEqual([]);
    expect(['Pending', 'Failed']).toContain((await gateway.status()).phase);
    expect(await client.call('everything_echo', { message: 'x' })).toMatchObject({
      isError: true,
      unavailable: { backend: 'everything' },
    });
    await gateway.circuit('everything', 'open');
    expect((await gateway.status()).phase).toBe('Failed');

    const server = await everything(port);
    try {
      await until('its tools are listed', async () => (await client.tools()).length > 5);
      await until('its client is told', () => client.count('tools') > 0);
      expect(client.count('tools')).toBe(1);
      expect(await client.call('everything_echo', { message: 'x' })).toMatchObject({ text: 'Echo: x' });
    } finally {
      await client.client.close();
      await kill(server);
    }
  });

  it('of a command that does not exist says so, and leaves the others alone [R08] [R16]', async () => {
    const absent = { name: 'absent', transport: 'stdio', command: 'no-such-command-anywhere' };
    const backends = [absent, memory(temporaryFolder())];
    const served = (gateway = await Served.start(configuration(backends, FAILURE_HANDLING)));
    await served.serving('memory');
    expect(await served.circuit('absent', 'open')).toMatchObject({ category: 'connection_failed' });
    const told = served.log.find(({ reason }) => String(reason).includes('no-such-command-anywhere'));
    expect(told).toMatchObject({ level: 'warn', backend: 'absent', mechanism: 'spawn-failed' });
    const { phase, backends: reported } = await served.status();
    expect(phase).toBe('Degraded');
    expect(reported.map(({ name, serving }) => [name, serving])).toEqual([
      ['absent', false],
      ['memory', true],
    ]);
  });

  it('of a child that exits at once for ever is tried as often as its circuit says, and no more [R03] [R16]', async () => {
    const folder = temporaryFolder();
    const script = join(folder, 'exits.mjs');
    const record = join(folder, 'starts');
    writeFileSync(script, `import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[2], 'x');`);
    appendFileSync(record, '');
    const exits = nodeBackend('exits', [script, record]);
    const served = (gateway = await Served.start(configuration([exits], FAILURE_HANDLING)));
    await until('its circuit has opened three times', () => {
      return served.changes('exits').filter(({ to }) => to === 'open').length === 3;
    });
    // Three failures open it, and each half-open makes one attempt.
    expect(existsSync(record) && readFileSync(record, 'utf8')).toHaveLength(5);
    expect(served.log.filter(({ msg }) => msg === 'backend crashed')).toEqual([]);
    expect(await served.backend('exits')).toMatchObject({ circuit: 'open', supervision: 'running' });
  });
});

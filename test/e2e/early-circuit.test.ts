import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { httpBackend } from './backends.js';
import { everything, freePort, kill, ROOT } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

/** The circuit opens at the first failure; two more would have to follow until health is called unhealthy. */
const FAILURE_HANDLING = {
  healthCheckInterval: '60s',
  healthCheckTimeout: '5s',
  unhealthyThreshold: 3,
  circuitBreaker: { enabled: true, failureThreshold: 1, timeout: '60s' },
};

describe('a circuit that opens before health turns unhealthy', () => {
  let gateway: Served | undefined;
  let server: ChildProcess | undefined;

  afterEach(async () => {
    await gateway?.destroy();
    if (server) await kill(server);
  });

  it('is warned of, and takes the backend out of service everywhere the moment it opens [R14] [R27]', async () => {
    const port = await freePort();
    server = await everything(port);
    const config = configuration([httpBackend('everything', port)], FAILURE_HANDLING);
    const file = join(temporaryFolder(), 'vmcp.yaml');
    writeFileSync(file, config);
    const validate = [join(ROOT, 'dist/src/main.js'), 'validate', '--config', file];
    expect(execFileSync(process.execPath, validate, { encoding: 'utf8' })).toContain(
      'failureThreshold (1) is less than unhealthyThreshold (3)',
    );

    const served = (gateway = await Served.start(config));
    await served.serving();
    const client = await served.client();
    expect((await client.tools()).length).toBeGreaterThan(5);
    await kill(server);
    expect(await client.call('everything_echo', { message: 'x' })).toMatchObject({ isError: true });

    const [status, health, crd, tools] = await Promise.all([
      served.status(),
      served.health(),
      fetch(`${served.base}/status?format=crd`).then((response) => response.json()),
      client.tools(),
    ]);
    expect(status).toMatchObject({ phase: 'Failed', healthy: false });
    expect(status.backends[0]).toMatchObject({ health: 'unhealthy', circuit: 'open', serving: false });
    expect(health.backends['everything']).toMatchObject({ Status: 'unhealthy', CircuitState: 'open' });
    expect(crd).toMatchObject({
      phase: 'Failed',
      backendCount: 0,
      discoveredBackends: [{ status: 'unavailable', circuitBreakerState: 'open' }],
    });
    // When it became healthy is not when it went out of service.
    const [opened] = status.backends;
    expect(opened?.health_since).toBe(opened?.circuit_since);
    expect(tools).toEqual([]);
    expect(await client.call('everything_echo', { message: 'x' })).toMatchObject({
      unavailable: { code: 'CIRCUIT_OPEN' },
    });
  });
});

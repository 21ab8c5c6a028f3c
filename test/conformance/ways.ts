import { fileURLToPath } from 'node:url';
import { httpBackend, nodeBackend } from '../e2e/backends.js';
import { freePort, kill, launch, ROOT, until } from '../e2e/processes.js';
import { configuration, Served } from '../e2e/served.js';
import type { Way } from './verdict.js';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const FIXTURE = ['--import', 'tsx', SERVER];
const BACKEND = 'fixture';

/** Something that the suite can be run against. */
export interface Endpoint {
  readonly url: string;
  end(): Promise<void>;
}

/** Starts what one way consists of. Every process ends with this one at the latest. */
export async function start(way: Way): Promise<Endpoint> {
  switch (way) {
    case 'direct':
      return fixtureOverHttp();
    case 'http': {
      const fixture = await fixtureOverHttp();
      const gateway = await gatewayBefore(httpBackend(BACKEND, Number(new URL(fixture.url).port)));
      return {
        url: gateway.url,
        end: async () => {
          await gateway.end();
          await fixture.end();
        },
      };
    }
    case 'stdio':
      return gatewayBefore({ ...nodeBackend(BACKEND, [...FIXTURE, 'stdio']), cwd: ROOT });
  }
}

async function fixtureOverHttp(): Promise<Endpoint> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const child = launch([...FIXTURE, 'http', String(port)]);
  await until('the fixture listens', () =>
    fetch(url, { method: 'DELETE' }).then(
      () => true,
      () => false,
    ),
  );
  return { url, end: () => kill(child) };
}

/** The suite asks for names without a prefix. */
async function gatewayBefore(backend: object): Promise<Endpoint> {
  const gateway = await Served.start(
    configuration(
      [backend],
      { circuitBreaker: { enabled: true } },
      {
        aggregation: {
          conflictResolution: 'priority',
          conflictResolutionConfig: { priorityOrder: [BACKEND] },
        },
      },
    ),
  );
  await gateway.serving();
  return { url: `${gateway.base}/mcp`, end: () => gateway.destroy() };
}

import { onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { createHttpServer } from '../../src/http/server.js';
import { silent } from '../../src/logging/log.js';
import { createVmcp } from '../../src/vmcp.js';
import { configuration } from '../e2e/served.js';
import { RawClient, until } from '../gateway/wire.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { Scrape } from './exposition.js';

/** Stands in the address and in the credentials of each backend. */
export const SECRET = 'hush-hush';

/** A whole gateway behind its HTTP server, over scripted backends whose circuits open after two failures. */
export async function running(backends: readonly string[], failureHandling: object = {}, rest: object = {}) {
  const servers = new Map<string, ScriptedServer>();
  for (const name of backends) servers.set(name, await ScriptedServer.start());
  const text = configuration(
    backends.map((name) => ({
      name,
      transport: 'streamable-http',
      url: `${servers.get(name)!.url}?key=${SECRET}`,
    })),
    {
      healthCheckInterval: '1h',
      healthCheckTimeout: '5s',
      circuitBreaker: { enabled: true, failureThreshold: 2, timeout: '1s' },
      ...failureHandling,
    },
    {
      outgoingAuth: {
        source: 'inline',
        default: {
          type: 'header_injection',
          headerInjection: { headerName: 'X-Key', headerValue: SECRET },
        },
      },
      ...rest,
    },
  );
  const vmcp = createVmcp(parseConfig(text, 'vmcp.yaml', { env: {} }), { log: silent, version: '1.2.3' });
  const http = createHttpServer({ vmcp, name: 'x', groupRef: 'x', version: '1.2.3', log: silent });
  const base = await http.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await vmcp.stop(100);
    await http.close();
  });
  vmcp.start();
  await until(() => {
    if (!vmcp.status().backends.every(({ health }) => health === 'healthy')) throw new Error('not yet');
  });
  const client = await RawClient.open(new URL(`${base}/mcp`));
  let id = 0;
  return {
    vmcp,
    base,
    client,
    server: (name: string) => servers.get(name)!,
    ask: (method: string, params: object = {}) => client.ask(method, params, (id += 1)),
    scrape: async () => new Scrape(await (await fetch(`${base}/metrics`)).text()),
  };
}

/** A scrape in which every metric has a series. */
export async function scrapeOfEverything(): Promise<Scrape> {
  const { ask, server, scrape } = await running(['a', 'b']);
  await ask('tools/call', { name: 'b_echo', arguments: {} });
  server('a').on('tools/call', (post) => post.raw('', 503));
  for (let times = 0; times < 3; times += 1) await ask('tools/call', { name: 'a_echo', arguments: {} });
  return scrape();
}

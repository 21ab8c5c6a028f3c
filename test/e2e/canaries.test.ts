import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createWebSocketReceiver } from '@statelyai/inspect';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, kill, launch, until } from './processes.js';
import { configuration, Served } from './served.js';

const SERVER = join(import.meta.dirname, 'leaking-server.mjs');

/** Twenty secrets, each where an operator or a client may have one. */
const planted = {
  adminToken: 'canary-01-admin-token',
  clientToken: 'canary-02-client-token',
  headerFromEnvironment: 'canary-03-header-env',
  headerOfTheFile: 'canary-04-header-file',
  bearerHeader: 'canary-05-bearer-header',
  quotedHeader: 'canary-06-"quoted"\\header',
  queryOfTheAddress: 'canary-07-query',
  envFromEnvironment: 'canary-08-env-env',
  envInTheMiddle: 'canary-09-env-part',
  envByItsName: 'canary-10-env-password',
  envWithUmlauts: 'canary-11-env-größe',
  envOfUrl: 'canary-12-env-url',
  envLong: `canary-13-${'long-'.repeat(400)}`,
  wrongToken: 'canary-14-wrong-token',
  wrongAdminToken: 'canary-15-wrong-admin',
  argumentOfACall: 'canary-16-argument',
  metaOfACall: 'canary-17-meta',
  tokenInTheAddress: 'canary-18-in-the-address',
  sessionCookie: 'canary-19-cookie',
  unknownTool: 'canary-20-own-header',
} as const;
const canaries = Object.values(planted);

describe('twenty planted secrets', () => {
  let gateway: Served;
  let server: ChildProcess;
  const seen = new Map<string, string>();

  beforeAll(async () => {
    const port = await freePort();
    server = launch([SERVER, String(port)]);
    const url = `http://127.0.0.1:${port}/mcp`;
    const http = (name: string, query = '') => ({ name, transport: 'streamable-http', url: url + query });
    const header = (headerInjection: object) => ({ type: 'header_injection', headerInjection });
    const config = configuration(
      [
        http('from-environment'),
        http('from-file'),
        http('bearer'),
        http('quoted'),
        http('query', `?api_key=${planted.queryOfTheAddress}`),
        {
          name: 'child',
          transport: 'stdio',
          command: process.execPath,
          args: [SERVER],
          env: {
            WHOLE: '${CANARY_WHOLE}',
            PART: 'postgres://user:${CANARY_PART}@host/db',
            DB_PASSWORD: planted.envByItsName,
            UMLAUTS: '${CANARY_UMLAUTS}',
            SERVICE_URL: '${CANARY_URL}',
            LONG: '${CANARY_LONG}',
          },
        },
      ],
      {
        healthCheckInterval: '1s',
        healthCheckTimeout: '500ms',
        circuitBreaker: { enabled: true, failureThreshold: 2 },
      },
      {
        incomingAuth: { type: 'bearer', bearer: { tokenEnv: 'CANARY_CLIENT' } },
        outgoingAuth: {
          source: 'inline',
          default: { type: 'unauthenticated' },
          backends: {
            'from-environment': header({ headerName: 'X-Api-Key', headerValueEnv: 'CANARY_HEADER' }),
            'from-file': header({ headerName: 'X-Api-Key', headerValue: planted.headerOfTheFile }),
            bearer: header({ headerName: 'Authorization', headerValue: `Bearer ${planted.bearerHeader}` }),
            quoted: header({ headerName: 'X-Api-Key', headerValueEnv: 'CANARY_QUOTED' }),
          },
        },
      },
    );
    gateway = await Served.start(config, ['--inspect', '0', '--log-level', 'debug'], {
      BREAKWATER_ADMIN_TOKEN: planted.adminToken,
      CANARY_CLIENT: planted.clientToken,
      CANARY_HEADER: planted.headerFromEnvironment,
      CANARY_QUOTED: planted.quotedHeader,
      CANARY_WHOLE: planted.envFromEnvironment,
      CANARY_PART: planted.envInTheMiddle,
      CANARY_UMLAUTS: planted.envWithUmlauts,
      CANARY_URL: `https://user:${planted.envOfUrl}@host/path`,
      CANARY_LONG: planted.envLong,
    });
    await look();
  }, 60_000);

  afterAll(async () => {
    await gateway.destroy();
    await kill(server);
  });

  /** Does everything that could bring one to light, and keeps what the gateway shows of it. */
  async function look(): Promise<void> {
    const asAdmin = { Authorization: `Bearer ${planted.adminToken}` };
    const relay = String(gateway.find('listening')?.['inspectorUrl']).replace('http', 'ws');
    const told: string[] = [];
    createWebSocketReceiver({ server: `${relay}?token=${planted.adminToken}` }).subscribe((message) =>
      told.push(JSON.stringify(message)),
    );
    const get = async (path: string, headers: Record<string, string> = asAdmin): Promise<string> =>
      (await fetch(gateway.base + path, { headers })).text();
    await until('every backend serves', async () => {
      const { backends } = JSON.parse(await get('/status')) as { backends: { serving: boolean }[] };
      return backends.every(({ serving }) => serving);
    });

    const client = new Client({ name: 'canaries', version: '1.0.0' });
    const headers = {
      Authorization: `Bearer ${planted.clientToken}`,
      Cookie: `s=${planted.sessionCookie}`,
      'X-Own': planted.unknownTool,
    };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${gateway.base}/mcp`), { requestInit: { headers } }),
    );
    await client.setLoggingLevel('debug');
    const { tools } = await client.listTools();
    const answers: unknown[] = [tools];
    for (let round = 0; round < 4; round += 1) {
      for (const { name } of tools) {
        const params = {
          name,
          arguments: { value: planted.argumentOfACall },
          _meta: { note: planted.metaOfACall },
        };
        answers.push(await client.callTool(params).catch((error: unknown) => String(error)));
      }
    }
    await client.close();
    seen.set('answers to calls', JSON.stringify(answers));

    for (const [what, token] of [
      ['mcp', planted.wrongToken],
      ['api/backends/child/isolate', planted.wrongAdminToken],
    ] as const) {
      const answer = await fetch(`${gateway.base}/${what}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
      });
      seen.set(`a refusal at ${what}`, await answer.text());
    }
    seen.set('a token in the address', await get(`/status?access_token=${planted.tokenInTheAddress}`, {}));
    for (const path of ['/', '/status', '/status?format=crd', '/api/backends/health', '/metrics', '/nowhere'])
      seen.set(path, await get(path));
    for (const { name } of JSON.parse(seen.get('/status') ?? '{}').backends as { name: string }[])
      seen.set(`details of ${name}`, await get(`/api/backends/${name}/details`));
    const abort = new AbortController();
    const stream = await fetch(`${gateway.base}/api/events?since=0&status=true`, {
      headers: asAdmin,
      signal: abort.signal,
    });
    const reader = stream.body?.getReader();
    seen.set(
      '/api/events',
      Buffer.from((await reader?.read())?.value ?? []).toString() +
        Buffer.from((await reader?.read())?.value ?? []).toString(),
    );
    abort.abort();
    await until('the inspector was told', () => told.length > 20);
    seen.set('the inspector', told.join('\n'));
    await gateway.end();
    seen.set('the log', gateway.log.map((line) => JSON.stringify(line)).join('\n'));
    seen.set('stdout', gateway.stdout);
  }

  it('were where they could have been shown: each place has something to show [R30]', () => {
    expect(seen.get('answers to calls')).toContain('CALL_FAILED');
    expect(seen.get('/api/events')).toContain('circuit.changed');
    expect(seen.get('/metrics')).toContain('breakwater_calls_total{');
    expect(seen.get('the inspector')).toContain('@xstate.snapshot');
    const log = seen.get('the log') ?? '';
    for (const text of ['started with', 'told:', '[redacted]', 'closed → open', 'a control was refused'])
      expect(log).toContain(text);
    expect(seen.get('stdout')).toBe('');
  });

  it.each(canaries.map((canary, index) => [index + 1, canary.slice(0, 30), canary] as const))(
    'number %i, %s, is shown nowhere [R30]',
    (_, __, canary) => {
      // As it is, in JSON, in an address, and the beginning of a long one.
      const forms = new Set(
        [
          canary,
          JSON.stringify(canary).slice(1, -1),
          encodeURIComponent(canary),
          canary.slice(0, 20),
        ].flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]),
      );
      const places = [...seen].filter(([, text]) => [...forms].some((form) => text.includes(form)));
      expect(places.map(([place]) => place)).toEqual([]);
    },
  );
});

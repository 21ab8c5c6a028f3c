import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createHttpServer } from '../../src/http/server.js';
import type { HttpServer } from '../../src/http/server.js';
import { silent } from '../../src/logging/log.js';
import { backendStatus, engineStatus, FakeVmcp, info } from './fake-vmcp.js';

let vmcp: FakeVmcp;
let server: HttpServer;
let base: string;
let port: number;

const start = async (): Promise<void> => {
  server = createHttpServer({ vmcp, name: 'demo', groupRef: 'group', version: '1.2.3', log: silent });
  base = await server.listen(0, '127.0.0.1');
  port = Number(new URL(base).port);
};

beforeEach(async () => {
  vmcp = new FakeVmcp();
  vmcp.engine = engineStatus(backendStatus('a'), backendStatus('b', { circuit: 'open' }));
  vmcp.infos = [info('a'), info('b')];
  await start();
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** `fetch` will not set Host; this does. */
function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('error', reject);
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    request.on('error', reject);
    request.end();
  });
}
const json = (text: string): unknown => JSON.parse(text);

describe('endpoints', () => {
  test.each(['/health', '/ping'])(
    '%s says ok while the process lives, whatever fails [R31]',
    async (path) => {
      vmcp.engine = engineStatus(backendStatus('a', { circuit: 'open' }));
      const { status, headers, text } = await ask(path);
      expect([status, text]).toEqual([200, '{"status":"ok"}']);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    },
  );

  test('/readyz is ready whatever backends do, and not while draining [R31]', async () => {
    vmcp.engine = engineStatus(backendStatus('a', { circuit: 'open' }));
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"status":"ready","mode":"static"}' });
    server.drain();
    const draining = await ask('/readyz');
    expect(draining.status).toBe(503);
    expect(draining.headers.connection).toBe('close');
    expect(json(draining.text)).toEqual({ status: 'not_ready', mode: 'static', reason: 'draining' });
  });

  test('while draining nothing is served, and the status says why; the phase is that of the backends [R14] [R19]', async () => {
    server.drain();
    const [status, crd, health] = await Promise.all(
      ['/status', '/status?format=crd', '/api/backends/health'].map(async (path) =>
        json((await ask(path)).text),
      ),
    );
    const message = 'Shutting down: calls in flight may finish, new ones are refused';
    expect(status).toMatchObject({
      phase: 'Degraded',
      message,
      backends: [{ serving: false }, { serving: false }],
    });
    expect(crd).toMatchObject({ phase: 'Degraded', message });
    expect(health).toMatchObject({ backends: { a: { Status: 'healthy', Serving: false } } });
  });

  test('/status and /api/backends/health agree on every backend [R31]', async () => {
    const status = json((await ask('/status')).text) as { backends: { name: string; health: string }[] };
    const health = json((await ask('/api/backends/health')).text) as {
      backends: Record<string, { Status: string }>;
    };
    expect(status.backends.map(({ name, health: word }) => [name, word])).toEqual([
      ['a', 'healthy'],
      ['b', 'unhealthy'],
    ]);
    expect(Object.entries(health.backends).map(([name, { Status }]) => [name, Status])).toEqual([
      ['a', 'healthy'],
      ['b', 'unhealthy'],
    ]);
  });

  test('/status?format=crd has the address of the server, and remembers when a condition changed [R31]', async () => {
    type Body = { url: string; conditions: { type: string; status: string; lastTransitionTime: string }[] };
    const before = json((await ask('/status?format=crd')).text) as Body;
    expect(before.url).toBe(`${base}/mcp`);
    vmcp.engine = engineStatus(backendStatus('a'));
    const changedFrom = Date.now();
    vmcp.emit({
      type: 'backend.removed',
      backend: 'b',
      sequence: 1,
      at: 1,
      time: new Date().toISOString(),
    });
    await new Promise((resolve) => setImmediate(resolve));
    const changedTo = Date.now();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(changedTo + 20));
    const after = json((await ask('/status?format=crd')).text) as Body;
    const ready = after.conditions.find(({ type }) => type === 'Ready');
    expect(ready?.status).toBe('True');
    expect(Date.parse(ready?.lastTransitionTime ?? '')).toBeGreaterThanOrEqual(changedFrom);
    expect(Date.parse(ready?.lastTransitionTime ?? '')).toBeLessThanOrEqual(changedTo + 1);
  });

  test('an unknown format is refused by name [R31]', async () => {
    const { status, text } = await ask('/status?format=xml');
    expect(status).toBe(400);
    expect(text).toContain('json, crd');
  });

  test('HEAD has the headers of GET and no body [R31]', async () => {
    const { status, headers, text } = await ask('/status', 'HEAD');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  test.each([
    ['POST', '/status', 'GET, HEAD'],
    ['DELETE', '/health', 'GET, HEAD'],
    ['PUT', '/mcp', 'GET, POST, DELETE'],
    ['OPTIONS', '/mcp', 'GET, POST, DELETE'],
  ])('%s %s is answered 405 with what is allowed [R31]', async (method, path, allow) => {
    const { status, headers, text } = await ask(path, method);
    expect([status, headers.allow]).toEqual([405, allow]);
    expect(json(text)).toHaveProperty('error.code', 'METHOD_NOT_ALLOWED');
  });

  test.each(['/', '/nothing', '/status/', '/mcp/x', '/__proto__', '//health', '/health%00'])(
    '%s is not found, in JSON [R31]',
    async (path) => {
      const { status, text } = await ask(path);
      expect(status).toBe(404);
      expect(json(text)).toHaveProperty('error.code', 'NOT_FOUND');
    },
  );
});

describe('/mcp', () => {
  test.each(['GET', 'POST', 'DELETE'])(
    '%s is handed to the gateway whole, query included [R31]',
    async (method) => {
      let seen: string | undefined;
      vmcp.onMcp = (request, response) => {
        seen = `${request.method ?? ''} ${request.url ?? ''}`;
        response.end('mcp');
        return Promise.resolve();
      };
      expect(await ask('/mcp?x=1', method)).toMatchObject({ status: 200, text: 'mcp' });
      expect(seen).toBe(`${method} /mcp?x=1`);
    },
  );

  test('a gateway that throws costs that one request [R31]', async () => {
    vmcp.onMcp = () => Promise.reject(new Error('secret detail'));
    const { status, text } = await ask('/mcp', 'POST');
    expect(status).toBe(500);
    expect(text).not.toContain('secret detail');
    expect((await ask('/health')).status).toBe(200);
  });

  test('a gateway that throws in the middle of an answer breaks it off [R31]', async () => {
    vmcp.onMcp = (_, response) => {
      response.write('half');
      return Promise.reject(new Error('broken'));
    };
    await expect(ask('/mcp', 'POST')).rejects.toThrow();
  });
});

describe('who may come in', () => {
  test.each(['/mcp', '/health', '/status', '/nothing'])(
    'a foreign Host is turned away from %s before anything else [R38]',
    async (path) => {
      const { status, text } = await ask(path, 'GET', { host: `evil.example:${port}` });
      expect(status).toBe(403);
      expect(json(text)).toHaveProperty('error.code', 'HOST_NOT_ALLOWED');
    },
  );

  test('a foreign Origin is turned away, a local one is not [R38]', async () => {
    const refused = await ask('/mcp', 'POST', { origin: 'https://evil.example' });
    expect(refused.status).toBe(403);
    expect(json(refused.text)).toHaveProperty('error.code', 'ORIGIN_NOT_ALLOWED');
    expect((await ask('/mcp', 'POST', { origin: 'http://localhost:6274' })).status).toBe(200);
  });

  test('HTTP/1.0 without Host, and two Hosts, are turned away [R38]', async () => {
    expect(await raw('GET /status HTTP/1.0\r\n\r\n')).toContain(' 403 ');
    const own = `Host: 127.0.0.1:${port}`;
    const twice = await raw(
      `GET /status HTTP/1.1\r\n${own}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(twice).toMatch(/ 40[03] /);
  });

  test('headers beyond their limit are refused [R38]', async () => {
    const padding = 'x'.repeat(20_000);
    const text = await raw(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Pad: ${padding}\r\n\r\n`);
    expect(text).toContain(' 431 ');
  });

  /** What comes back until the server closes the connection. */
  function raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      socket.on('error', reject).on('close', () => resolve(answer));
    });
  }
});

describe('listening and closing', () => {
  test('a port in use is said in words [R31]', async () => {
    const second = createHttpServer({ vmcp, name: 'x', groupRef: 'x', version: '1', log: silent });
    await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({
      name: 'ListenError',
      code: 'EADDRINUSE',
      message: expect.stringContaining(`port ${port}`) as string,
    });
    await second.close();
  });

  test('closing ends an open stream and an idle connection [R19]', async () => {
    vmcp.onMcp = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(': open\n\n');
      return Promise.resolve();
    };
    const stream = await fetch(`${base}/mcp`);
    const reading = stream.text().catch(() => 'broken off');
    const idle = connect(port, '127.0.0.1');
    const idleEnded = new Promise((resolve) => idle.on('close', resolve).on('error', () => undefined));
    await server.close();
    expect(await reading).toBe('broken off');
    await idleEnded;
    await start();
  });
});

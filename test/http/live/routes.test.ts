import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livePage } from '../../../src/http/live/page.js';
import { createHttpServer } from '../../../src/http/server.js';
import type { HttpServer, HttpServerOptions } from '../../../src/http/server.js';
import { silent } from '../../../src/logging/log.js';
import { ROOT } from '../../e2e/processes.js';
import { backendStatus, engineStatus, FakeVmcp, info } from '../fake-vmcp.js';
import { eventOf } from './events.js';

const AUTHORIZED = { Authorization: 'Bearer secret' };

let vmcp: FakeVmcp;
let server: HttpServer;
let base: string;

const start = async (options: Partial<HttpServerOptions> = {}) => {
  server = createHttpServer({
    vmcp,
    name: 'demo',
    groupRef: 'group',
    version: '1.2.3',
    log: silent,
    ...options,
  });
  base = await server.listen(0, '127.0.0.1');
};

beforeEach(async () => {
  vmcp = new FakeVmcp();
  vmcp.engine = engineStatus(backendStatus('a'), backendStatus('b / c', { circuit: 'open' }));
  vmcp.infos = [info('a'), info('b / c')];
  await start({ page: livePage(ROOT), adminToken: 'secret' });
});
afterEach(() => server.close());

const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
  fetch(base + path, { method, headers });
const codeOf = async (answer: Response) => ((await answer.json()) as { error: { code: string } }).error.code;

describe('the live page', () => {
  it('is one document that asks nobody but its server, as its policy says [R33] [R38]', async () => {
    const answer = await ask('/');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'sha256-");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    const html = await answer.text();
    expect(html).toContain('data-state="backend.circuit.open"');
    expect(html.match(/(?:src|href)="(?!data:|#)[^"]*"/g) ?? []).toEqual([]);
    expect(html).not.toContain('/* page.');
  });

  it('has a head, and takes nothing [R31]', async () => {
    const head = await ask('/', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await ask('/', 'POST');
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('is not there where there is none, and the rest is [R31]', async () => {
    await server.close();
    await start();
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/api/backends/a/details')).status).toBe(200);
  });
});

describe('the stream', () => {
  it('tells events and how things stand [R31] [R32]', async () => {
    const answer = await ask('/api/events?status=true&since=0');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    vmcp.emit(eventOf(1, 'a'));
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: health.changed')) text += (await reader.read()).value ?? '';
    await reader.cancel();
    const status = JSON.parse(/event: status\ndata: (.*)/.exec(text)?.[1] ?? '{}') as Record<string, unknown>;
    expect(status).toMatchObject({ server: 'demo', phase: 'Degraded', whole: true });
    expect(status['backends']).toMatchObject([
      { name: 'a', health: 'healthy', circuit: 'closed', serving: true, tools: 3, transport: 'stdio' },
      { name: 'b / c', circuit: 'open', serving: false },
    ]);
  });

  it('is read only [R31]', async () => {
    const answer = await ask('/api/events', 'DELETE');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
  });
});

describe('the controls', () => {
  it.each(['check', 'isolate', 'release', 'reset'])('%s, whatever the name is like [R10]', async (action) => {
    const answer = await ask(`/api/backends/b%20%2F%20c/${action}`, 'POST', AUTHORIZED);
    expect([answer.status, await answer.json()]).toEqual([200, { backend: 'b / c', action }]);
    expect(vmcp.asked).toEqual([`${action} b / c`]);
  });

  it('are refused without the token, and say how to send it [R38]', async () => {
    const answer = await ask('/api/backends/a/reset', 'POST');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="breakwater admin"');
    expect(await codeOf(answer)).toBe('ADMIN_TOKEN_REQUIRED');
    expect(vmcp.asked).toEqual([]);
  });

  it('are for POST alone: no link and no picture can use them [R38]', async () => {
    const answer = await ask('/api/backends/a/reset', 'GET', AUTHORIZED);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(vmcp.asked).toEqual([]);
  });

  it('and details of what there is not are said to be missing [R31]', async () => {
    expect(await codeOf(await ask('/api/backends/x/reset', 'POST', AUTHORIZED))).toBe('UNKNOWN_BACKEND');
    expect(await codeOf(await ask('/api/backends/a/explode', 'POST', AUTHORIZED))).toBe('UNKNOWN_ACTION');
    expect(await codeOf(await ask('/api/backends/x/details'))).toBe('UNKNOWN_BACKEND');
    expect(await codeOf(await ask('/api/backends/%E0%A4%A/details'))).toBe('BAD_PATH');
    expect((await ask('/api/backends/a/details', 'POST')).status).toBe(405);
  });
});

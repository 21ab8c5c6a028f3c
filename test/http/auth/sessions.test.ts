import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { createHttpServer } from '../../../src/http/server.js';
import { silent } from '../../../src/logging/log.js';
import { createVmcp } from '../../../src/vmcp.js';
import { configuration } from '../../e2e/served.js';
import { INITIALIZE, rawPost, readEvents, until } from '../../gateway/wire.js';
import { ScriptedServer } from '../../session/scripted-server.js';
import { Issuer } from './issuer.js';

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a_echo', arguments: {} } };
const PING = { jsonrpc: '2.0', id: 2, method: 'ping' };

let issuer: Issuer;
let backend: ScriptedServer;
/** Every header that ever came to the backend, with its value. */
let headers: string[];
let url: URL;

/** A whole gateway behind its gate, over one backend. */
beforeEach(async () => {
  issuer = await Issuer.start();
  backend = await ScriptedServer.start();
  headers = [];
  backend.http.on('request', (request) => headers.push(...request.rawHeaders, request.url ?? ''));
  backend.on('tools/call', (post) => post.result({ content: [] }));
  const oidc = { issuer: issuer.url, audience: 'vmcp' };
  const text = configuration(
    [{ name: 'a', transport: 'streamable-http', url: backend.url }],
    { healthCheckInterval: '1h', healthCheckTimeout: '5s' },
    { incomingAuth: { type: 'oidc', oidc } },
  );
  const config = parseConfig(text, 'vmcp.yaml', { env: {} });
  const vmcp = createVmcp(config, { log: silent, version: '1' });
  const server = createHttpServer({
    ...{ vmcp, name: 'x', groupRef: 'x', version: '1', log: silent },
    incomingAuth: config.incomingAuth,
  });
  url = new URL(`${await server.listen(0, '127.0.0.1')}/mcp`);
  onTestFinished(async () => {
    await vmcp.stop(100);
    await server.close();
  });
  vmcp.start();
  await until(() => {
    if (!vmcp.status().backends.every(({ health }) => health === 'healthy')) throw new Error('not yet');
  });
});

const by = async (sub: string, claims: object = {}) => ({
  Authorization: `Bearer ${await issuer.token({ claims: { sub, ...claims } })}`,
});

/** Opens a session, and says its id. */
async function open(authorization: Record<string, string>): Promise<string> {
  const response = await rawPost(url, INITIALIZE, authorization);
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

/** All that a client sees of an answer, but for the time of day. */
async function seen(response: Response) {
  const { date, ...rest } = Object.fromEntries(response.headers);
  expect(date).toBeDefined();
  return { status: response.status, headers: rest, text: await response.text() };
}

const methods = {
  POST: (id: string, more: Record<string, string>) => rawPost(url, CALL, { 'Mcp-Session-Id': id, ...more }),
  GET: (id: string, more: Record<string, string>) =>
    fetch(url, { headers: { Accept: 'text/event-stream', 'Mcp-Session-Id': id, ...more } }),
  DELETE: (id: string, more: Record<string, string>) =>
    fetch(url, { method: 'DELETE', headers: { 'Mcp-Session-Id': id, ...more } }),
};

describe('a session', () => {
  it.each(['POST', 'GET', 'DELETE'] as const)(
    "of another's is to %s what one that never was is, to the last byte [R38]",
    async (method) => {
      const [alice, mallory] = [await by('alice'), await by('mallory')];
      const id = await open(alice);
      const ask = async (session: string) => seen(await methods[method](session, mallory));
      const stolen = await ask(id);
      expect(stolen.status).toBe(404);
      expect(stolen).toEqual(await ask(crypto.randomUUID()));
      const odd = { ...mallory, 'Mcp-Protocol-Version': 'none' };
      expect((await methods[method](id, odd)).status).toBe(404);
      // It is none the worse for it.
      expect((await rawPost(url, PING, { 'Mcp-Session-Id': id, ...alice })).status).toBe(200);
      expect(backend.count('tools/call')).toBe(0);
    },
  );

  it('is its own with every token of its principal, and with none without [R38]', async () => {
    const id = await open(await by('alice'));
    const later = await by('alice', { jti: 'another', scope: 'more' });
    const answer = await methods.POST(id, later);
    expect(await answer.json()).toMatchObject({ result: { content: [] } });
    expect((await rawPost(url, PING, { 'Mcp-Session-Id': id })).status).toBe(401);
  });

  it('is not opened for anybody by an id of their own making [R38]', async () => {
    const alice = await by('alice');
    const id = await open(alice);
    const mallory = await by('mallory');
    const response = await rawPost(url, INITIALIZE, { 'Mcp-Session-Id': id, ...mallory });
    await response.text();
    const own = response.headers.get('mcp-session-id') ?? '';
    expect(own).not.toBe(id);
    expect((await rawPost(url, PING, { 'Mcp-Session-Id': own, ...alice })).status).toBe(404);
  });
});

describe('the token of a client', () => {
  it('never comes to a backend, by whatever the client does [R38] [R30]', async () => {
    const alice = await by('alice');
    const cookie = { Cookie: 'session=canary-cookie', 'X-Api-Key': 'canary-key' };
    const id = await open({ ...alice, ...cookie });
    const whole = { 'Mcp-Session-Id': id, ...alice, ...cookie };
    const stream = await fetch(url, { headers: { Accept: 'text/event-stream', ...whole } });
    void readEvents(stream);
    const before = headers.length;
    for (const message of [
      CALL,
      { jsonrpc: '2.0', id: 3, method: 'tools/list' },
      { jsonrpc: '2.0', id: 4, method: 'logging/setLevel', params: { level: 'debug' } },
      { jsonrpc: '2.0', id: 5, method: 'resources/read', params: { uri: 'x:y' } },
    ]) {
      await (await rawPost(url, message, whole)).text();
    }
    expect(backend.count('tools/call')).toBe(1);
    expect(headers.length).toBeGreaterThan(before);
    await (await fetch(url, { method: 'DELETE', headers: whole })).text();
    const all = [...headers, JSON.stringify(backend.seen)].join('\n').toLowerCase();
    const [, token = ''] = alice.Authorization.split(' ');
    for (const canary of ['authorization', 'canary', id, ...token.split('.')]) {
      expect(all).not.toContain(canary.toLowerCase());
    }
  });
});

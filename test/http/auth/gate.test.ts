import { connect } from 'node:net';
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { describe, expect, it, vi } from 'vitest';
import type { BearerAuth } from '../../../src/config/config.js';
import { refusalAnswer } from '../../../src/http/auth/challenge.js';
import { refused } from '../../../src/http/auth/verdict.js';
import { createHttpServer } from '../../../src/http/server.js';
import { livePage } from '../../../src/http/live/page.js';
import { silent } from '../../../src/logging/log.js';
import { ROOT } from '../../e2e/processes.js';
import { FakeVmcp } from '../fake-vmcp.js';
import { guarded } from './guarded.js';
import { inSeconds, Issuer } from './issuer.js';

const TOKEN = 'hush-hush-token';
const ADMIN = 'admin-token';
const BEARER: BearerAuth = { type: 'bearer', tokenEnv: 'BREAKWATER_TOKEN', token: TOKEN };
const by = (token: string) => ({ Authorization: `Bearer ${token}` });
const REFUSED = { status: 401, code: 'INVALID_TOKEN' };
const NO_TOKEN = { status: 401, code: 'TOKEN_REQUIRED' };

describe('one token for all', () => {
  it('lets in, and nothing else does [R38]', async () => {
    const { mcp, calls } = await guarded(BEARER);
    expect(await mcp(TOKEN)).toMatchObject({ status: 200, text: 'mcp' });
    for (const wrong of [
      `${TOKEN}x`,
      TOKEN.slice(0, -1),
      TOKEN.toUpperCase(),
      ADMIN,
      'undefined',
      '[object',
    ]) {
      expect(await mcp(wrong)).toMatchObject(REFUSED);
    }
    expect(calls()).toBe(1);
  });

  it('is asked for as RFC 6750 says, without metadata: nobody issues it [R38]', async () => {
    const { ask, mcp } = await guarded(BEARER);
    const none = await ask('/mcp', 'POST');
    expect(none).toMatchObject(NO_TOKEN);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="breakwater"');
    const wrong = await mcp('wrong');
    expect(wrong.headers['www-authenticate']).toBe(
      'Bearer realm="breakwater", error="invalid_token", error_description="the token is not valid"',
    );
    const path = '/.well-known/oauth-protected-resource';
    expect(await ask(path, 'GET', by(TOKEN))).toMatchObject({ status: 404 });
  });

  it('is in no log line and in no answer, right or wrong [R30]', async () => {
    const { mcp, ask, log } = await guarded(BEARER);
    const answers = [await mcp(TOKEN), await mcp('almost-right'), await ask('/status', 'GET', by(TOKEN))];
    const written = JSON.stringify([log.lines, answers]);
    expect(log.of('warn', 'a token was refused')).toHaveLength(1);
    expect(written).not.toContain(TOKEN);
    expect(written).not.toContain('almost-right');
  });
});

describe('a token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('may be announced as %s [R38]', async (scheme) => {
    const { ask } = await guarded(BEARER);
    expect((await ask('/mcp', 'POST', { Authorization: `${scheme}  ${TOKEN}` })).status).toBe(200);
  });

  it.each([
    [{}],
    [{ Authorization: TOKEN }],
    [{ Authorization: `Basic ${TOKEN}` }],
    [{ Authorization: `Bearer: ${TOKEN}` }],
    [{ Authorization: 'Bearer' }],
    [{ Authorization: 'Bearer ' }],
    [{ Authorization: `Bearer ${TOKEN} ${TOKEN}` }],
    [{ Authorization: `Bearer x, Bearer ${TOKEN}` }],
    [{ 'Proxy-Authorization': `Bearer ${TOKEN}` }],
    [{ Cookie: `Authorization=Bearer ${TOKEN}` }],
    [{ 'X-Forwarded-Authorization': `Bearer ${TOKEN}` }],
  ])('is missing from %j, which is no news for the log [R38]', async (headers) => {
    const { ask, calls, log } = await guarded(BEARER);
    expect(await ask('/mcp', 'POST', headers)).toMatchObject(NO_TOKEN);
    expect(calls()).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it('is refused in the address, alone or beside a header [R38] [R30]', async () => {
    const { ask, calls, log } = await guarded(BEARER);
    for (const headers of [{}, by(TOKEN)]) {
      const answer = await ask(`/mcp?access_token=${TOKEN}`, 'POST', headers);
      expect(answer).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
      expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    }
    expect(calls()).toBe(0);
    expect(JSON.stringify(log.lines)).not.toContain(TOKEN);
  });

  it.each([
    [TOKEN, TOKEN],
    [TOKEN, 'other'],
    ['other', TOKEN],
  ])('is refused twice, as %s and %s [R38]', async (one, other) => {
    const { url, calls } = await guarded(BEARER);
    const lines = [`Authorization: Bearer ${one}`, `Authorization: Bearer ${other}`, 'Connection: close'];
    const text = await raw(url, ['POST /mcp HTTP/1.1', `Host: ${new URL(url).host}`, ...lines, '', '']);
    expect(text).toContain(' 400 ');
    expect(text).toContain('"INVALID_REQUEST"');
    expect(calls()).toBe(0);
  });

  it('is asked for only after Host and Origin [R38]', async () => {
    const { ask } = await guarded(BEARER);
    expect(await ask('/mcp', 'POST', { Host: 'evil.example', ...by(TOKEN) })).toMatchObject({
      code: 'HOST_NOT_ALLOWED',
    });
    expect(await ask('/mcp', 'POST', { Origin: 'https://evil.example' })).toMatchObject({
      code: 'ORIGIN_NOT_ALLOWED',
    });
  });

  /** What comes back until the server closes the connection. */
  function raw(base: string, lines: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.write(lines.join('\r\n')));
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      socket.on('error', reject).on('close', () => resolve(answer));
    });
  }
});

describe('which token opens what', () => {
  const options = { adminToken: ADMIN, page: livePage(ROOT) };

  it.each(['/', '/health', '/ping', '/readyz'])('%s is open [R38] [R31]', async (path) => {
    const { ask } = await guarded(BEARER, options);
    const { status, text } = await ask(path);
    expect(status).toBe(200);
    expect(text).not.toContain('secret-backend');
  });

  const READ = [
    ...['/status', '/status?format=crd', '/api/backends/health', '/metrics', '/api/events?since=0'],
    '/api/backends/secret-backend/details',
  ];
  it.each(READ)('%s is for clients and for the operator [R38] [R31]', async (path) => {
    const { url, ask } = await guarded(BEARER, options);
    const none = await ask(path);
    expect(none).toMatchObject(NO_TOKEN);
    expect(none.text).not.toContain('secret-backend');
    expect(await ask(path, 'GET', by('wrong'))).toMatchObject(REFUSED);
    for (const token of [TOKEN, ADMIN]) {
      const answer = await fetch(url + path, { headers: by(token) });
      expect(answer.status).toBe(200);
      await answer.body?.cancel();
    }
  });

  it.each(['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'])(
    '%s /mcp is for clients alone [R38]',
    async (method) => {
      const { ask, mcp, calls } = await guarded(BEARER, options);
      expect((await ask('/mcp', method)).status).toBe(401);
      expect((await mcp(ADMIN, method)).status).toBe(401);
      expect(calls()).toBe(0);
      expect((await mcp(TOKEN, method)).status).toBe(['GET', 'POST', 'DELETE'].includes(method) ? 200 : 405);
    },
  );

  it('the controls ask for the admin token themselves, and take no other [R38]', async () => {
    const { ask, vmcp } = await guarded(BEARER, options);
    const path = '/api/backends/secret-backend/isolate';
    for (const headers of [{}, by(TOKEN)]) {
      expect(await ask(path, 'POST', headers)).toMatchObject({ status: 401, code: 'ADMIN_TOKEN_REQUIRED' });
    }
    expect(vmcp.asked).toEqual([]);
    expect((await ask(path, 'POST', by(ADMIN))).status).toBe(200);
    expect(vmcp.asked).toEqual(['isolate secret-backend']);
  });

  it('without an admin token none is one [R38]', async () => {
    const { ask } = await guarded(BEARER);
    for (const token of ['undefined', 'null', '']) {
      expect((await ask('/status', 'GET', by(token))).status).toBe(401);
    }
  });

  it.each(['/nothing', '/mcp/', '//mcp', '/MCP', '/mcp%00', '/health/', '/api/backends/a/b/c', '/__proto__'])(
    '%s is nothing, and only who has a token is told what there is [R38]',
    async (path) => {
      const { ask, calls } = await guarded(BEARER, options);
      expect(await ask(path)).toMatchObject(NO_TOKEN);
      expect(await ask(path, 'GET', by(TOKEN))).toMatchObject({ status: 404 });
      expect(calls()).toBe(0);
    },
  );
});

describe('anonymous', () => {
  it('lets everybody in, to everything [R38] [R31]', async () => {
    const { ask, url } = await guarded({ type: 'anonymous' });
    for (const path of ['/mcp', '/status', '/metrics', '/api/backends/secret-backend/details']) {
      expect((await ask(path)).status).toBe(200);
    }
    // As a browser asks, which sends no header of ours.
    const stream = await fetch(`${url}/api/events?status=true&since=0`);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    await stream.body?.cancel();
    expect((await ask('/.well-known/oauth-protected-resource')).status).toBe(404);
  });

  it('a way that is not supported makes no server, should anybody ask for one [R38] [R29]', () => {
    const options = { vmcp: new FakeVmcp(), name: 'x', groupRef: 'x', version: '1', log: silent };
    expect(() => createHttpServer({ ...options, incomingAuth: { type: 'local' } })).toThrow('not supported');
  });
});

describe('the metadata of the resource', () => {
  const PATHS = ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'];

  it.each(PATHS)('is at %s, open, and names the issuer [R38]', async (path) => {
    const issuer = await Issuer.start();
    const { ask, url } = await guarded(issuer.auth());
    const { status, headers, text } = await ask(path);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(text)).toEqual({
      resource: `${url}/mcp`,
      authorization_servers: [issuer.url],
      bearer_methods_supported: ['header'],
    });
    expect((await ask(path, 'HEAD')).status).toBe(200);
    expect(await ask(path, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('names the scopes and the resource of the configuration, wherever it is asked [R38]', async () => {
    const issuer = await Issuer.start();
    const auth = issuer.auth({ resource: 'https://gw.example/team/mcp', scopes: ['read', 'write'] });
    const { ask } = await guarded(auth);
    const at = '/.well-known/oauth-protected-resource/team/mcp';
    for (const path of [...PATHS, at]) {
      expect(JSON.parse((await ask(path)).text)).toMatchObject({
        resource: 'https://gw.example/team/mcp',
        scopes_supported: ['read', 'write'],
      });
    }
    const { headers } = await ask('/mcp', 'POST');
    expect(headers['www-authenticate']).toBe(
      `Bearer realm="breakwater", scope="read write", resource_metadata="https://gw.example${at}"`,
    );
  });

  it('is understood by the client of the SDK [R38]', async () => {
    const issuer = await Issuer.start();
    const { url } = await guarded(issuer.auth({ scopes: ['read', 'write'] }));
    const answer = await fetch(`${url}/mcp`, { method: 'POST', headers: by('x.y.z') });
    const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(answer);
    expect({ scope, error }).toEqual({ scope: 'read write', error: 'invalid_token' });
    const found = await discoverOAuthProtectedResourceMetadata(`${url}/mcp`, {
      resourceMetadataUrl: String(resourceMetadataUrl),
    });
    const guessed = await discoverOAuthProtectedResourceMetadata(`${url}/mcp`);
    expect(found).toEqual(guessed);
    expect(found.authorization_servers).toEqual([issuer.url]);
  });

  it('of a resource without a path is at the root [R38]', async () => {
    const issuer = await Issuer.start();
    const { ask } = await guarded(issuer.auth({ resource: 'https://gw.example' }));
    expect((await ask('/mcp', 'POST')).headers['www-authenticate']).toBe(
      'Bearer realm="breakwater", resource_metadata="https://gw.example/.well-known/oauth-protected-resource"',
    );
  });

  it('is by the name that the client used, if that is allowed [R38]', async () => {
    const issuer = await Issuer.start();
    const { ask } = await guarded(issuer.auth(), { allowedHosts: ['gw.lan'] });
    const { text } = await ask(PATHS[1]!, 'GET', { Host: 'gw.lan:8080' });
    expect(JSON.parse(text)).toMatchObject({ resource: 'http://gw.lan:8080/mcp' });
    expect((await ask('/mcp', 'POST', { Host: 'gw.lan:8080' })).headers['www-authenticate']).toContain(
      'resource_metadata="http://gw.lan:8080/.well-known/oauth-protected-resource/mcp"',
    );
    expect((await ask(PATHS[1]!, 'GET', { Host: 'evil.example' })).status).toBe(403);
  });
});

describe('when to come again', () => {
  it.each([
    [0, '1'],
    [1000, '1'],
    [1001, '2'],
  ])('after %d ms is in whole seconds: %s [R38]', (retryAfterMs, expected) => {
    const refusal = { ...refused('ISSUER_UNAVAILABLE', 'away'), retryAfterMs };
    expect(refusalAnswer(refusal, {})).toMatchObject({ status: 503, headers: { 'Retry-After': expected } });
  });
});

describe('an operator', () => {
  it('can look while the issuer is away [R38] [R31]', async () => {
    const issuer = await Issuer.start();
    await issuer.down();
    const { ask, mcp } = await guarded(issuer.auth(), { adminToken: ADMIN });
    expect((await ask('/status', 'GET', by(ADMIN))).status).toBe(200);
    expect((await mcp(await issuer.token())).status).toBe(503);
    expect((await mcp(ADMIN)).status).toBe(401);
  });
});

describe('a stream', () => {
  it.each(['/mcp', '/api/events'])('of %s ends with the token that opened it [R38]', async (path) => {
    const issuer = await Issuer.start();
    const { vmcp, url } = await guarded(issuer.auth());
    vmcp.onMcp = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(': open\n\n');
      return Promise.resolve();
    };
    // The tolerance is 30 seconds: one is left of it.
    const short = await issuer.token({ claims: { exp: inSeconds(-29) } });
    const long = await issuer.token();
    const ends = vi.fn<(which: string) => void>();
    const follow = async (which: string, token: string, method = 'GET') => {
      const answer = await fetch(url + path, { method, headers: by(token) });
      void answer.text().then(
        () => ends(which),
        () => ends(which),
      );
      return answer.status;
    };
    // What was asked while the token was good is answered: of the two that are asked with it, it would end first.
    if (path === '/mcp') expect(await follow('call', short, 'POST')).toBe(200);
    expect(await follow('short', short)).toBe(200);
    expect(await follow('long', long)).toBe(200);
    await vi.waitFor(() => expect(ends).toHaveBeenCalled(), { timeout: 5000 });
    expect(ends.mock.calls).toEqual([['short']]);
  });
});

import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { judgeOidcToken } from '../../../src/http/auth/oidc-token.js';
import { guarded } from './guarded.js';
import type { Answer } from './guarded.js';
import { inSeconds, Issuer, keyPair } from './issuer.js';
import type { Made } from './issuer.js';

const OK = { status: 200, text: 'mcp' };
const challenge = ({ headers }: Answer) => headers['www-authenticate'] ?? '';
const INVALID = { status: 401, code: 'INVALID_TOKEN' };

describe('a token of the issuer', () => {
  it('lets in, for every method, and the keys are fetched once [R38]', async () => {
    const issuer = await Issuer.start();
    const { mcp, calls } = await guarded(issuer.auth());
    const token = await issuer.token();
    for (const method of ['POST', 'GET', 'DELETE', 'POST'])
      expect(await mcp(token, method)).toMatchObject(OK);
    expect(calls()).toBe(4);
    expect(issuer.asked).toEqual(['/realm/.well-known/openid-configuration', '/realm/keys']);
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('may be signed by %s [R38]', async (alg) => {
    const issuer = await Issuer.start();
    const key = await keyPair('other', alg);
    issuer.keys = [issuer.key, key];
    const { mcp } = await guarded(issuer.auth());
    expect(await mcp(await issuer.token({ key }))).toMatchObject(OK);
  });

  it.each<[string, Made]>([
    ['for several audiences', { claims: { aud: ['other', 'vmcp'] } }],
    ['expired within the tolerance', { claims: { exp: inSeconds(-25) } }],
    ['valid from within the tolerance', { claims: { nbf: inSeconds(25) } }],
  ])('%s lets in [R38]', async (_, made) => {
    const issuer = await Issuer.start();
    const { mcp } = await guarded(issuer.auth());
    expect(await mcp(await issuer.token(made))).toMatchObject(OK);
  });

  it('of an issuer with a slash at its end lets in [R38]', async () => {
    const issuer = await Issuer.start();
    issuer.document = { issuer: `${issuer.url}/` };
    const { mcp } = await guarded(issuer.auth({ issuer: `${issuer.url}/` }));
    expect(await mcp(await issuer.token({ claims: { iss: `${issuer.url}/` } }))).toMatchObject(OK);
    expect(await mcp(await issuer.token())).toMatchObject(INVALID);
  });

  it('lets in by keys at an address of their own, without discovery [R38]', async () => {
    const issuer = await Issuer.start();
    const { mcp } = await guarded(issuer.auth({ jwksUrl: `${issuer.url}/keys` }));
    expect(await mcp(await issuer.token())).toMatchObject(OK);
    expect(issuer.asked).toEqual(['/realm/keys']);
  });
});

describe('a token that does not let in', () => {
  it.each<[string, Made]>([
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['without issuer', { claims: { iss: undefined } }],
    ['for another audience', { claims: { aud: 'other' } }],
    ['whose audience only begins alike', { claims: { aud: 'vmcp-2' } }],
    ['without audience', { claims: { aud: undefined } }],
    ['without subject', { claims: { sub: undefined } }],
    ['with an empty subject', { claims: { sub: '' } }],
    ['with a number for its subject', { claims: { sub: 7 } }],
    ['that never expires', { claims: { exp: undefined } }],
    ['that expires at no number', { claims: { exp: '9999999999' } }],
    ['not yet valid', { claims: { nbf: inSeconds(40) } }],
    ['with a header that must be understood', { header: { crit: ['x'], x: 1 } }],
  ])('%s [R38]', async (_, made) => {
    const issuer = await Issuer.start();
    const { mcp, calls, url } = await guarded(issuer.auth());
    const signed = await issuer.token(made).catch(() => undefined);
    const token = signed ?? (await tampered(issuer, made));
    const answer = await mcp(token);
    expect(answer).toMatchObject(INVALID);
    expect(challenge(answer)).toBe(
      'Bearer realm="breakwater", error="invalid_token", error_description="the token is not valid", ' +
        `resource_metadata="${url}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(calls()).toBe(0);
  });

  it('expired is told so, and nothing of what it says is logged [R38] [R30]', async () => {
    const issuer = await Issuer.start();
    const { mcp, log } = await guarded(issuer.auth());
    const token = await issuer.token({ claims: { exp: inSeconds(-40), sub: 'hush-hush' } });
    const answer = await mcp(token);
    expect(answer).toMatchObject(INVALID);
    expect(challenge(answer)).toContain('error_description="the token has expired"');
    expect(log.of('warn', 'a token was refused')).toEqual([
      { code: 'INVALID_TOKEN', why: 'ERR_JWT_EXPIRED', path: '/mcp', address: '127.0.0.1', unlogged: 0 },
    ]);
    const logged = JSON.stringify(log.lines);
    for (const part of ['hush-hush', ...token.split('.')]) expect(logged).not.toContain(part);
  });

  it('for another audience has the claim logged, and not what it says [R30]', async () => {
    const issuer = await Issuer.start();
    const { mcp, log } = await guarded(issuer.auth());
    await mcp(await issuer.token({ claims: { aud: 'hush-hush' } }));
    expect(log.of('warn', 'a token was refused')).toEqual([
      expect.objectContaining({ why: 'unexpected "aud" claim value' }),
    ]);
  });

  it('of another key by the name of ours [R38]', async () => {
    const issuer = await Issuer.start();
    const { mcp } = await guarded(issuer.auth());
    const forged = await issuer.token({ key: await keyPair('first') });
    expect(await mcp(forged)).toMatchObject(INVALID);
  });

  it('with one bit changed, in what it says or in its signature [R38]', async () => {
    const issuer = await Issuer.start();
    const { mcp } = await guarded(issuer.auth());
    const [header = '', payload = '', signature = ''] = (await issuer.token()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    expect(await mcp(`${header}.${other}.${signature}`)).toMatchObject(INVALID);
    expect(await mcp(`${header}.${payload}.${flipped}`)).toMatchObject(INVALID);
    expect(await mcp(`${header}.${payload}.${signature}`)).toMatchObject(OK);
  });

  it('unsigned, whatever it calls that [R38]', async () => {
    const issuer = await Issuer.start();
    const { mcp, calls } = await guarded(issuer.auth());
    const claims = { iss: issuer.url, aud: 'vmcp', sub: 'alice', exp: inSeconds(600) };
    expect(await mcp(new UnsecuredJWT(claims).encode())).toMatchObject(INVALID);
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'first' })).toString('base64url');
      expect(await mcp(`${header}.${payload}.`)).toMatchObject(INVALID);
    }
    expect(calls()).toBe(0);
  });

  it.each(['HS256', 'HS384', 'HS512'])('signed by %s with the public key [R38]', async (alg) => {
    const issuer = await Issuer.start();
    const rsa = await keyPair('rsa', 'RS256');
    issuer.keys = [rsa];
    const { mcp } = await guarded(issuer.auth());
    const publicKey = await importJWK(rsa.publicJwk, 'RS256', { extractable: true });
    if (publicKey instanceof Uint8Array) throw new Error('not a public key');
    const claims = { iss: issuer.url, aud: 'vmcp', sub: 'alice', exp: inSeconds(600) };
    const forms = [await exportSPKI(publicKey), JSON.stringify(rsa.publicJwk)];
    for (const secret of forms.map((form) => new TextEncoder().encode(form))) {
      const forged = await new SignJWT(claims).setProtectedHeader({ alg, kid: 'rsa' }).sign(secret);
      expect(await mcp(forged)).toMatchObject(INVALID);
    }
    expect(await mcp(await issuer.token({ key: rsa }))).toMatchObject(OK);
  });

  it('signed with a shared key, even one that is found [R38]', async () => {
    const secret = new TextEncoder().encode('k'.repeat(64));
    const find = vi.fn(() => Promise.resolve(secret));
    const expected = { issuer: 'https://id.example', audience: 'vmcp', scopes: [] };
    const claims = { iss: expected.issuer, aud: 'vmcp', sub: 'alice', exp: inSeconds(600) };
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const token = await new SignJWT(claims).setProtectedHeader({ alg }).sign(secret);
      expect(await judgeOidcToken(token, expected, { find })).toMatchObject({ code: 'INVALID_TOKEN' });
    }
    expect(find).not.toHaveBeenCalled();
  });

  it('signed with a shared key that the issuer shows by mistake [R38]', async () => {
    const issuer = await Issuer.start();
    const secret = new TextEncoder().encode('k'.repeat(32));
    const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'shared', alg: 'HS256' };
    issuer.instead.set('/realm/keys', (_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    const { mcp } = await guarded(issuer.auth());
    const claims = { iss: issuer.url, aud: 'vmcp', sub: 'alice', exp: inSeconds(600) };
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'shared' }).sign(secret);
    expect(await mcp(token)).toMatchObject(INVALID);
  });

  it.each(['x', '..', 'a.b.c', 'a.b.c.d.e', `${'x'.repeat(5000)}.y.z`, '.'.repeat(9000)])(
    'that is no JWT (%#) [R38] [R36]',
    async (token) => {
      const issuer = await Issuer.start();
      const { mcp, calls } = await guarded(issuer.auth());
      expect(await mcp(token)).toMatchObject(INVALID);
      expect(calls()).toBe(0);
    },
  );

  it('that is larger than all headers may be [R38] [R36]', async () => {
    const issuer = await Issuer.start();
    const { mcp, ask, calls } = await guarded(issuer.auth());
    expect((await mcp(await issuer.token({ claims: { fill: 'x'.repeat(20_000) } }))).status).toBe(431);
    expect(calls()).toBe(0);
    expect((await ask('/health')).status).toBe(200);
  });

  it('by the hundred costs a line a second in the log [R36]', async () => {
    const issuer = await Issuer.start();
    const { mcp, log } = await guarded(issuer.auth());
    await Promise.all(Array.from({ length: 100 }, () => mcp('x.y.z')));
    expect(log.of('warn', 'a token was refused').length).toBeLessThanOrEqual(3);
  });
});

/** Makes what jose will not: claims and headers of the wrong kind, properly signed. */
async function tampered(issuer: Issuer, { claims = {}, header = {} }: Made): Promise<string> {
  const { CompactSign } = await import('jose');
  const said = { iss: issuer.url, aud: 'vmcp', sub: 'alice', exp: inSeconds(600), ...claims };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(said)))
    .setProtectedHeader({ alg: issuer.key.alg, kid: issuer.key.kid, ...header })
    .sign(issuer.key.privateKey, { crit: { x: true } });
}

describe('scopes', () => {
  it.each([
    { scope: 'read write' },
    { scope: 'x write read' },
    { scp: ['read', 'write'] },
    { scp: 'write read' },
  ])('%j has those that are asked for [R38]', async (claims) => {
    const issuer = await Issuer.start();
    const { mcp } = await guarded(issuer.auth({ scopes: ['read', 'write'] }));
    expect(await mcp(await issuer.token({ claims }))).toMatchObject(OK);
  });

  it.each([
    {},
    { scope: 'read' },
    { scope: 'read writer' },
    { scope: 'READ WRITE' },
    { scp: ['read write'] },
    { scope: { read: true, write: true } },
  ])('%j lacks one: 403, and which are needed [R38]', async (claims) => {
    const issuer = await Issuer.start();
    const { mcp, calls, url } = await guarded(issuer.auth({ scopes: ['read', 'write'] }));
    const answer = await mcp(await issuer.token({ claims }));
    expect(answer).toMatchObject({ status: 403, code: 'INSUFFICIENT_SCOPE' });
    expect(challenge(answer)).toBe(
      'Bearer realm="breakwater", error="insufficient_scope", ' +
        'error_description="the token must have these scopes: read write", scope="read write", ' +
        `resource_metadata="${url}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(calls()).toBe(0);
  });
});

describe('an issuer that is away', () => {
  it('does not stop the start; requests get 503 until it is there, and the token is not blamed [R38] [R29]', async () => {
    const issuer = await Issuer.start();
    await issuer.down();
    const { mcp, ask, log, calls } = await guarded(issuer.auth());
    const token = await issuer.token();
    await vi.waitFor(() => expect(log.of('warn', 'the keys of the issuer cannot be had')).toHaveLength(1));
    const answers = await Promise.all(Array.from({ length: 20 }, () => mcp(token)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, code: 'ISSUER_UNAVAILABLE' });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(answer.headers['www-authenticate']).toBeUndefined();
    }
    expect(log.of('warn', 'the keys of the issuer cannot be had')).toEqual([
      expect.objectContaining({ issuer: issuer.url, usesOldKeys: false }),
    ]);
    expect((await ask('/readyz')).status).toBe(200);
    expect(calls()).toBe(0);
  });

  it('does not matter to who has no token at all [R38]', async () => {
    const issuer = await Issuer.start();
    await issuer.down();
    const { ask } = await guarded(issuer.auth());
    expect(await ask('/mcp', 'POST')).toMatchObject({ status: 401, code: 'TOKEN_REQUIRED' });
  });
});

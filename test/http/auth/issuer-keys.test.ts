import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fetchKeys } from '../../../src/http/auth/fetch-keys.js';
import type { KeySource } from '../../../src/http/auth/fetch-keys.js';
import { IssuerKeys, KEY_LIMITS } from '../../../src/http/auth/issuer-keys.js';
import type { KeyLimits } from '../../../src/http/auth/issuer-keys.js';
import { judgeOidcToken } from '../../../src/http/auth/oidc-token.js';
import { Logged } from './guarded.js';
import { AUDIENCE, Issuer, keyPair } from './issuer.js';
import type { Made } from './issuer.js';

const AWAY = 'the keys of the issuer cannot be had';

/** The keys of an issuer by a clock that stands still. */
async function keysOf(source: Partial<KeySource> = {}, limits: Partial<KeyLimits> = {}) {
  const issuer = await Issuer.start();
  const log = new Logged();
  const clock = { ms: 1_000_000 };
  const whole = { ...KEY_LIMITS, ...limits };
  const keys = new IssuerKeys({ ...issuer.auth(), ...source }, log, whole, () => clock.ms);
  const expected = { issuer: issuer.url, audience: AUDIENCE, scopes: [] };
  const judge = async (made: Made = {}) => {
    const verdict = await judgeOidcToken(await issuer.token(made), expected, keys);
    return verdict.kind === 'admitted' ? 'OK' : verdict.code;
  };
  const fetched = () => issuer.asked.filter((path) => path === '/realm/keys').length;
  return { issuer, log, clock, keys, judge, fetched };
}

describe('keys', () => {
  it('are fetched once for all who wait for the first [R38]', async () => {
    const { keys, judge, fetched } = await keysOf();
    keys.prepare();
    expect(await Promise.all(Array.from({ length: 20 }, () => judge()))).toEqual(Array(20).fill('OK'));
    expect(fetched()).toBe(1);
  });

  it('of a new name are fetched when the ones there are no longer quite new [R38]', async () => {
    const { issuer, clock, judge, fetched } = await keysOf();
    expect(await judge()).toBe('OK');
    const second = await keyPair('second');
    issuer.keys = [second];
    clock.ms += KEY_LIMITS.cooldownMs - 1;
    expect(await judge({ key: second })).toBe('INVALID_TOKEN');
    expect(fetched()).toBe(1);
    clock.ms += 1;
    expect(await judge({ key: second })).toBe('OK');
    expect(await judge()).toBe('INVALID_TOKEN');
    expect(fetched()).toBe(2);
  });

  it('that nobody has are not asked for again and again [R38] [R36]', async () => {
    const { clock, judge, fetched } = await keysOf();
    const unknown = await keyPair('unknown');
    await judge();
    clock.ms += KEY_LIMITS.cooldownMs;
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => judge({ key: unknown })));
    expect(new Set(verdicts)).toEqual(new Set(['INVALID_TOKEN']));
    expect(fetched()).toBe(2);
  });

  it('are not asked for anew by a token that names none of several [R38]', async () => {
    const { issuer, clock, judge, fetched } = await keysOf();
    issuer.keys = [issuer.key, await keyPair('second')];
    await judge();
    clock.ms += KEY_LIMITS.cooldownMs;
    expect(await judge({ header: { kid: undefined } })).toBe('INVALID_TOKEN');
    expect(fetched()).toBe(1);
  });

  it('are renewed beside the requests, which do not wait for it [R38]', async () => {
    const { issuer, clock, judge, fetched } = await keysOf();
    await judge();
    const held: ServerResponse[] = [];
    issuer.instead.set('/realm/keys', (_, response) => held.push(response));
    clock.ms += KEY_LIMITS.refreshMs - 1;
    await judge();
    expect(fetched()).toBe(1);
    clock.ms += 1;
    expect(await judge()).toBe('OK');
    await vi.waitFor(() => expect(held).toHaveLength(1));
    expect(await judge()).toBe('OK');
    expect(fetched()).toBe(2);
    held[0]?.end('{"keys":[]}');
    await vi.waitFor(async () => expect(await judge()).toBe('INVALID_TOKEN'));
  });

  it('go on being used for an hour while the issuer is away, and then no more [R38]', async () => {
    const { issuer, clock, log, judge } = await keysOf();
    await judge();
    await issuer.down();
    clock.ms += KEY_LIMITS.maxAgeMs - 1;
    expect(await judge()).toBe('OK');
    await vi.waitFor(() =>
      expect(log.of('warn', AWAY)).toEqual([expect.objectContaining({ usesOldKeys: true })]),
    );
    clock.ms += 1;
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    await issuer.up();
    clock.ms += KEY_LIMITS.retryMs;
    expect(await judge()).toBe('OK');
  });

  it('of a name that is not known cannot be judged while the issuer is away [R38]', async () => {
    const { issuer, clock, judge } = await keysOf();
    await judge();
    await issuer.down();
    clock.ms += KEY_LIMITS.cooldownMs;
    expect(await judge({ key: await keyPair('unknown') })).toBe('ISSUER_UNAVAILABLE');
    expect(await judge()).toBe('OK');
  });

  it('of an issuer that does not answer are asked for again after a while, and no sooner [R38]', async () => {
    const { issuer, clock, log, judge, fetched } = await keysOf();
    issuer.instead.set('/realm/keys', (_, response) => response.writeHead(500).end());
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    const asked = issuer.asked.length;
    issuer.instead.clear();
    clock.ms += KEY_LIMITS.retryMs - 1;
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    expect(issuer.asked).toHaveLength(asked);
    clock.ms += 1;
    expect(await judge()).toBe('OK');
    clock.ms += KEY_LIMITS.refreshMs;
    await judge();
    await vi.waitFor(() => expect(fetched()).toBe(3));
    expect(await judge({ key: await keyPair('unknown') })).toBe('INVALID_TOKEN');
    expect(log.of('info', 'the keys of the issuer are there again')).toEqual([{ issuer: issuer.url }]);
  });

  it('that cannot be had for long are warned of once a minute [R38]', async () => {
    const { issuer, clock, log, judge } = await keysOf();
    await issuer.down();
    for (let count = 0; count < 5; count += 1) {
      expect(await judge()).toBe('ISSUER_UNAVAILABLE');
      clock.ms += KEY_LIMITS.retryMs;
    }
    expect(log.of('warn', AWAY)).toHaveLength(1);
  });
});

describe('what an issuer says', () => {
  it('is told by when to come again [R38]', async () => {
    const { issuer, clock, keys } = await keysOf();
    await issuer.down();
    const find = () => keys.find({ alg: 'ES256' }, { payload: '', signature: '' });
    await expect(find()).rejects.toMatchObject({ retryAfterMs: 5000 });
    clock.ms += 3500;
    await expect(find()).rejects.toMatchObject({ retryAfterMs: 1500 });
  });

  it.each([
    ['{"keys":{}}'],
    ['{"keys":[1]}'],
    ['{}'],
    ['[]'],
    ['null'],
    ['"keys"'],
    ['{"keys":['],
    ['<html>'],
    [''],
  ])('about its keys may be %s, and that is as if it said nothing [R38] [R36]', async (said) => {
    const { issuer, judge } = await keysOf();
    issuer.instead.set('/realm/keys', (_, response) => response.end(said));
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
  });

  it.each([
    [[{ kty: 'EC', kid: 'first', alg: 'ES256', crv: 'P-256', x: 'AA', y: 'AA' }]],
    [[{ kty: 'EC', kid: 'first' }]],
    [[{ kid: 'first' }]],
    [[{ kty: 7, kid: 'first', __proto__: null }]],
    [[]],
  ])('with keys that are none (%j) lets nobody in [R38] [R36]', async (keys) => {
    const { issuer, judge } = await keysOf();
    issuer.instead.set('/realm/keys', (_, response) => response.end(JSON.stringify({ keys })));
    expect(await judge()).toBe('INVALID_TOKEN');
  });

  it.each([
    [{ issuer: 'https://evil.example' }],
    [{ issuer: undefined }],
    [{ jwks_uri: undefined }],
    [{ jwks_uri: 7 }],
    [{ jwks_uri: 'http://evil.example/keys' }],
    [{ jwks_uri: 'file:///etc/passwd' }],
    [{ jwks_uri: '/realm/keys' }],
  ])('about itself is not believed with %j [R38]', async (document) => {
    const { issuer, judge, fetched } = await keysOf();
    issuer.document = document;
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    expect(fetched()).toBe(0);
  });

  it.each(['/realm/.well-known/openid-configuration', '/realm/keys'])(
    'at %s may not be elsewhere [R38]',
    async (path) => {
      const { issuer, judge } = await keysOf();
      issuer.instead.set(path, (_, response) =>
        response.writeHead(302, { Location: `${issuer.url}/elsewhere` }).end(),
      );
      expect(await judge()).toBe('ISSUER_UNAVAILABLE');
      expect(issuer.asked).not.toContain('/realm/elsewhere');
    },
  );

  it.each([
    ['nothing at all', () => undefined],
    ['half of it', (_: unknown, response: ServerResponse) => response.write('{"keys":[')],
  ])('and never ends is waited for no longer than the limit: %s [R38] [R36]', async (_, hang) => {
    const { issuer, judge } = await keysOf({}, { fetchMs: 200 });
    issuer.instead.set('/realm/keys', hang);
    const before = performance.now();
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('may be as large as the limit, and not larger [R38] [R36]', async () => {
    const maxBytes = 5000;
    const { issuer, judge, clock } = await keysOf({}, { maxBytes });
    const text = JSON.stringify({ keys: [issuer.key.publicJwk] });
    const of = (size: number) => text + ' '.repeat(size - text.length);
    issuer.instead.set('/realm/keys', (_, response) => response.end(of(maxBytes + 1)));
    expect(await judge()).toBe('ISSUER_UNAVAILABLE');
    issuer.instead.set('/realm/keys', (_, response) => response.end(of(maxBytes)));
    clock.ms += KEY_LIMITS.retryMs;
    expect(await judge()).toBe('OK');
  });
});

describe('an issuer behind TLS', () => {
  const issuer = 'https://id.example';

  /** What is asked for when it names this place for its keys. */
  async function askedFor(jwks_uri: string, insecureAllowHttp = false) {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(url);
      return Promise.resolve(
        Response.json(url.endsWith('-configuration') ? { issuer, jwks_uri } : { keys: [] }),
      );
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const limits = { fetchMs: 1000, maxBytes: 1000 };
    await fetchKeys({ issuer, jwksUrl: undefined, insecureAllowHttp }, limits).catch(() => undefined);
    return asked;
  }

  it.each(['http://127.0.0.1/k', 'HTTP://localhost/k', 'http://id.example/k', 'https://u:p@id.example/k'])(
    'cannot send us to %s, whatever is allowed [R38]',
    async (uri) => {
      expect(await askedFor(uri)).toHaveLength(1);
      expect(await askedFor(uri, true)).toHaveLength(1);
    },
  );

  it('may have its keys elsewhere behind TLS [R38]', async () => {
    expect(await askedFor('https://keys.example/k')).toEqual([
      'https://id.example/.well-known/openid-configuration',
      'https://keys.example/k',
    ]);
  });
});

describe('the times of a token', () => {
  it.each([
    [{ exp: 1000 }, 1029.9, 'OK'],
    [{ exp: 1000 }, 1030, 'INVALID_TOKEN'],
    [{ exp: 9000, nbf: 1000 }, 969.9, 'INVALID_TOKEN'],
    [{ exp: 9000, nbf: 1000 }, 970, 'OK'],
  ])('%j at %d s: %s [R38]', async (claims, seconds, expected) => {
    const { issuer, keys } = await keysOf();
    const expectations = { issuer: issuer.url, audience: AUDIENCE, scopes: [] };
    const token = await issuer.token({ claims });
    const verdict = await judgeOidcToken(token, expectations, keys, () => seconds * 1000);
    expect(verdict.kind === 'admitted' ? 'OK' : verdict.code).toBe(expected);
  });

  it('say when what it opened must end, tolerance included [R38]', async () => {
    const { issuer, keys } = await keysOf();
    const expectations = { issuer: issuer.url, audience: AUDIENCE, scopes: [] };
    const token = await issuer.token({ claims: { exp: 1000 } });
    expect(await judgeOidcToken(token, expectations, keys, () => 990_000)).toEqual({
      kind: 'admitted',
      principal: JSON.stringify([issuer.url, 'alice']),
      expiresInMs: 40_000,
    });
  });
});

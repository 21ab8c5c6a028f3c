import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { load, noticesOf, problem, refusal, sample } from './sample.js';

const incoming = (text: string) => sample({ incomingAuth: `incomingAuth: ${text}` });
const bearer = incoming('{type: bearer, bearer: {tokenEnv: BREAKWATER_TOKEN}}');
const oidc = (rest = '') =>
  incoming(`{type: oidc, oidc: {issuer: "https://id.example", audience: a${rest}}}`);
const TOKEN = 'hush-hush';

describe('incomingAuth.type: bearer', () => {
  it('takes the token from the variable it names, and does not show it [R28] [R30]', () => {
    const { incomingAuth } = load(bearer, { env: { BREAKWATER_TOKEN: TOKEN } });
    expect(incomingAuth).toMatchObject({ type: 'bearer', tokenEnv: 'BREAKWATER_TOKEN', token: TOKEN });
    expect(JSON.stringify(incomingAuth) + inspect(incomingAuth)).not.toContain(TOKEN);
  });

  it.each([
    [{}, 'not set or empty'],
    [{ BREAKWATER_TOKEN: '' }, 'not set or empty'],
    [{ BREAKWATER_TOKEN: `${TOKEN}\n` }, 'holds characters that a bearer token cannot have'],
    [{ BREAKWATER_TOKEN: 'hush hush' }, 'holds characters that a bearer token cannot have'],
    [{ BREAKWATER_TOKEN: 'hushhus' }, 'is too short for a token: at least 8 characters'],
  ])('with %j it is refused at its key and line [R29] [R38]', (env, wrong) => {
    const error = refusal(bearer, { env });
    expect(error.code).toBe('CONFIG_PROCESS');
    expect(error.problems).toEqual([
      expect.objectContaining({
        key: 'incomingAuth.bearer.tokenEnv',
        line: 3,
        message: `environment variable BREAKWATER_TOKEN ${wrong}`,
      }),
    ]);
    expect(error.message).not.toContain('hush');
  });

  it('a token of exactly 8 characters is long enough [R38]', () => {
    expect(load(bearer, { env: { BREAKWATER_TOKEN: '12345678' } }).incomingAuth.type).toBe('bearer');
  });

  it('a variable that every object has is none [R38]', () => {
    const text = incoming('{type: bearer, bearer: {tokenEnv: toString}}');
    expect(problem(text).message).toBe('environment variable toString not set or empty');
  });

  it.each([
    ['{type: bearer}', 'bearer'],
    ['{type: bearer, bearer: {}}', 'bearer.tokenEnv'],
    ['{type: bearer, bearer: {tokenEnv: ""}}', 'bearer.tokenEnv'],
  ])('%s is refused: %s is required [R28]', (text, key) => {
    expect(problem(incoming(text))).toMatchObject({
      key: `incomingAuth.${key}`,
      line: 3,
      message: `incomingAuth.${key} is required when type is 'bearer'`,
    });
  });

  it('a misspelt type has the nearest suggested [R27]', () => {
    expect(problem(incoming('{type: Bearer}')).suggestion).toBe('bearer');
  });
});

describe('incomingAuth.type: oidc', () => {
  it('is read whole, and nothing of it refuses to start [R27] [R29]', () => {
    const config = load(
      oidc(', resource: "https://gw.example/mcp", jwksUrl: "https://id.example/keys", scopes: [a, b]'),
    );
    expect(config.incomingAuth).toEqual({
      type: 'oidc',
      issuer: 'https://id.example',
      audience: 'a',
      resource: 'https://gw.example/mcp',
      jwksUrl: 'https://id.example/keys',
      scopes: ['a', 'b'],
      insecureAllowHttp: false,
    });
    expect(config.notices.filter(({ key }) => key.startsWith('incomingAuth'))).toEqual([]);
  });

  it('needs no more than issuer and audience; empty texts are none [R27]', () => {
    expect(load(oidc(', resource: "", jwksUrl: ""')).incomingAuth).toEqual({
      type: 'oidc',
      issuer: 'https://id.example',
      audience: 'a',
      resource: undefined,
      jwksUrl: undefined,
      scopes: [],
      insecureAllowHttp: false,
    });
  });

  it.each(['http://localhost:8080/realm', 'http://127.0.0.1', 'http://[::1]:1/', 'https://id.example/x/'])(
    'the issuer may be %s [R38]',
    (issuer) => {
      const text = incoming(`{type: oidc, oidc: {issuer: "${issuer}", audience: a}}`);
      expect(load(text).incomingAuth).toMatchObject({ issuer });
    },
  );

  const SECURE = 'must be an https address, or on this machine; insecureAllowHttp allows http elsewhere';
  it.each([
    ['issuer', 'http://id.example', SECURE],
    ['issuer', 'http://localhost.evil.example', SECURE],
    ['issuer', 'http://127.0.0.1.evil.example', SECURE],
    ['issuer', 'ftp://localhost', SECURE],
    ['issuer', 'id.example', SECURE],
    ['issuer', 'https://user:pass@id.example', SECURE],
    ['issuer', 'https://id.example?realm=a', 'must not have a query or a fragment'],
    ['issuer', 'https://id.example#a', 'must not have a query or a fragment'],
    ['jwksUrl', 'http://id.example/keys', SECURE],
    ['resource', 'urn:mcp', 'must be the http or https address of /mcp as clients see it, without fragment'],
    [
      'resource',
      'https://gw.example/mcp#a',
      'must be the http or https address of /mcp as clients see it, without fragment',
    ],
  ])('%s may not be %s [R38]', (key, value, message) => {
    const urls = { issuer: 'https://id.example', [key]: value };
    const text = `incomingAuth: ${JSON.stringify({ type: 'oidc', oidc: { ...urls, audience: 'a' } })}`;
    expect(problem(sample({ incomingAuth: text }))).toMatchObject({
      key: `incomingAuth.oidc.${key}`,
      line: 3,
      message: `incomingAuth.oidc.${key} ${message}`,
    });
  });

  it('insecureAllowHttp allows http from elsewhere, with a warning [R29] [R38]', () => {
    const text = incoming(
      '{type: oidc, oidc: {issuer: "http://id.example", jwksUrl: "http://localhost/k", audience: a, insecureAllowHttp: true}}',
    );
    const config = load(text);
    expect(config.incomingAuth).toMatchObject({ insecureAllowHttp: true });
    expect(noticesOf(config, 'incomingAuth.oidc.issuer')).toEqual([expect.stringContaining('without TLS')]);
    expect(noticesOf(config, 'incomingAuth.oidc.jwksUrl')).toEqual([]);
  });

  it.each(['"a b"', "'a\"b'", '"a\\\\b"', '""', '"ü"'])('%s is not one scope [R38]', (scope) => {
    expect(problem(oidc(`, scopes: [ok, ${scope}]`))).toMatchObject({ key: 'incomingAuth.oidc.scopes[1]' });
  });

  it.each([
    ['clientId: x', 'clientId'],
    ['clientSecretEnv: NOT_SET', 'clientSecretEnv'],
    ['introspectionUrl: "https://id.example/i"', 'introspectionUrl'],
    ['caBundlePath: /ca.pem', 'caBundlePath'],
    ['jwksAllowPrivateIp: false', 'jwksAllowPrivateIp'],
    ['protectedResourceAllowPrivateIp: false', 'protectedResourceAllowPrivateIp'],
  ])('%s is left out with a word, which lets nobody in [R29]', (line, key) => {
    const { notices } = load(oidc(`, ${line}`));
    expect(notices.filter((notice) => notice.key === `incomingAuth.oidc.${key}`)).toEqual([
      expect.objectContaining({ severity: 'ignored', line: 3 }),
    ]);
    expect(notices.filter(({ severity }) => severity === 'refuses')).toEqual([]);
  });

  it('what is allowed anyway needs no word [R29]', () => {
    const { notices } = load(oidc(', jwksAllowPrivateIp: true, protectedResourceAllowPrivateIp: true'));
    expect(notices.filter(({ key }) => key.startsWith('incomingAuth'))).toEqual([]);
  });
});

describe('settings of another type', () => {
  it.each([
    ['{type: anonymous, bearer: {tokenEnv: X}}', 'bearer', 'anonymous'],
    ['{type: anonymous, oidc: {issuer: i, audience: a}}', 'oidc', 'anonymous'],
    ['{type: oidc, oidc: {issuer: "https://i", audience: a}, bearer: {tokenEnv: X}}', 'bearer', 'oidc'],
    ['{type: bearer, bearer: {tokenEnv: X}, oidc: {issuer: i, audience: a}}', 'oidc', 'bearer'],
  ])('of %s: %s is not used [R29]', (text, block, type) => {
    const config = load(incoming(text), { env: { X: TOKEN } });
    expect(config.incomingAuth.type).toBe(type);
    expect(noticesOf(config, `incomingAuth.${block}`)).toEqual([
      `not used while incomingAuth.type is ${type}`,
    ]);
  });
});

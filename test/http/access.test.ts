import { describe, expect, test } from 'vitest';
import { judgeAccess, parseAuthority, parseOrigin } from '../../src/http/access.js';

const rules = {
  boundHost: '127.0.0.1',
  port: 4483,
  allowedHosts: ['mcp.example.com', 'inner.example.com:8443'],
  allowedOrigins: ['https://tools.example.com'],
};
const verdict = (hosts: string[], origins: string[] = []): string =>
  judgeAccess({ hosts, origins }, rules)?.code ?? 'allowed';

describe('the Host header', () => {
  const allowed = [
    '127.0.0.1:4483',
    'localhost:4483',
    'LocalHost:4483',
    '[::1]:4483',
    'mcp.example.com',
    'mcp.example.com:9',
    'inner.example.com:8443',
  ];
  test.each(allowed)('%s is let in [R38]', (host) => expect(verdict([host])).toBe('allowed'));

  const foreign = [
    'evil.example',
    'evil.example:4483',
    'EVIL.example:4483',
    'localhost.evil.example:4483',
    'localhost.:4483',
    'localhost:4484',
    'localhost',
    '127.0.0.1:80',
    '127.0.0.2:4483',
    '0.0.0.0:4483',
    '192.168.1.7:4483',
    '2130706433:4483',
    '0x7f.1:4483',
    '[::ffff:127.0.0.1]:4483',
    '::1:4483',
    '[::1%25lo]:4483',
    'inner.example.com',
    'inner.example.com:8444',
    'user@localhost:4483',
    'localhost:4483/x',
    'localhost:4483,evil.example',
    'localhost:99999',
    'localhost:',
    ' ',
    '',
  ];
  test.each(foreign)('"%s" is turned away [R38]', (host) => expect(verdict([host])).toBe('HOST_NOT_ALLOWED'));

  test('none, or more than one, is turned away [R38]', () => {
    expect(verdict([])).toBe('HOST_NOT_ALLOWED');
    expect(verdict(['localhost:4483', 'evil.example'])).toBe('HOST_NOT_ALLOWED');
  });

  test('the port may be left out only where it is the default of http [R38]', () => {
    const claims = { hosts: ['localhost'], origins: [] };
    expect(judgeAccess(claims, { ...rules, port: 80 })).toBeUndefined();
  });

  test.each([
    ['192.168.1.7', '192.168.1.7:4483'],
    ['::', '[::]:4483'],
    ['gateway.lan', 'gateway.lan:4483'],
  ])('bound to %s, that name is let in too [R38]', (boundHost, host) => {
    expect(judgeAccess({ hosts: [host], origins: [] }, { ...rules, boundHost })).toBeUndefined();
  });
});

describe('the Origin header', () => {
  const allowed = [
    'http://localhost:6274',
    'https://localhost',
    'http://127.0.0.1:4483',
    'http://[::1]:3000',
    'https://tools.example.com',
    'https://mcp.example.com',
    'https://inner.example.com:8443',
  ];
  test.each(allowed)('%s is let in [R38]', (origin) =>
    expect(verdict(['localhost:4483'], [origin])).toBe('allowed'),
  );

  const foreign = [
    'null',
    '',
    'https://evil.example',
    'http://tools.example.com',
    'https://tools.example.com:8443',
    'https://tools.example.com.evil.example',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'https://inner.example.com',
    'chrome-extension://abcdef',
    'file://',
    'http://evil.example/http://localhost',
  ];
  test.each(foreign)('"%s" is turned away [R38]', (origin) =>
    expect(verdict(['localhost:4483'], [origin])).toBe('ORIGIN_NOT_ALLOWED'),
  );

  test('every one of several counts [R38]', () => {
    const origins = ['http://localhost:1', 'https://evil.example'];
    expect(verdict(['localhost:4483'], origins)).toBe('ORIGIN_NOT_ALLOWED');
  });
});

test('what is not a host or an origin is recognised before it is allowed by mistake [R38]', () => {
  expect(parseAuthority('example.com:8443')).toEqual({ host: 'example.com', port: 8443 });
  expect(parseAuthority('https://example.com')).toBeUndefined();
  expect(parseOrigin('https://example.com/')).toBe('https://example.com');
  expect(parseOrigin('https://example.com/path')).toBeUndefined();
  expect(parseOrigin('example.com')).toBeUndefined();
});

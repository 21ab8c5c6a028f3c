import { describe, expect, it } from 'vitest';
import { createRedaction } from '../../src/logging/redaction.js';

const SECRET = 'hush-hush';
const { text, fields } = createRedaction([SECRET, 'Bearer hush-hush-hush', 'short', 'a"b\\c/ü&d']);

describe('secrets by key', () => {
  it.each([
    ...['Authorization', 'proxy-authorization', 'Cookie', 'set-cookie', 'token', 'accessToken', 'API_KEY'],
    ...['x-api-key', 'apikey', 'password', 'passwd', 'clientSecret', 'credentials', 'private_key'],
  ])('the value of %s is not written, at any depth, in lists and errors [R30]', (key) => {
    const error = Object.assign(new Error('x', { cause: { [key]: 'abc' } }), { [key]: 'abc' });
    const safe = fields({ [key]: 'abc', a: { b: [{ [key]: { deep: 'abc' } }] }, error });
    expect(JSON.stringify(safe)).not.toContain('abc');
    expect(safe).toMatchObject({ [key]: '[redacted]', a: { b: [{ [key]: '[redacted]' }] } });
  });

  it('what only looks like it from afar is written [R30]', () => {
    const innocent = { backend: 'one', tool: 'keyboard', count: 3, isOpen: false, nothing: null };
    expect(fields(innocent)).toEqual(innocent);
  });
});

describe('secrets by value', () => {
  it('are taken out of texts, keys, lists, messages, stacks and causes [R30]', () => {
    const error = new Error(`no entry with ${SECRET}`, { cause: new Error(`because of ${SECRET}`) });
    const safe = fields({ a: `x${SECRET}y`, list: [SECRET, [SECRET]], [`key ${SECRET}`]: 1, error });
    expect(JSON.stringify(safe)).not.toContain('hush');
    expect(safe).toMatchObject({
      a: 'x[redacted]y',
      list: ['[redacted]', ['[redacted]']],
      'key [redacted]': 1,
      error: {
        type: 'Error',
        message: 'no entry with [redacted]',
        stack: expect.stringMatching(/^Error: no entry with \[redacted\]\n +at /) as string,
        cause: { message: 'because of [redacted]' },
      },
    });
  });

  it('the longer of two goes as a whole [R30]', () => {
    expect(text('Bearer hush-hush-hush')).toBe('[redacted]');
  });

  it('are found inside JSON and inside an address as well [R30]', () => {
    expect(text(JSON.stringify({ value: 'a"b\\c/ü&d' }))).toBe('{"value":"[redacted]"}');
    expect(text(`http://x/${encodeURIComponent('a"b\\c/ü&d')}/y`)).toBe('http://x/[redacted]/y');
  });

  it('under six characters are not looked for: they would be found everywhere [R30]', () => {
    expect(text('a short text')).toBe('a short text');
    expect(createRedaction(['123456']).text('x123456')).toBe('x[redacted]');
    expect(createRedaction(['']).text('abc')).toBe('abc');
  });

  it('a lone surrogate in a secret does no harm [R30]', () => {
    expect(createRedaction(['secret\ud800']).text('a secret\ud800')).toBe('a [redacted]');
  });
});

describe('addresses', () => {
  it.each([
    ['http://u:p@host/x', 'http://host/x'],
    ['http://u:p@ss@host/x', 'http://host/x'],
    ['HTTPS://U@host:1/x?key=abc&b=c', 'HTTPS://host:1/x?[redacted]'],
    ['http://host/x#access_token=abc', 'http://host/x#[redacted]'],
    ['http://host/?a=b#c', 'http://host/?[redacted]#[redacted]'],
    ['see http://host/a?b, or <ws://u:p@h/>', 'see http://host/a?[redacted] or <ws://h/>'],
    ['postgres://u:p@h/db', 'postgres://h/db'],
    ['a mail to me@example.org: ok? yes', 'a mail to me@example.org: ok? yes'],
    ['http://host/plain', 'http://host/plain'],
  ])('%s is written as %s [R30]', (address, safe) => {
    expect(text(address)).toBe(safe);
    expect(fields({ url: [address] })).toEqual({ url: [safe] });
  });

  it('a password is not shown by the cut through it [R30]', () => {
    expect(text(`${'x'.repeat(8180)}http://u:password@host/`)).not.toContain('u:');
    expect(text(`${'x'.repeat(8185)}${SECRET}`)).not.toContain('hush');
  });
});

describe('the bounds of a line', () => {
  const size = (value: object): number => JSON.stringify(fields(value)).length;

  it('a text is cut after 8192 characters, and says by how much [R36]', () => {
    expect(text('x'.repeat(8192))).toHaveLength(8192);
    expect(text('x'.repeat(8193))).toBe(`${'x'.repeat(8192)}… (1 more)`);
  });

  it.each<[name: string, value: () => object]>([
    [
      'many keys',
      () => Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 'v'.repeat(100)])),
    ],
    [
      'long keys',
      () => Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${'k'.repeat(9000)}${index}`, 1])),
    ],
    ['long texts', () => ({ list: Array.from({ length: 300 }, () => 'x'.repeat(9000)) })],
    ['long lists of lists', () => Array.from({ length: 1000 }, () => Array.from({ length: 1000 }, () => 1))],
    ['wide and deep', () => wide(6)],
    ['bytes', () => ({ bytes: new Uint8Array(1_000_000) })],
    ['an error with a long message', () => ({ error: new Error('x'.repeat(1_000_000)) })],
  ])('%s come to 64 KiB at most [R36]', (_, value) => {
    expect(size(value())).toBeLessThan(64 * 1024);
  });

  it('what is deeper than six levels, and what contains itself, is cut [R36]', () => {
    const deep = { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } };
    expect(JSON.stringify(fields(deep))).toContain('"[cut]"');
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    expect(size(circle)).toBeLessThan(1000);
    const error = new Error('round');
    error.cause = error;
    expect(size({ error })).toBeLessThan(64 * 1024);
  });

  it('what JSON has no word for is written all the same [R40]', () => {
    expect(fields({ big: 10n, at: new Date(0), none: undefined, bytes: Buffer.from('abc') })).toEqual({
      big: '10',
      at: new Date(0),
      none: undefined,
      bytes: '[3 bytes]',
    });
  });

  it('no text is slow to look through, whatever it is made of [R35]', () => {
    for (const hostile of ['a-', 'a.', 'a:/', 'a://', 'http://a@', '://', 'a+b.c-', '?', '#', 'a://b?c#']) {
      const started = cpuMs();
      text(hostile.repeat(100_000 / hostile.length));
      expect(cpuMs() - started, JSON.stringify(hostile)).toBeLessThan(250);
    }
  });
});

/** Not the time: the machine may be busy with others. */
const cpuMs = () => process.cpuUsage().user / 1000;

function wide(depth: number): object {
  return Object.fromEntries(
    Array.from({ length: 5 }, (_, index) => [`k${index}`, depth === 0 ? 'leaf' : wide(depth - 1)]),
  );
}

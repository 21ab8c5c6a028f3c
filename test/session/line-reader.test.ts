import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/session/line-reader.js';

/** Reads pieces with a limit; a cut line carries a `…`. */
function read(maxBytes: number, pieces: readonly (string | Buffer)[], onOverlong: 'cut' | 'stop' = 'cut') {
  const lines: string[] = [];
  let overlong = 0;
  const reader = new LineReader(
    maxBytes,
    (line, cut) => lines.push(cut ? `${line}…` : line),
    () => {
      overlong += 1;
      return onOverlong;
    },
  );
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return { lines, reader, overlong: () => overlong };
}

describe('lines', () => {
  it('are the same however the bytes are cut into pieces [R36]', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'ü', '€', '😀', '{', ' '), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), fc.constantFrom('\n', '\r\n'), (texts, cuts, end) => {
        const bytes = Buffer.from(texts.map((text) => text + end).join(''));
        const pieces: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          pieces.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        expect(read(1_000, [...pieces, bytes.subarray(from)]).lines).toEqual(texts);
      }),
    );
  });

  it('arrive when they end, not before [R36]', () => {
    const { lines, reader } = read(10, ['one\ntw']);
    expect(lines).toEqual(['one']);
    reader.flush();
    expect(lines).toEqual(['one', 'tw']);
    reader.flush();
    expect(lines).toEqual(['one', 'tw']);
  });

  it('may be empty, and lose one \\r only [R36]', () => {
    expect(read(10, ['\n\r\n\r\r\na\rb\n']).lines).toEqual(['', '', '\r', 'a\rb']);
  });

  it('with bytes that are no UTF-8 show replacement characters [R36]', () => {
    expect(read(10, [Buffer.of(0x61, 0xff, 0x62, 0x0a)]).lines).toEqual(['a\uFFFDb']);
  });
});

describe('the limit', () => {
  it.each([
    ['at the limit', 'xxxxx\n', ['xxxxx'], 0],
    ['one over it', 'xxxxxy\n', ['xxxxx…'], 1],
    ['at the limit with its \\r', 'xxxx\r\n', ['xxxx'], 0],
    ['far over it', `${'x'.repeat(100_000)}\nnext\n`, ['xxxxx…', 'next'], 1],
  ])('cuts a line that is over it, once: %s [R36]', (_, text, lines, overlong) => {
    for (const pieces of [[text], Array.from(text)]) {
      const seen = read(5, pieces);
      expect(seen.lines).toEqual(lines);
      expect(seen.overlong()).toBe(overlong);
    }
  });

  it('can end the reading for good, at once and without the line [R36]', () => {
    const { lines, reader, overlong } = read(5, ['one\n', 'xxxxxx'], 'stop');
    reader.push(Buffer.from('\nmore\n'));
    reader.flush();
    expect(lines).toEqual(['one']);
    expect(overlong()).toBe(1);
  });

  it('a line without end costs time in proportion to what is kept [R36]', () => {
    const { reader, lines, overlong } = read(1_000, []);
    const piece = Buffer.alloc(65_536, 'x');
    for (let index = 0; index < 10_000; index += 1) reader.push(piece);
    reader.flush();
    expect(lines).toEqual([`${'x'.repeat(1_000)}…`]);
    expect(overlong()).toBe(1);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationFromMs, durationMs, formatDuration, parseDuration } from '../../src/config/duration.js';

describe('a duration', () => {
  it.each([
    ['0', 0n],
    ['+0', 0n],
    ['30s', 30_000_000_000n],
    ['1m30s', 90_000_000_000n],
    ['500ms', 500_000_000n],
    ['1h', 3_600_000_000_000n],
    ['1.5s', 1_500_000_000n],
    ['.5s', 500_000_000n],
    ['5.s', 5_000_000_000n],
    ['-1s', -1_000_000_000n],
    ['1ns', 1n],
    ['2us', 2_000n],
    ['2µs', 2_000n],
    ['2μs', 2_000n],
    ['1h1m1s1ms1us1ns', 3_661_001_001_001n],
    ['0.3333333333333333333h', 1_200_000_000_000n],
    ['9007199254740993ns', 9_007_199_254_740_993n],
    ['9223372036854775807ns', (1n << 63n) - 1n],
    ['-9223372036854775808ns', -(1n << 63n)],
    ['0.9223372036854775807h', 3_320_413_933_267n],
    ['0.100000000000000000000h', 360_000_000_000n],
  ])('%s is read as Go reads it [R27]', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  it.each([
    ['', 'time: invalid duration ""'],
    ['3', 'time: missing unit in duration "3"'],
    ['30', 'time: missing unit in duration "30"'],
    ['-', 'time: invalid duration "-"'],
    ['s', 'time: invalid duration "s"'],
    ['.', 'time: invalid duration "."'],
    ['.s', 'time: invalid duration ".s"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1 s', 'time: unknown unit " s" in duration "1 s"'],
    ['1S', 'time: unknown unit "S" in duration "1S"'],
    ['\u00851s', 'time: invalid duration "\\xc2\\x851s"'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['Infinity', 'time: invalid duration "Infinity"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
  ])('%j is refused with what Go says [R27]', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  it.each([
    [0n, '0s'],
    [1n, '1ns'],
    [1_100n, '1.1µs'],
    [2_200_000n, '2.2ms'],
    [500_000_000n, '500ms'],
    [3_300_000_000n, '3.3s'],
    [60_000_000_000n, '1m0s'],
    [90_000_000_000n, '1m30s'],
    [245_001_000_000n, '4m5.001s'],
    [7_200_000_000_000n, '2h0m0s'],
    [-1_000_000_000n, '-1s'],
    [-(1n << 63n), '-2562047h47m16.854775808s'],
  ])('%d ns is printed as %s [R27]', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });

  it('what is printed is read back as the same [R27]', () => {
    const any = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
    fc.assert(fc.property(any, (value) => parseDuration(formatDuration(value)) === value));
  });

  it('reading never ends in anything but a duration or its own error [R27]', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('0123456789.+-nuµmsh d')) });
    fc.assert(
      fc.property(text, (written) => {
        try {
          return typeof parseDuration(written) === 'bigint';
        } catch (error) {
          return error instanceof Error && error.message.startsWith('time: ');
        }
      }),
    );
  });

  it('milliseconds keep their fraction [R27]', () => {
    expect(durationMs(parseDuration('1.5ms'))).toBe(1.5);
    expect(durationFromMs(1.5)).toBe(1_500_000n);
  });
});

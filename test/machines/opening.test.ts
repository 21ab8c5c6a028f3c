import { describe, expect, it } from 'vitest';
import { opening } from '../../machines/opening.js';

const circuit = { failureThreshold: 3, openMs: 1000, successThreshold: 1, maxProbes: 1, probeLimitMs: 7000 };
const backoff = { multiplier: 3, maxOpenMs: 20_000, jitter: 0.5, decayMs: 1000 };
const chance = (share: number) => () => share;
const never = () => {
  throw new Error('nothing is left to chance');
};

describe('a circuit that opens', () => {
  it('is open for its open time, however often it has [R03]', () => {
    expect(opening(circuit, 0, undefined, never)).toEqual({ openForMs: 1000, openings: 0 });
    expect(opening(circuit, 5, undefined, never)).toEqual({ openForMs: 1000, openings: 5 });
  });

  it.each([
    [500, 1000],
    [1500, 1500],
    [3_600_000, 3_600_000],
    [3_600_001, 3_600_000],
    [0, 1000],
    [-5, 1000],
    [NaN, 1000],
    [Infinity, 3_600_000],
  ])('and was asked to be left alone for %d ms is open for %d [R03] [R08]', (askedMs, openForMs) => {
    expect(opening(circuit, 0, askedMs, never).openForMs).toBe(openForMs);
    expect(opening({ ...circuit, backoff }, 0, askedMs, never).openForMs).toBe(openForMs);
  });

  it('again and again is open for longer, up to the longest, and nothing is remembered beyond [R09]', () => {
    const lengths = [];
    let openings = 0;
    for (let time = 0; time < 6; time += 1) {
      const next = opening({ ...circuit, backoff }, openings, undefined, chance(0));
      lengths.push([next.openForMs, next.openings]);
      openings = next.openings;
    }
    expect(lengths).toEqual([
      [1000, 1],
      [3000, 2],
      [9000, 3],
      [20_000, 3],
      [20_000, 3],
      [20_000, 3],
    ]);
  });

  it('leaves a share of a longer time to chance, and goes never below the open time [R09]', () => {
    const half = { ...circuit, backoff };
    expect(opening(half, 0, undefined, never).openForMs).toBe(1000);
    expect(opening(half, 1, undefined, chance(0.5)).openForMs).toBe(2250);
    expect(opening(half, 3, undefined, chance(0.5)).openForMs).toBe(15_000);
    const all = { ...circuit, backoff: { ...backoff, jitter: 1 } };
    expect(opening(all, 1, undefined, chance(0.99)).openForMs).toBe(1000);
  });

  it('waits at least as long as it was asked to, beyond the longest time too [R08] [R09]', () => {
    expect(opening({ ...circuit, backoff }, 3, 30_000, chance(0)).openForMs).toBe(30_000);
    expect(opening({ ...circuit, backoff }, 3, 10_000, chance(0)).openForMs).toBe(20_000);
  });

  it('with a multiplier of one has nothing to remember [R09]', () => {
    const flat = { ...circuit, backoff: { ...backoff, multiplier: 1 } };
    expect(opening(flat, 0, undefined, never)).toEqual({ openForMs: 1000, openings: 0 });
  });
});

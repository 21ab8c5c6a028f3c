import { describe, expect, it } from 'vitest';
import { keyOf } from '../../src/config/limits.js';
import { DEFAULT_LIMITS, LIMIT_NAMES, LIMITS } from '../../src/limits.js';
import { load, problem, sample } from './sample.js';

const withLimits = (text: string) => sample({ server: `server: {limits: {${text}}}` });

describe('limits', () => {
  it('are the defaults where nothing is said [R36]', () => {
    const { limits, effectiveLimits } = load(sample());
    expect(limits).toEqual(DEFAULT_LIMITS);
    expect(effectiveLimits).toHaveLength(LIMIT_NAMES.length);
    expect(effectiveLimits.filter((limit) => 'line' in limit)).toEqual([]);
    expect(effectiveLimits).toContainEqual({ key: 'clientSessionIdle', value: '30m0s' });
    expect(effectiveLimits).toContainEqual({ key: 'maxBodyBytes', value: '4194304' });
  });

  it.each(LIMIT_NAMES)('%s can be set, and is shown with its place [R36] [R28]', (name) => {
    const text = LIMITS[name].unit === 'ms' ? '7s' : '7';
    const { limits, effectiveLimits } = load(withLimits(`${keyOf(name)}: ${text}`));
    expect(limits).toEqual({ ...DEFAULT_LIMITS, [name]: LIMITS[name].unit === 'ms' ? 7_000 : 7 });
    const shown = effectiveLimits.filter((limit) => 'line' in limit);
    expect(shown).toEqual([{ key: keyOf(name), value: text, line: expect.any(Number) as number }]);
  });

  it.each([
    ['maxBodyBytes: 0', 'maxBodyBytes', '>= 1, got 0'],
    ['maxDepth: -3', 'maxDepth', '>= 1, got -3'],
    ['maxAsk: 0s', 'maxAsk', 'positive, got 0s'],
  ])('%s is refused: it is no limit [R36] [R28]', (text, key, message) => {
    expect(problem(withLimits(text))).toMatchObject({
      key: `server.limits.${key}`,
      message: `server.limits.${key} must be ${message}`,
    });
  });

  it('one that is misspelt is refused with the nearest, and one without its unit too [R27] [R36]', () => {
    expect(problem(withLimits('maxBodyByte: 7')).suggestion).toBe('maxBodyBytes');
    expect(problem(withLimits('maxAsk: 7')).message).toContain('invalid duration');
  });
});

import { DEFAULT_LIMITS, LIMIT_NAMES, LIMITS } from '../limits.js';
import type { LimitName, Limits } from '../limits.js';
import type { Locate } from './decode.js';
import { durationFromMs, durationMs, formatDuration, type Duration } from './duration.js';
import type { Fault } from './fault.js';
import { duration, integer, section } from './leaf.js';
import type { Path } from './yaml-tree.js';

const PATH: Path = ['server', 'limits'];

/** A limit as the file writes it: durations without their unit in the name. */
export function keyOf(name: LimitName): string {
  return LIMITS[name].unit === 'ms' ? name.replace(/Ms$/, '') : name;
}

/** One of the limits in effect, as text. */
export interface EffectiveLimit {
  readonly key: string;
  readonly value: string;
  /** Of the file; absent for a default. */
  readonly line?: number;
}

export const LimitsSection = section(
  'Extension. What clients and backends may cost; the value itself passes, one more does not.',
  Object.fromEntries(
    LIMIT_NAMES.map((name) => {
      const { unit, says, default: fallback } = LIMITS[name];
      const shape =
        unit === 'ms'
          ? duration(says, { default: formatDuration(durationFromMs(fallback)) })
          : integer(unit === 'bytes' ? `${says} In bytes.` : says, { default: fallback, minimum: 1 });
      return [keyOf(name), shape.optional()];
    }),
  ),
);

type Written = Readonly<Record<string, number | Duration | undefined>>;

/** What is no limit at all. */
export function limitFaults(written: Written = {}): Fault[] {
  return LIMIT_NAMES.flatMap((name) => {
    const key = keyOf(name);
    const value = written[key];
    if (value === undefined || value > 0) return [];
    const shown = typeof value === 'bigint' ? formatDuration(value) : value;
    const least = typeof value === 'bigint' ? 'positive' : '>= 1';
    return [{ path: [...PATH, key], message: `server.limits.${key} must be ${least}, got ${shown}` }];
  });
}

export function limitsOf(written: Written = {}): Limits {
  const entries = LIMIT_NAMES.map((name) => {
    const value = written[keyOf(name)] ?? DEFAULT_LIMITS[name];
    return [name, typeof value === 'bigint' ? Math.max(1, durationMs(value)) : value] as const;
  });
  return Object.fromEntries(entries) as Limits;
}

/** All of them, in their order, and where each comes from. */
export function effectiveLimits(written: Written = {}, locate: Locate): EffectiveLimit[] {
  const limits = limitsOf(written);
  return LIMIT_NAMES.map((name) => {
    const key = keyOf(name);
    const value =
      LIMITS[name].unit === 'ms' ? formatDuration(durationFromMs(limits[name])) : String(limits[name]);
    if (written[key] === undefined) return { key, value };
    return { key, value, line: locate([...PATH, key]).line };
  });
}

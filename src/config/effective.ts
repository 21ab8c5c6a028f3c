import type { VmcpConfig } from './config.js';
import { formatDuration } from './duration.js';
import type { Settings } from './failure-handling.js';
import type { Origin } from './layers.js';
import { rateText } from './policies.js';

/** One setting of failure handling as it holds for one backend. */
export interface EffectiveValue {
  /** As in `failureHandling`, e.g. `circuitBreaker.timeout`. */
  readonly key: keyof Settings;
  /** As the reference prints it: `1m0s`, `5`, `true`; `none` where there is none; rates on a line each. */
  readonly value: string;
  readonly origin: Origin;
  /** Of the file; absent for defaults. */
  readonly line?: number;
  /** Why it differs from what is documented as the default. */
  readonly note?: string;
}

export interface EffectiveFailureHandling {
  readonly backend: string;
  /** In the order of the reference's documentation; a policy that is not set is left out. */
  readonly values: readonly EffectiveValue[];
}

const ORDER: readonly (keyof Settings)[] = [
  'healthCheckInterval',
  'healthCheckTimeout',
  'unhealthyThreshold',
  'degradedThreshold',
  'maxInFlight',
  'retry.maxRetries',
  'retry.budget',
  'circuitBreaker.enabled',
  'circuitBreaker.failureThreshold',
  'circuitBreaker.rates',
  'circuitBreaker.slowCallThreshold',
  'circuitBreaker.timeout',
  'circuitBreaker.backoff.multiplier',
  'circuitBreaker.backoff.maxTimeout',
  'circuitBreaker.backoff.jitter',
  'circuitBreaker.backoff.decayInterval',
  'circuitBreaker.successThreshold',
  'circuitBreaker.maxProbes',
  'circuitBreaker.probeLimit',
  'circuitBreaker.observeOnly',
];
/** Policies without a default: shown where something is written. */
const OPTIONAL: ReadonlySet<keyof Settings> = new Set([
  'maxInFlight',
  'circuitBreaker.rates',
  'circuitBreaker.slowCallThreshold',
]);

/** The failure handling of every backend and where each value comes from, in the order of the file. */
export function effectiveFailureHandling(config: VmcpConfig): EffectiveFailureHandling[] {
  return config.backends.map(({ name, effective }) => ({ backend: name, values: effective }));
}

/** Settings as text. */
export function effectiveValues(settings: Settings, notes: ReadonlyMap<string, string>): EffectiveValue[] {
  return ORDER.filter((key) => isShown(key, settings)).map((key) => {
    const { value, origin, line } = settings[key];
    const note = notes.get(key);
    return {
      key,
      value: textOf(value),
      origin,
      ...(line === undefined ? {} : { line }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

function isShown(key: keyof Settings, settings: Settings): boolean {
  if (key.startsWith('circuitBreaker.backoff.')) return settings['circuitBreaker.backoff'].value;
  if (key.startsWith('retry.')) return settings['retry.maxRetries'].origin !== 'default';
  return !OPTIONAL.has(key) || settings[key].origin !== 'default';
}

function textOf(value: Settings[keyof Settings]['value']): string {
  if (typeof value === 'bigint') return formatDuration(value);
  if (typeof value === 'object') return value.map(rateText).join('\n') || 'none';
  return value === undefined ? 'none' : String(value);
}

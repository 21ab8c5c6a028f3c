import type { VmcpConfig } from './config.js';
import { formatDuration } from './duration.js';
import type { Origin, Settings } from './failure-handling.js';

/** One setting of failure handling as it holds for one backend. */
export interface EffectiveValue {
  /** As in `failureHandling`, e.g. `circuitBreaker.timeout`. */
  readonly key: keyof Settings;
  /** As the reference prints it: `1m0s`, `5`, `true`. */
  readonly value: string;
  readonly origin: Origin;
  /** Of the file; absent for defaults. */
  readonly line?: number;
  /** Why it differs from what is documented as the default. */
  readonly note?: string;
}

export interface EffectiveFailureHandling {
  readonly backend: string;
  /** In the order of the reference's documentation. */
  readonly values: readonly EffectiveValue[];
}

const ORDER: readonly (keyof Settings)[] = [
  'healthCheckInterval',
  'healthCheckTimeout',
  'unhealthyThreshold',
  'degradedThreshold',
  'circuitBreaker.enabled',
  'circuitBreaker.failureThreshold',
  'circuitBreaker.timeout',
  'circuitBreaker.successThreshold',
  'circuitBreaker.maxProbes',
  'circuitBreaker.probeLimit',
];

/** The failure handling of every backend and where each value comes from, in the order of the file. */
export function effectiveFailureHandling(config: VmcpConfig): EffectiveFailureHandling[] {
  return config.backends.map(({ name, effective }) => ({ backend: name, values: effective }));
}

/** Settings as text. */
export function effectiveValues(settings: Settings, notes: ReadonlyMap<string, string>): EffectiveValue[] {
  return ORDER.map((key) => {
    const { value, origin, line } = settings[key];
    const note = notes.get(key);
    return {
      key,
      value: typeof value === 'bigint' ? formatDuration(value) : String(value),
      origin,
      ...(line === undefined ? {} : { line }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

import { BACKEND_DEFAULTS, CIRCUIT_ENABLED } from './defaults.js';
import { suggest, type Locate } from './decode.js';
import { durationFromMs, formatDuration, type Duration } from './duration.js';
import { FAILURE_THRESHOLD } from './engine-config.js';
import type { Fault, MakeFault } from './fault.js';
import { never, OPERATIONAL_PATH, picker, type Layer, type Setting } from './layers.js';
import { settlePolicies, type PolicySettings } from './policies.js';
import { policyFault } from './policy-rules.js';
import type { Path } from './yaml-tree.js';

/** Every setting of one backend, by its key in `failureHandling`. */
export interface Settings extends PolicySettings {
  readonly healthCheckInterval: Setting<Duration>;
  readonly healthCheckTimeout: Setting<Duration>;
  readonly unhealthyThreshold: Setting<number>;
  readonly degradedThreshold: Setting<Duration>;
  readonly 'circuitBreaker.enabled': Setting<boolean>;
  /** Undefined where only rates trip the circuit. */
  readonly 'circuitBreaker.failureThreshold': Setting<number | undefined>;
  readonly 'circuitBreaker.timeout': Setting<Duration>;
  readonly 'circuitBreaker.successThreshold': Setting<number>;
  readonly 'circuitBreaker.maxProbes': Setting<number>;
  readonly 'circuitBreaker.probeLimit': Setting<Duration>;
}

const { circuit, health } = BACKEND_DEFAULTS;

/**
 * The settings that hold: the last layer that has a value wins. In `operational`, a zero is no value, as in the
 * reference; in a backend's own layer a zero is a value, and refused, except for `healthCheckTimeout`, which
 * the reference documents as allowed.
 */
export function settle(layers: readonly Layer[], locate: Locate): Settings {
  const pick = picker(layers, locate);
  const breaker = (key: string): Path => ['circuitBreaker', key];
  const timeout = pick(
    breaker('timeout'),
    durationFromMs(circuit.openMs),
    (section) => section.circuitBreaker?.timeout,
  );
  const policies = settlePolicies(pick, timeout.value);
  const hasRates = policies['circuitBreaker.rates'].value.length > 0;
  return {
    ...policies,
    healthCheckInterval: pick(
      ['healthCheckInterval'],
      durationFromMs(health.checkIntervalMs),
      (section) => section.healthCheckInterval,
    ),
    healthCheckTimeout: pick(
      ['healthCheckTimeout'],
      durationFromMs(health.checkTimeoutMs),
      (section) => section.healthCheckTimeout,
      (value) => value === 0n,
    ),
    unhealthyThreshold: pick(
      ['unhealthyThreshold'],
      health.unhealthyThreshold,
      (section) => section.unhealthyThreshold,
    ),
    degradedThreshold: pick(
      ['degradedThreshold'],
      durationFromMs(health.degradedThresholdMs),
      (section) => section.degradedThreshold,
      never,
    ),
    'circuitBreaker.enabled': pick(
      breaker('enabled'),
      CIRCUIT_ENABLED as boolean,
      (section) => section.circuitBreaker?.enabled,
      never,
    ),
    'circuitBreaker.failureThreshold': pick(
      breaker('failureThreshold'),
      hasRates ? undefined : FAILURE_THRESHOLD,
      (section) => section.circuitBreaker?.failureThreshold,
    ),
    'circuitBreaker.timeout': timeout,
    'circuitBreaker.successThreshold': pick(
      breaker('successThreshold'),
      circuit.successThreshold,
      (section) => section.circuitBreaker?.successThreshold,
      never,
    ),
    'circuitBreaker.maxProbes': pick(
      breaker('maxProbes'),
      circuit.maxProbes,
      (section) => section.circuitBreaker?.maxProbes,
      never,
    ),
    'circuitBreaker.probeLimit': pick(
      breaker('probeLimit'),
      durationFromMs(circuit.probeLimitMs),
      (section) => section.circuitBreaker?.probeLimit,
      never,
    ),
  };
}

/**
 * The reference's rules for failure handling, in its order and its words; then those for our own keys. The
 * first fault only. `mode` is `partialFailureMode` where the section has one.
 */
export function failureHandlingFault(
  settings: Settings,
  path: Path,
  mode: string | undefined,
): Fault | undefined {
  const title = path === OPERATIONAL_PATH ? 'operational.failureHandling' : titleOf(path);
  const fault: MakeFault = (key, message) => ({
    path: [...path, ...(typeof key === 'string' ? key.split('.') : key)],
    message: `${title}: ${message}`,
  });
  const interval = settings.healthCheckInterval.value;
  const timeout = settings.healthCheckTimeout;
  if (interval <= 0n) return fault('healthCheckInterval', 'healthCheckInterval must be positive');
  if (settings.unhealthyThreshold.value <= 0) {
    return fault('unhealthyThreshold', 'unhealthyThreshold must be positive');
  }
  const shown = formatDuration(timeout.value);
  if (timeout.value < 0n) {
    const message = `healthCheckTimeout must be >= 0 (zero means no timeout), got ${shown}`;
    return fault('healthCheckTimeout', message);
  }
  // A timeout nobody has set does not count: the reference fills it in after its rules have run.
  if (timeout.origin !== 'default' && timeout.value >= interval) {
    return fault('healthCheckTimeout', tooLong(timeout.value, interval));
  }
  if (mode !== undefined && mode !== '' && mode !== 'fail' && mode !== 'best_effort') {
    const made = fault('partialFailureMode', 'partialFailureMode must be one of: fail, best_effort');
    return { ...made, ...suggest(mode, ['fail', 'best_effort']) };
  }
  const own = path === OPERATIONAL_PATH ? 'operational' : 'backend';
  return (
    breakerFault(settings, fault) ??
    extensionFault(settings, fault) ??
    policyFault(settings, settings['circuitBreaker.timeout'], own, fault)
  );
}

/** What the reference says of a health check that may take as long as the time to the next one. */
export function tooLong(timeout: Duration, interval: Duration): string {
  const [shown, every] = [formatDuration(timeout), formatDuration(interval)];
  return `healthCheckTimeout (${shown}) must be less than healthCheckInterval (${every}) to prevent checks from queuing up`;
}

function breakerFault(settings: Settings, fault: MakeFault): Fault | undefined {
  if (!settings['circuitBreaker.enabled'].value) return undefined;
  const threshold = settings['circuitBreaker.failureThreshold'].value;
  const timeout = settings['circuitBreaker.timeout'].value;
  if (threshold !== undefined && threshold < 1) {
    const key = 'circuitBreaker.failureThreshold';
    return fault(key, `${key} must be >= 1, got ${threshold}`);
  }
  const key = 'circuitBreaker.timeout';
  if (timeout <= 0n) return fault(key, `${key} must be > 0, got ${formatDuration(timeout)}`);
  if (timeout < 1_000_000_000n) {
    return fault(key, `${key} must be >= 1s to prevent thrashing, got ${formatDuration(timeout)}`);
  }
  return undefined;
}

const MIN_INTERVAL = 1_000_000n;

function extensionFault(settings: Settings, fault: MakeFault): Fault | undefined {
  const interval = settings.healthCheckInterval.value;
  if (interval < MIN_INTERVAL) {
    const shown = `must be at least ${formatDuration(MIN_INTERVAL)}, got ${formatDuration(interval)}`;
    return fault('healthCheckInterval', `healthCheckInterval ${shown}`);
  }
  for (const key of ['circuitBreaker.successThreshold', 'circuitBreaker.maxProbes'] as const) {
    const { value } = settings[key];
    if (value < 1) return fault(key, `${key} must be >= 1, got ${value}`);
  }
  for (const key of ['degradedThreshold', 'circuitBreaker.probeLimit'] as const) {
    const { value } = settings[key];
    if (value <= 0n) return fault(key, `${key} must be positive, got ${formatDuration(value)}`);
  }
  return undefined;
}

function titleOf(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

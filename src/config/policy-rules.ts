import { suggest } from './decode.js';
import { formatDuration, type Duration } from './duration.js';
import { MAX_RATES, MAX_WINDOW_CALLS } from './engine-config.js';
import type { Fault, MakeFault } from './fault.js';
import type { Origin, Setting } from './layers.js';
import { countsSlowCalls, type PolicySettings } from './policies.js';
import { MAX_RETRIES, RATE_KINDS, type Rate } from './policy-shape.js';
import { formatPath, type Path } from './yaml-tree.js';

const SECOND = 1_000_000_000n;

/**
 * The first broken rule of the optional policies in one layer, `own`. What an outer layer says is checked there; here,
 * only with what this one adds to it. `timeout` is that of the circuit breaker.
 */
export function policyFault(
  settings: PolicySettings,
  timeout: Setting<Duration>,
  own: Origin,
  fault: MakeFault,
): Fault | undefined {
  const { maxInFlight } = settings;
  if (maxInFlight.origin === own && maxInFlight.value !== undefined && maxInFlight.value < 1) {
    return fault('maxInFlight', `maxInFlight must be >= 1, got ${maxInFlight.value}`);
  }
  return (
    retryFault(settings, own, fault) ??
    ratesFault(settings, own, fault) ??
    slowCallFault(settings, own, fault) ??
    backoffFault(settings, timeout, own, fault)
  );
}

function retryFault(settings: PolicySettings, own: Origin, fault: MakeFault): Fault | undefined {
  const retries = settings['retry.maxRetries'];
  if (retries.origin === own && (retries.value < 0 || retries.value > MAX_RETRIES)) {
    return fault(
      'retry.maxRetries',
      `retry.maxRetries must be from 0 to ${MAX_RETRIES}, got ${retries.value}`,
    );
  }
  const budget = settings['retry.budget'];
  if (budget.origin === own && (budget.value <= 0 || budget.value > 1)) {
    return fault('retry.budget', `retry.budget must be more than 0 and at most 1, got ${budget.value}`);
  }
  return undefined;
}

function ratesFault(settings: PolicySettings, own: Origin, fault: MakeFault): Fault | undefined {
  const { value: rates, origin } = settings['circuitBreaker.rates'];
  if (origin !== own) return undefined;
  if (rates.length > MAX_RATES) {
    const key = 'circuitBreaker.rates';
    return fault(key, `${key} must be at most ${MAX_RATES}, got ${rates.length}`);
  }
  for (const [index, rate] of rates.entries()) {
    const path = ['circuitBreaker', 'rates', index];
    const broken = rateFault(rate, (keys, message) => {
      const at = [...path, ...keys];
      return fault(at, `${formatPath(at)} ${message}`);
    });
    if (broken) return broken;
  }
  return undefined;
}

function rateFault(
  { of, threshold, window, minimumCalls }: Rate,
  fault: (keys: Path, message: string) => Fault,
): Fault | undefined {
  if (of === undefined || !(RATE_KINDS as readonly string[]).includes(of)) {
    return { ...fault(['of'], `must be one of: ${RATE_KINDS.join(', ')}`), ...suggest(of, RATE_KINDS) };
  }
  if (threshold === undefined) return fault(['threshold'], 'is required: a share such as 0.5');
  if (threshold <= 0 || threshold > 1) {
    const made = fault(['threshold'], `must be more than 0 and at most 1, got ${threshold}`);
    // Written as a percentage.
    return threshold > 1 && threshold <= 100 ? { ...made, suggestion: String(threshold / 100) } : made;
  }
  const { calls, time } = window ?? {};
  if (calls === undefined && time === undefined) {
    return fault(['window'], 'is required: calls or time, such as {calls: 100}');
  }
  if (calls !== undefined && time !== undefined) {
    return fault(['window'], 'must have either calls or time, not both');
  }
  if (calls !== undefined && (calls < 1 || calls > MAX_WINDOW_CALLS)) {
    return fault(['window', 'calls'], `must be from 1 to ${MAX_WINDOW_CALLS}, got ${calls}`);
  }
  if (time !== undefined && time < SECOND) {
    return fault(['window', 'time'], `must be >= 1s, got ${formatDuration(time)}`);
  }
  if (minimumCalls !== undefined && minimumCalls < 1) {
    return fault(['minimumCalls'], `must be >= 1, got ${minimumCalls}`);
  }
  if (calls !== undefined && minimumCalls !== undefined && minimumCalls > calls) {
    const message = `(${minimumCalls}) must be at most window.calls (${calls}), or the rate would never be judged`;
    return fault(['minimumCalls'], message);
  }
  return undefined;
}

function slowCallFault(settings: PolicySettings, own: Origin, fault: MakeFault): Fault | undefined {
  const key = 'circuitBreaker.slowCallThreshold';
  const { value, origin } = settings[key];
  const counted = countsSlowCalls(settings);
  if (origin === own && value !== undefined) {
    if (value <= 0n) return fault(key, `${key} must be positive, got ${formatDuration(value)}`);
    if (!counted) return fault(key, `${key} needs a rate of slowCalls in circuitBreaker.rates beside it`);
  }
  if (counted && value === undefined && settings['circuitBreaker.rates'].origin === own) {
    return fault(key, `${key} is required by a rate of slowCalls: from when on a call is slow`);
  }
  return undefined;
}

function backoffFault(
  settings: PolicySettings,
  timeout: Setting<Duration>,
  own: Origin,
  fault: MakeFault,
): Fault | undefined {
  const name = (key: string) => `circuitBreaker.backoff.${key}`;
  const multiplier = settings['circuitBreaker.backoff.multiplier'];
  if (multiplier.origin === own && multiplier.value < 1) {
    return fault(name('multiplier'), `${name('multiplier')} must be >= 1, got ${multiplier.value}`);
  }
  const jitter = settings['circuitBreaker.backoff.jitter'];
  if (jitter.origin === own && (jitter.value < 0 || jitter.value > 1)) {
    return fault(name('jitter'), `${name('jitter')} must be from 0 to 1, got ${jitter.value}`);
  }
  const decay = settings['circuitBreaker.backoff.decayInterval'];
  if (decay.origin === own && decay.value <= 0n) {
    const shown = formatDuration(decay.value);
    return fault(name('decayInterval'), `${name('decayInterval')} must be positive, got ${shown}`);
  }
  const longest = settings['circuitBreaker.backoff.maxTimeout'];
  if (longest.origin === 'default' || longest.value >= timeout.value) return undefined;
  const [shown, least] = [formatDuration(longest.value), formatDuration(timeout.value)];
  const message = `${name('maxTimeout')} (${shown}) must be at least circuitBreaker.timeout (${least})`;
  if (longest.origin === own) return fault(name('maxTimeout'), message);
  return timeout.origin === own ? fault('circuitBreaker.timeout', message) : undefined;
}

import { durationFromMs, durationMs, formatDuration, type Duration } from './duration.js';
import { backoffDefaults, minimumCallsIn, type BackendConfigInput } from './engine-config.js';
import { never, type PickSetting, type Setting } from './layers.js';
import { RETRY_DEFAULTS, type Rate } from './policy-shape.js';

/** The optional policies of one backend, by their keys in `failureHandling`. */
export interface PolicySettings {
  /** Undefined is no limit. */
  readonly maxInFlight: Setting<number | undefined>;
  readonly 'retry.maxRetries': Setting<number>;
  readonly 'retry.budget': Setting<number>;
  /** As they were written; a list replaces the whole list of an outer layer. */
  readonly 'circuitBreaker.rates': Setting<readonly Rate[]>;
  readonly 'circuitBreaker.slowCallThreshold': Setting<Duration | undefined>;
  /** Whether there is a backoff: the next four hold only then. */
  readonly 'circuitBreaker.backoff': Setting<boolean>;
  readonly 'circuitBreaker.backoff.multiplier': Setting<number>;
  readonly 'circuitBreaker.backoff.maxTimeout': Setting<Duration>;
  readonly 'circuitBreaker.backoff.jitter': Setting<number>;
  readonly 'circuitBreaker.backoff.decayInterval': Setting<Duration>;
  readonly 'circuitBreaker.observeOnly': Setting<boolean>;
}

/** `timeout` is that of the circuit breaker: some defaults follow from it. */
export function settlePolicies(pick: PickSetting, timeout: Duration): PolicySettings {
  const fallback = backoffDefaults(durationMs(timeout));
  const breaker = (...keys: readonly string[]) => ['circuitBreaker', ...keys];
  return {
    maxInFlight: pick<number | undefined>(
      ['maxInFlight'],
      undefined,
      (section) => section.maxInFlight,
      never,
    ),
    'retry.maxRetries': pick<number>(
      ['retry', 'maxRetries'],
      RETRY_DEFAULTS.maxRetries,
      (section) => section.retry?.maxRetries,
      never,
    ),
    'retry.budget': pick<number>(
      ['retry', 'budget'],
      RETRY_DEFAULTS.budget,
      (section) => section.retry?.budget,
      never,
    ),
    'circuitBreaker.rates': pick<readonly Rate[]>(
      breaker('rates'),
      [],
      (section) => section.circuitBreaker?.rates,
      never,
    ),
    'circuitBreaker.slowCallThreshold': pick<Duration | undefined>(
      breaker('slowCallThreshold'),
      undefined,
      (section) => section.circuitBreaker?.slowCallThreshold,
      never,
    ),
    'circuitBreaker.backoff': pick<boolean>(
      breaker('backoff'),
      false,
      (section) => section.circuitBreaker?.backoff && true,
      never,
    ),
    'circuitBreaker.backoff.multiplier': pick(
      breaker('backoff', 'multiplier'),
      fallback.multiplier,
      (section) => section.circuitBreaker?.backoff?.multiplier,
      never,
    ),
    'circuitBreaker.backoff.maxTimeout': pick(
      breaker('backoff', 'maxTimeout'),
      durationFromMs(fallback.maxOpenMs),
      (section) => section.circuitBreaker?.backoff?.maxTimeout,
      never,
    ),
    'circuitBreaker.backoff.jitter': pick(
      breaker('backoff', 'jitter'),
      fallback.jitter,
      (section) => section.circuitBreaker?.backoff?.jitter,
      never,
    ),
    'circuitBreaker.backoff.decayInterval': pick(
      breaker('backoff', 'decayInterval'),
      durationFromMs(fallback.decayMs),
      (section) => section.circuitBreaker?.backoff?.decayInterval,
      never,
    ),
    'circuitBreaker.observeOnly': pick<boolean>(
      breaker('observeOnly'),
      false,
      (section) => section.circuitBreaker?.observeOnly,
      never,
    ),
  };
}

/** Whether a slow call means anything. An inherited `slowCallThreshold` does not where own rates do without. */
export function countsSlowCalls(settings: PolicySettings): boolean {
  return settings['circuitBreaker.rates'].value.some(({ of }) => of === 'slowCalls');
}

/** What the engine is told of a circuit's policies, which have passed every rule. */
export function circuitPoliciesOf(settings: PolicySettings): BackendConfigInput['circuit'] {
  const slowCall = settings['circuitBreaker.slowCallThreshold'].value;
  return {
    rates: settings['circuitBreaker.rates'].value.map(({ of, threshold = 1, window, minimumCalls }) => ({
      of: of === 'slowCalls' ? of : 'failures',
      threshold,
      window: window?.time === undefined ? { calls: window?.calls } : { ms: durationMs(window.time) },
      minimumCalls,
    })),
    ...(slowCall !== undefined && countsSlowCalls(settings) && { slowCallMs: durationMs(slowCall) }),
    ...(settings['circuitBreaker.backoff'].value && {
      backoff: {
        multiplier: settings['circuitBreaker.backoff.multiplier'].value,
        maxOpenMs: durationMs(settings['circuitBreaker.backoff.maxTimeout'].value),
        jitter: settings['circuitBreaker.backoff.jitter'].value,
        decayMs: durationMs(settings['circuitBreaker.backoff.decayInterval'].value),
      },
    }),
    observeOnly: settings['circuitBreaker.observeOnly'].value,
  };
}

/** `failures >= 50% of the last 100 calls (from 20)`. */
export function rateText({ of, threshold = 1, window, minimumCalls }: Rate): string {
  const calls = window?.calls;
  const share = Number((threshold * 100).toPrecision(12));
  const last =
    calls === undefined
      ? `the calls of the last ${formatDuration(window?.time ?? 0n)}`
      : `the last ${calls} calls`;
  const counted = of === 'slowCalls' ? 'slow calls' : 'failures';
  return `${counted} >= ${share}% of ${last} (from ${minimumCalls ?? minimumCallsIn(calls)})`;
}

import { durationFromMs, formatDuration } from './duration.js';
import { minimumCallsIn } from './engine-config.js';
import type { Settings } from './failure-handling.js';
import { countsSlowCalls } from './policies.js';

/** Policies that are allowed and do less than their author may think. `timeoutMs` is the longest time for a call. */
export function policyWarnings(
  settings: Settings,
  timeoutMs: number,
  warn: (key: keyof Settings, message: string) => void,
): void {
  const enabled = settings['circuitBreaker.enabled'];
  if (!enabled.value) {
    for (const key of written(settings)) {
      // Who turns off, for one backend, what holds for the others means what is written.
      if (enabled.origin === 'backend' && settings[key].origin !== 'backend') continue;
      warn(key, 'not used while the circuit breaker is off');
    }
    return;
  }
  const slowCall = settings['circuitBreaker.slowCallThreshold'].value;
  const timeout = durationFromMs(timeoutMs);
  if (slowCall !== undefined && countsSlowCalls(settings) && slowCall >= timeout) {
    const [slow, limit] = [formatDuration(slowCall), formatDuration(timeout)];
    const message =
      `slowCallThreshold (${slow}) is not less than the timeout of a call (${limit}): ` +
      'without progress, a call ends before it is slow';
    warn('circuitBreaker.slowCallThreshold', message);
  }
  if (settings['circuitBreaker.observeOnly'].value) {
    const message = 'the circuit refuses nothing: what it would have refused is sent on, and counted';
    warn('circuitBreaker.observeOnly', message);
  }
  if (settings['circuitBreaker.failureThreshold'].value === undefined) onlyRates(settings, warn);
}

function written(settings: Settings): readonly (keyof Settings)[] {
  const keys = [
    'circuitBreaker.rates',
    'circuitBreaker.slowCallThreshold',
    'circuitBreaker.backoff',
    'circuitBreaker.observeOnly',
  ] as const;
  return keys.filter((key) => {
    const { value } = settings[key];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
}

/** Who has few calls has health checks, and those are too few for a rate for a long time. */
function onlyRates(settings: Settings, warn: (key: keyof Settings, message: string) => void): void {
  const key = 'circuitBreaker.rates';
  const least = settings[key].value
    .filter(({ of }) => of === 'failures')
    .map(({ window, minimumCalls }) => minimumCalls ?? minimumCallsIn(window?.calls));
  const rest =
    least.length === 0
      ? 'a backend that fails fast is judged by its health alone'
      : `a backend without calls is judged by its health alone until ${Math.min(...least)} health checks were made`;
  warn(key, `without failureThreshold, failures in a row do not open the circuit: ${rest}`);
}

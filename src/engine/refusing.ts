import type { Clock } from './clock.js';
import type { Refusal, RefusalCode } from './permit.js';

/** What a half-open circuit tells the callers it refuses: its probe is out, ask again in a moment. */
const PROBE_RETRY_MS = 1000;

/** A refusal for everybody until something changes. `until`: on the clock; undefined when nobody knows. */
export function refusing(
  backend: string,
  code: RefusalCode,
  until: number | undefined,
  clock: Clock,
): Refusal {
  const refusal = { admitted: false, backend, code } as const;
  if (code === 'CIRCUIT_HALF_OPEN') return Object.freeze({ ...refusal, retryAfterMs: PROBE_RETRY_MS });
  if (until === undefined) return Object.freeze(refusal);
  return Object.freeze({
    ...refusal,
    // The clock is read by who wants to know: reading it costs ten times what refusing costs.
    get retryAfterMs() {
      return Math.max(0, until - clock.now());
    },
  });
}

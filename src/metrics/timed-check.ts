import type { Outcome } from '../../machines/failure.js';
import type { HealthCheck } from '../engine/check.js';

/** How much sooner than its time a check may seem to have ended: the engine's clock starts before ours. */
const TOLERANCE_MS = 5;

interface CheckWatch {
  /** After which the engine ends a check. */
  readonly timeoutMsOf: (backend: string) => number;
  /** Is told of each check that was made when it has ended, once. */
  readonly onEnd: (backend: string, outcome: Outcome, elapsedMs: number) => void;
}

/**
 * Tells how long each check took and how it ended, as the engine judges it: one that is ended because its time is over
 * has failed, whatever it says itself.
 */
export function timedCheck(
  check: (backend: string, signal: AbortSignal) => Promise<Outcome>,
  { timeoutMsOf, onEnd }: CheckWatch,
): HealthCheck {
  return async (backend, { signal }) => {
    const startedAt = performance.now();
    const outcome = await check(backend, signal);
    const elapsedMs = performance.now() - startedAt;
    const timedOut = signal.aborted && elapsedMs >= timeoutMsOf(backend) - TOLERANCE_MS;
    onEnd(backend, timedOut ? { kind: 'failed', failure: { category: 'timeout' } } : outcome, elapsedMs);
    return outcome;
  };
}

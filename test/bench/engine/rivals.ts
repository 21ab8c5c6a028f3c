import {
  circuitBreaker,
  ConsecutiveBreaker,
  CountBreaker,
  handleAll,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import type { IBreaker, IPolicy } from 'cockatiel';
import CircuitBreaker from 'opossum';

const FOR_EVER_MS = 1e9;

/** How each of cockatiel's breakers is made, with thresholds that `tripsAt` decides. */
const breakers = {
  consecutive: (tripsAt: number) => new ConsecutiveBreaker(tripsAt),
  sampling: () => new SamplingBreaker({ threshold: 0.999, duration: 10_000, minimumRps: 1e9 }),
  count: () => new CountBreaker({ threshold: 0.999, size: 100 }),
} satisfies Record<string, (tripsAt: number) => IBreaker>;

export function cockatiel(kind: keyof typeof breakers, tripsAt = Number.MAX_SAFE_INTEGER): IPolicy {
  return circuitBreaker(handleAll, { breaker: breakers[kind](tripsAt), halfOpenAfter: FOR_EVER_MS });
}

/** With a time limit, as our `execute` has one. */
export function cockatielWithTimeout(): IPolicy {
  return wrap(timeout(30_000, TimeoutStrategy.Aggressive), cockatiel('consecutive'));
}

/** Everything off that can be. */
const LEAN = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false };
/** It never trips, and stays open once it is. */
const STEADY = { volumeThreshold: Number.MAX_SAFE_INTEGER, resetTimeout: FOR_EVER_MS };

export function opossum(kind: 'lean' | 'default', action: () => Promise<number>): CircuitBreaker<number> {
  return new CircuitBreaker(action, { ...STEADY, ...(kind === 'lean' && LEAN) });
}

import {
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  ExponentialBackoff,
  handleWhen,
  BrokenCircuitError,
  noJitterGenerator,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import type { CircuitBreakerPolicy, IBreaker, ICircuitBreakerOptions } from 'cockatiel';
import { CallerError } from '../policy.js';
import type { Policy } from '../policy.js';
import type { Breaker, Library, State } from '../breaker.js';
import { versionOf } from './version.js';

const STATES: Record<CircuitState, State> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

const isRefusal = (error: unknown) =>
  error instanceof BrokenCircuitError || error instanceof BulkheadRejectedError;

/** What is not the backend's fault is not handled, which is how cockatiel filters errors. */
const handled = handleWhen((error) => !(error instanceof CallerError) && !isRefusal(error));

function strategyOf({ threshold, rate }: Policy): IBreaker {
  if (rate === undefined) return new ConsecutiveBreaker(threshold ?? 1);
  const { threshold: share, window, minimum } = rate;
  if ('calls' in window)
    return new CountBreaker({ threshold: share, size: window.calls, minimumNumberOfCalls: minimum });
  const { ms } = window;
  return new SamplingBreaker({ threshold: share, duration: ms, minimumRps: (minimum * 1000) / ms });
}

function optionsOf(policy: Policy): ICircuitBreakerOptions | undefined {
  const { openMs, successes = 1, probes = 1, rate, backoff, checkEveryMs } = policy;
  if (successes > 1 || probes > 1 || rate?.of === 'slowCalls' || checkEveryMs !== undefined) return undefined;
  const lengthening =
    backoff &&
    new ExponentialBackoff({
      initialDelay: openMs,
      maxDelay: backoff.maxOpenMs,
      exponent: backoff.multiplier,
      ...(!backoff.jitter && { generator: noJitterGenerator }),
    });
  return { halfOpenAfter: lengthening ?? openMs, breaker: strategyOf(policy) };
}

function breakerOf(breaker: CircuitBreakerPolicy, policy: Policy): Breaker {
  const { callTimeoutMs, maxInFlight } = policy;
  // The limit stands outside: inside, its refusals would be outcomes of the breaker.
  const guarded = wrap(
    ...(maxInFlight === undefined ? [] : [bulkhead(maxInFlight)]),
    breaker,
    ...(callTimeoutMs === undefined ? [] : [timeout(callTimeoutMs, TimeoutStrategy.Aggressive)]),
  );
  return {
    cancels: true,
    plainOperations: true,
    ...(callTimeoutMs !== undefined && { signalsTimeouts: true }),
    call: (operation, signal) => guarded.execute(({ signal: given }) => operation(given), signal),
    isRefusal,
    state: () => STATES[breaker.state],
    predicts: () => {
      if (breaker.state === CircuitState.HalfOpen) return undefined;
      return breaker.state === CircuitState.Closed ? 'admits' : 'refuses';
    },
    on: (state, listener) => {
      const events = { open: breaker.onBreak, closed: breaker.onReset, 'half-open': breaker.onHalfOpen };
      events[state](listener);
    },
    onEverything: (listener) => {
      for (const event of [
        breaker.onBreak,
        breaker.onReset,
        breaker.onHalfOpen,
        breaker.onStateChange,
        breaker.onSuccess,
        breaker.onFailure,
      ] as const)
        event(listener);
    },
    isolate: () => {
      const handle = breaker.isolate();
      return () => {
        handle.dispose();
      };
    },
    reborn: () => {
      const initialState: unknown = JSON.parse(JSON.stringify(breaker.toJSON()));
      return breakerOf(
        circuitBreaker(handled, { ...(optionsOf(policy) as ICircuitBreakerOptions), initialState }),
        policy,
      );
    },
    dispose: () => undefined,
  };
}

export const cockatiel: Library = {
  name: 'cockatiel',
  version: versionOf('cockatiel'),
  make: (policy) => {
    const options = optionsOf(policy);
    return options && breakerOf(circuitBreaker(handled, options), policy);
  },
  makeTwo: (policy) => {
    const options = optionsOf(policy);
    return (
      options && [
        breakerOf(circuitBreaker(handled, options), policy),
        breakerOf(circuitBreaker(handled, options), policy),
      ]
    );
  },
};

import * as Mollitia from 'mollitia';
import { CallerError } from '../policy.js';
import type { Policy } from '../policy.js';
import type { Breaker, Library, Operation, State } from '../breaker.js';
import { versionOf } from './version.js';

const STATES: Record<Mollitia.BreakerState, State> = {
  [Mollitia.BreakerState.CLOSED]: 'closed',
  [Mollitia.BreakerState.OPENED]: 'open',
  [Mollitia.BreakerState.HALF_OPENED]: 'half-open',
};

const isRefusal = (error: unknown) =>
  error instanceof Mollitia.BreakerError ||
  error instanceof Mollitia.BreakerMaxAllowedRequestError ||
  error instanceof Mollitia.BulkheadOverloadError;

/** The percentage that a number of failures in a row reaches, and one success among them does not. */
function percentageOf(failures: number): number {
  return failures === 1 ? 1 : ((failures - 1) / failures) * 50 + 50;
}

/** What the library types as classes is given to it as plain objects. */
type Plain<T> = { [Key in keyof T]: T[Key] };
type Settings = Plain<Mollitia.SlidingWindowBreakerOptions>;

const act = (operation: Operation) => operation() as Promise<unknown>;

function settingsOf(policy: Policy): Settings | undefined {
  const { threshold = 1, rate, slowCallMs, successes = 1, probes = 1, backoff, checkEveryMs } = policy;
  const slow = rate?.of === 'slowCalls';
  const percentage = rate ? rate.threshold * 100 : percentageOf(threshold);
  // All probes are let through and then judged together, by the same rate as calls are.
  if (successes !== probes || (probes > 1 && 100 / probes < percentage)) return undefined;
  if (backoff || checkEveryMs !== undefined) return undefined;
  const window = rate?.window ?? { calls: threshold };
  return {
    openStateDelay: policy.openMs,
    halfOpenStateMaxDelay: policy.probeLimitMs ?? 0,
    permittedNumberOfCallsInHalfOpenState: probes,
    slidingWindowSize: 'calls' in window ? window.calls : window.ms,
    minimumNumberOfCalls: rate?.minimum ?? threshold,
    failureRateThreshold: slow ? 100 : percentage,
    ...(slow && { slowCallRateThreshold: percentage }),
    ...(slowCallMs !== undefined && { slowCallDurationThreshold: slowCallMs }),
    onError: (error: unknown) => !(error instanceof CallerError) && !isRefusal(error),
  };
}

function breakerOf(settings: Settings, { rate, callTimeoutMs, maxInFlight }: Policy): Breaker {
  const byTime = rate !== undefined && 'ms' in rate.window;
  const breaker = new (byTime ? Mollitia.SlidingTimeBreaker : Mollitia.SlidingCountBreaker)(settings);
  const limit: Plain<Mollitia.BulkheadOptions> = { concurrentSize: maxInFlight ?? Infinity, queueSize: 0 };
  const timeout: Plain<Mollitia.TimeoutOptions> = { delay: callTimeoutMs ?? Infinity };
  const modules = [
    // The limit stands outside: inside, its refusals would be outcomes of the breaker.
    ...(maxInFlight === undefined ? [] : [new Mollitia.Bulkhead(limit)]),
    breaker,
    ...(callTimeoutMs === undefined ? [] : [new Mollitia.Timeout(timeout)]),
  ];
  const options: Plain<Mollitia.CircuitOptions> = { modules };
  const factory: Plain<Mollitia.CircuitFactory> = { func: act, options };
  const circuit = new Mollitia.Circuit(factory);
  return {
    ...((settings.halfOpenStateMaxDelay ?? 0) > 0 && { limitsProbes: true }),
    call: (operation) => circuit.execute(operation),
    isRefusal,
    state: () => STATES[breaker.state],
    predicts: () => {
      if (breaker.state === Mollitia.BreakerState.HALF_OPENED) return undefined;
      return breaker.state === Mollitia.BreakerState.CLOSED ? 'admits' : 'refuses';
    },
    on: (state, listener) => {
      breaker.on('state-changed', (said: Mollitia.BreakerState) => {
        if (STATES[said] === state) listener();
      });
    },
    onEverything: (listener) => {
      breaker.on('state-changed', listener);
      breaker.on('execute', listener);
      circuit.on('execute', listener);
    },
    reset: () => {
      void breaker.close();
    },
    disable: () => {
      breaker.active = false;
    },
    dispose: () => {
      circuit.dispose();
    },
  };
}

export const mollitia: Library = {
  name: 'mollitia',
  version: versionOf('mollitia'),
  make: (policy) => {
    const settings = settingsOf(policy);
    return settings && breakerOf(settings, policy);
  },
  makeTwo: (policy) => {
    const settings = settingsOf(policy);
    return settings && [breakerOf(settings, policy), breakerOf(settings, policy)];
  },
};

import type { Breaker, HandPermit, Library } from '../breaker.js';
import type { Policy } from '../policy.js';
import { Refused, StandIn } from '../stand-in.js';

function breakerOf(standIn: StandIn, again: (policy: Policy) => StandIn): Breaker {
  return {
    cancels: true,
    signalsTimeouts: true,
    plainOperations: true,
    limitsProbes: true,
    countsStale: true,
    checkProbes: true,
    ...(standIn.has('D9a') && { now: () => performance.now() }),
    call: (operation, signal) => standIn.call(operation, signal),
    isRefusal: (error) => error instanceof Refused,
    state: () => standIn.ask(),
    predicts: () => (standIn.refuses() ? 'refuses' : 'admits'),
    on: (state, listener) => standIn.listeners.push([state, listener]),
    onEverything: (listener) => standIn.listeners.push([undefined, listener]),
    isolate: () => standIn.isolate(),
    reset: () => {
      standIn.reset();
    },
    disable: () => {
      standIn.disable();
    },
    reconfigure: (policy) => {
      standIn.reconfigure(policy);
    },
    shutdown: () => {
      standIn.shutdown();
    },
    replaced: () => {
      if (!standIn.has('E3')) return breakerOf(again(standIn.policy), again);
      standIn.reset();
      return breakerOf(standIn, again);
    },
    counts: () => standIn,
    retryAfterMs: () => (standIn.has('D10b') ? standIn.policy.openMs : standIn.openUntil - performance.now()),
    permit: () => permitOf(standIn),
    dispose: () => {
      standIn.shutdown();
    },
  };
}

function permitOf(standIn: StandIn): HandPermit | undefined {
  const ticket = standIn.take();
  return (
    ticket && {
      succeed: () => void standIn.settle(ticket, 'succeeded'),
      fail: () => void standIn.settle(ticket, 'failed'),
    }
  );
}

/** @throws where a setting makes no sense */
function sensible(policy: Policy): Policy {
  if (!(policy.openMs >= 1000 && policy.openMs < Infinity)) throw new RangeError('openMs');
  if (policy.threshold !== undefined && !(policy.threshold >= 1)) throw new RangeError('threshold');
  const { threshold = 1, window = { calls: 1 } } = policy.rate ?? {};
  if (!(threshold > 0 && threshold <= 1)) throw new RangeError('rate.threshold');
  if ('ms' in window && !(window.ms >= 1000)) throw new RangeError('window.ms');
  return policy;
}

/** The stand-in as a library; with the defect of a case, or sound. */
export function standIn(defect?: string): Library {
  const again = (policy: Policy) => new StandIn(defect, sensible(policy));
  return {
    name: 'stand-in',
    version: '0',
    make: (policy, check) => breakerOf(new StandIn(defect, sensible(policy), check), again),
    makeTwo: (policy) => [breakerOf(again(policy), again), breakerOf(again(policy), again)],
  };
}

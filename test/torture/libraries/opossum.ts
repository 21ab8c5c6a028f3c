import type { EventEmitter } from 'node:events';
import Opossum from 'opossum';
import { CallerError } from '../policy.js';
import type { Policy } from '../policy.js';
import type { Breaker, Library, Operation, State } from '../breaker.js';
import { versionOf } from './version.js';

/** What the package brings no types for. */
interface Circuit extends EventEmitter {
  readonly closed: boolean;
  readonly opened: boolean;
  readonly pendingClose: boolean;
  readonly isShutdown: boolean;
  readonly stats: { successes: number; failures: number; rejects: number; semaphoreRejections: number };
  fire(operation: Operation): Promise<unknown>;
  close(): void;
  disable(): void;
  shutdown(): void;
  toJSON(): object;
  getSignal(): AbortSignal | undefined;
  healthCheck(check: () => Promise<void>, everyMs: number): void;
}
const Circuit = Opossum as unknown as new (
  action: (operation: Operation) => unknown,
  options: Readonly<Record<string, unknown>>,
) => Circuit;

const REFUSALS = ['EOPENBREAKER', 'ESEMLOCKED', 'ESHUTDOWN'];
/** Without `fire`: where its listener throws no call is made, which would hide all the rest. */
const EVENTS = 'reject timeout success failure open close halfOpen semaphoreLocked healthCheckFailed';
const STATE_EVENTS = { open: 'open', closed: 'close', 'half-open': 'halfOpen' } as const;

/** What a breaker further in says, and not this one's own limit. */
function isOpen(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER';
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSALS.includes(String(error.code));
}

function optionsOf(policy: Policy): Record<string, unknown> | undefined {
  const { threshold = 1, rate, successes = 1, probes = 1, backoff, callTimeoutMs } = policy;
  const window = rate?.window ?? { ms: 10_000 };
  if (successes > 1 || probes > 1 || backoff || rate?.of === 'slowCalls' || 'calls' in window)
    return undefined;
  return {
    timeout: callTimeoutMs ?? false,
    resetTimeout: policy.openMs,
    errorThresholdPercentage: (rate?.threshold ?? 0.5) * 100,
    volumeThreshold: rate?.minimum ?? threshold,
    rollingCountTimeout: window.ms,
    errorFilter: (error: unknown) => error instanceof CallerError || isOpen(error),
    ...(policy.maxInFlight !== undefined && { capacity: policy.maxInFlight }),
    ...(callTimeoutMs !== undefined && { autoRenewAbortController: true }),
  };
}

function breakerOf(circuit: Circuit, policy: Policy): Breaker {
  return {
    plainOperations: true,
    ...(policy.callTimeoutMs !== undefined && { signalsTimeouts: true }),
    call: (operation) => circuit.fire(operation),
    isRefusal,
    state: (): State => (circuit.closed ? 'closed' : circuit.opened ? 'open' : 'half-open'),
    predicts: () => (circuit.closed || circuit.pendingClose ? 'admits' : 'refuses'),
    on: (state, listener) => {
      circuit.on(STATE_EVENTS[state], listener);
    },
    onEverything: (listener) => {
      for (const event of EVENTS.split(' ')) circuit.on(event, listener);
    },
    reset: () => {
      circuit.close();
    },
    disable: () => {
      circuit.disable();
    },
    shutdown: () => {
      circuit.shutdown();
    },
    reborn: () => {
      const state = JSON.parse(JSON.stringify(circuit.toJSON())) as object;
      return breakerOf(circuitOf({ ...optionsOf(policy), ...state }), policy);
    },
    counts: () => {
      const { successes, failures, rejects, semaphoreRejections } = circuit.stats;
      return { succeeded: successes, failed: failures, refused: rejects + semaphoreRejections };
    },
    dispose: () => {
      if (!circuit.isShutdown) circuit.shutdown();
    },
  };
}

/** A circuit whose action is given what to do. */
function circuitOf(options: Record<string, unknown>): Circuit {
  const circuit: Circuit = new Circuit((operation) => operation(circuit.getSignal()), options);
  return circuit;
}

export const opossum: Library = {
  name: 'opossum',
  version: versionOf('opossum'),
  make: (policy, check) => {
    const options = optionsOf(policy);
    if (options === undefined) return undefined;
    const circuit = circuitOf(options);
    if (policy.checkEveryMs !== undefined) circuit.healthCheck(check, policy.checkEveryMs);
    return breakerOf(circuit, policy);
  },
  makeTwo: (policy) => {
    const options = optionsOf(policy);
    return options && [breakerOf(circuitOf(options), policy), breakerOf(circuitOf(options), policy)];
  },
};

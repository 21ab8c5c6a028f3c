import { assign, enqueueActions, raise, setup } from 'xstate';
import type { CallbackActorLogic, EventObject } from 'xstate';
import type { Failure, FailureCategory } from './failure.js';
import { admitsProbe } from './policy.js';
import type { CircuitState, HealthState } from './policy.js';

/** When the circuit trips and how it recovers. Absent: the breaker is disabled and every call is admitted. */
export interface CircuitPolicy {
  /** Consecutive failures, of checks and calls together, that trip the circuit; the n-th trips. Integer ≥ 1. */
  readonly failureThreshold: number;
  /** Milliseconds from opening to half-open, exactly; > 0. A backend's Retry-After may lengthen one stay. */
  readonly openMs: number;
  /** Probe successes that close the circuit; the n-th closes. Integer ≥ 1. */
  readonly successThreshold: number;
  /** Attempts that may be out at once while half-open, health check included. Integer ≥ 1. */
  readonly maxProbes: number;
  /** Milliseconds without any probe settling after which half-open opens again; > 0. */
  readonly probeLimitMs: number;
}

/** How a backend is checked, and what the checks and calls say of its health. */
export interface HealthPolicy {
  /** Milliseconds between the end of one check and the start of the next, before jitter; > 0. */
  readonly checkIntervalMs: number;
  /** Deadline of one check in milliseconds; > 0. A check that ends exactly then has timed out. */
  readonly checkTimeoutMs: number;
  /** Consecutive failures after which the backend counts as unhealthy; the n-th decides. Integer ≥ 1. */
  readonly unhealthyThreshold: number;
  /** A successful check slower than this many milliseconds leaves the backend degraded; equal does not. */
  readonly degradedThresholdMs: number;
}

export interface BackendPolicy {
  readonly circuit?: CircuitPolicy;
  readonly health: HealthPolicy;
}

/** Why a check is made: only one that its interval asked for may be skipped on the evidence of a call. */
export type CheckReason = 'start' | 'interval' | 'probe' | 'lost' | 'requested';

/** What a check logic may say. `check.started` begins the deadline; exactly one of the others ends the check. */
export type CheckEvent =
  | { type: 'check.started' }
  | { type: 'check.succeeded'; elapsedMs: number }
  | { type: 'check.failed'; failure: Failure }
  | { type: 'check.skipped' }
  | { type: 'check.crashed'; error: unknown };

export type BackendEvent =
  | CheckEvent
  | { type: 'call.succeeded'; generation: number }
  | { type: 'call.failed'; generation: number; failure: Failure }
  | { type: 'call.released'; generation: number }
  | { type: 'permit.taken'; generation: number }
  | { type: 'session.lost' }
  | { type: 'check.request' }
  | { type: 'check.due' }
  | { type: 'check.suspend' }
  | { type: 'circuit.isolate' }
  | { type: 'circuit.release' }
  | { type: 'circuit.reset' }
  | { type: 'policy.changed'; policy: BackendPolicy };

export type BackendEmitted =
  | {
      type: 'circuit.changed';
      to: CircuitState;
      generation: number;
      cause: string;
      category?: FailureCategory | undefined;
      openForMs?: number | undefined;
    }
  | { type: 'health.changed'; to: HealthState; cause: string; category?: FailureCategory | undefined };

/** What a restarted backend keeps of its former life. */
export interface BackendResume {
  readonly circuit: CircuitState;
  /** Milliseconds left of an open stay. */
  readonly openForMs: number;
  /** Generation of the former life; the new one begins with the next. */
  readonly generation: number;
  readonly failures: number;
  readonly lastCategory?: FailureCategory;
}

export interface BackendInput {
  readonly name: string;
  readonly policy: BackendPolicy;
  /** Whether there is a health check at all; without one, calls are the only probes. */
  readonly checks: boolean;
  readonly resume?: BackendResume;
}

export interface BackendContext {
  readonly name: string;
  readonly policy: BackendPolicy;
  readonly checks: boolean;
  readonly resume: BackendResume | undefined;
  /** Number of the present stay in a circuit state. */
  readonly generation: number;
  /** Failures in a row, of checks and calls; zero after a success. */
  readonly failures: number;
  /** Permits out while half-open, without the one that the health check holds. */
  readonly probes: number;
  readonly probeSuccesses: number;
  /** Length of the present or last open stay. */
  readonly openForMs: number;
  /** Sessions lost since a whole interval last passed in peace; they space out the reconnections. */
  readonly losses: number;
  readonly reason: CheckReason;
  /** The pause before the next check, made anew for each pause. */
  readonly pause: { readonly ms: number };
  readonly lastCategory: FailureCategory | undefined;
}

export interface CheckInput {
  readonly backend: string;
  readonly reason: CheckReason;
}

/** What the machine needs of the world. */
export interface BackendParts {
  /** Makes one health check; its cleanup aborts it. `check.crashed` is a crash of the backend's actor. */
  readonly check: CallbackActorLogic<EventObject, CheckInput, CheckEvent>;
  /** Uniform in [0, 1): spreads check times by ±10 %. */
  readonly random: () => number;
}

/** No backend is left alone longer than this on its own word, in milliseconds: one hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;
/** Pause before the first reconnection of a lost session, in milliseconds; doubled for each further loss. */
export const RECONNECT_MS = 100;

/** Names for the statechart in `backend.ts`: its delays, guards and actions, as code. */
export function backendSetup({ check, random }: BackendParts) {
  return setup({
    types: {
      context: {} as BackendContext,
      events: {} as BackendEvent,
      emitted: {} as BackendEmitted,
      input: {} as BackendInput,
    },
    actors: { check },
    delays: {
      openFor: ({ context }) => context.openForMs,
      probeLimit: ({ context }) => context.policy.circuit?.probeLimitMs ?? Infinity,
      checkInterval: ({ context }) => context.pause.ms,
      checkTimeout: ({ context }) => context.policy.health.checkTimeoutMs,
      reconnectDelay: ({ context }) => context.pause.ms,
    },
    guards: {
      isStale: ({ context, event }) => 'generation' in event && event.generation !== context.generation,
      isDisabled: ({ context }) => context.policy.circuit === undefined,
      disables: ({ event }) => event.type === 'policy.changed' && event.policy.circuit === undefined,
      enables: ({ event }) => event.type === 'policy.changed' && event.policy.circuit !== undefined,
      wasOpen: ({ context }) => context.resume?.circuit === 'open',
      wasHalfOpen: ({ context }) => context.resume?.circuit === 'halfOpen',
      wasIsolated: ({ context }) => context.resume?.circuit === 'isolated',
      wasRefusing: ({ context: { resume, policy } }) =>
        resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),
      isUnchecked: ({ context }) => !context.checks,
      trips: ({ context: { failures, policy } }) =>
        failures + 1 >= (policy.circuit?.failureThreshold ?? Infinity),
      isLastProbe: ({ context: { probeSuccesses, policy } }) =>
        probeSuccesses + 1 >= (policy.circuit?.successThreshold ?? 1),
      isOnlyProbeOut: ({ context }) => context.probes <= 1,
      hasFreePermit: ({ context: { probes, checks, policy } }) =>
        admitsProbe(probes, checks, policy.circuit?.maxProbes ?? 1),
      isSlow: ({ context, event }) =>
        event.type === 'check.succeeded' && event.elapsedMs > context.policy.health.degradedThresholdMs,
      isDenied: ({ context, event }) =>
        'failure' in event &&
        event.failure.category === 'authentication_failed' &&
        context.failures + 1 >= context.policy.health.unhealthyThreshold,
      sickens: ({ context }) => context.failures + 1 >= context.policy.health.unhealthyThreshold,
    },
    actions: {
      enterCircuit: enqueueActions(({ enqueue, context, event }, { to }: { to: CircuitState }) => {
        const generation = context.generation + 1;
        enqueue.assign({ generation, probes: 0, probeSuccesses: 0 });
        enqueue.emit({
          type: 'circuit.changed',
          to,
          generation,
          cause: causeOf(event.type),
          ...(to === 'open' && { category: context.lastCategory, openForMs: context.openForMs }),
        });
      }),
      enterHealth: enqueueActions(({ enqueue, event }, { to }: { to: HealthState }) => {
        const category = 'failure' in event ? event.failure.category : undefined;
        enqueue.emit({ type: 'health.changed', to, cause: causeOf(event.type), category });
      }),
      countFailure: assign(({ context, event }) => {
        const failure: Failure = 'failure' in event ? event.failure : { category: 'timeout' };
        const { retryAfterMs = 0 } = failure;
        // What is no number asks for nothing: as a delay it would be an error.
        const askedMs = retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
        return {
          failures: context.failures + 1,
          lastCategory: failure.category,
          openForMs: Math.max(context.policy.circuit?.openMs ?? 0, askedMs),
        };
      }),
      clearFailures: assign({ failures: 0 }),
      takePermit: assign({ probes: ({ context }) => context.probes + 1 }),
      givePermitBack: assign({ probes: ({ context }) => context.probes - 1 }),
      countProbeSuccess: assign({
        failures: 0,
        probeSuccesses: ({ context }) => context.probeSuccesses + 1,
      }),
      countLoss: assign({ losses: ({ context }) => context.losses + 1 }),
      forgetLosses: assign(({ context }) => (context.reason === 'interval' ? { losses: 0 } : {})),
      adoptPolicy: assign(({ context, event }) =>
        event.type === 'policy.changed' ? { policy: event.policy } : { policy: context.policy },
      ),
      planCheck: assign(({ context }) => ({
        pause: { ms: context.policy.health.checkIntervalMs * (0.9 + 0.2 * random()) },
      })),
      planReconnect: assign(({ context: { losses, policy } }) => ({
        pause: { ms: Math.min(policy.health.checkIntervalMs, RECONNECT_MS * 2 ** Math.min(losses - 1, 20)) },
      })),
      setReason: assign((_, { reason }: { reason: CheckReason }) => ({ reason })),
      suspendChecks: raise({ type: 'check.suspend' }),
      resumeChecks: raise({ type: 'check.due' }),
      /** Let it crash: the supervisor restarts the backend and reports it. */
      crash: ({ event }) => {
        throw 'error' in event ? event.error : new Error(event.type);
      },
      failCheck: raise(({ event }) => ({
        type: 'check.failed',
        failure: { category: event.type === 'session.lost' ? 'backend_unavailable' : 'timeout' },
      })),
    },
  });
}

/** A backend's context as its life begins. */
export function firstContext({ name, policy, checks, resume }: BackendInput): BackendContext {
  return {
    name,
    policy,
    checks,
    resume,
    generation: resume?.generation ?? 0,
    failures: resume?.failures ?? 0,
    probes: 0,
    probeSuccesses: 0,
    openForMs: resume?.openForMs ?? 0,
    losses: 0,
    reason: 'start',
    pause: { ms: 0 },
    lastCategory: resume?.lastCategory,
  };
}

/** A delayed event is told by the name of its delay, every other by its own name. */
function causeOf(eventType: string): string {
  return eventType.startsWith('xstate.after.') ? (eventType.split('.')[2] ?? eventType) : eventType;
}

import { assign, enqueueActions, raise, setup } from 'xstate';
import type { CallbackActorLogic, EventObject } from 'xstate';
import type { Failure, FailureCategory } from './failure.js';
import { admitsProbe } from './policy.js';
import type { CircuitState, HealthState } from './policy.js';
import { addMark, isReached, measure, NO_MARKS } from './window.js';
import type { Marks, Measured, Passed, RatePolicy } from './window.js';

/** When the circuit trips and how it recovers. Absent: the breaker is disabled and every call is admitted. */
export interface CircuitPolicy {
  /**
   * Consecutive failures, of checks and calls together, that trip the circuit; the n-th trips. Integer ≥ 1. Absent:
   * only rates trip it.
   */
  readonly failureThreshold?: number;
  /** Rates that trip the circuit, each by itself: whichever is reached first. Absent: none. */
  readonly rates?: readonly RatePolicy[];
  /** A call that is out for this many milliseconds is slow, at once, while it is still out; one that ends before is not. */
  readonly slowCallMs?: number;
  /** Milliseconds from opening to half-open, exactly; > 0. A backend's Retry-After may lengthen one stay. */
  readonly openMs: number;
  /** Probe successes that close the circuit; the n-th closes. Integer ≥ 1. */
  readonly successThreshold: number;
  /** Attempts that may be out at once while half-open, health check included. Integer ≥ 1. */
  readonly maxProbes: number;
  /** Milliseconds without any probe settling after which half-open opens again; > 0. */
  readonly probeLimitMs: number;
  /** Lengthens the open time of a circuit that opens again and again. Absent: it is always `openMs`. */
  readonly backoff?: BackoffPolicy;
  /** The circuit does everything but refuse: what it would have refused is admitted, and counted. Default: false. */
  readonly observeOnly?: boolean;
}

/** How often, and how long, a circuit that keeps opening is left open. */
export interface BackoffPolicy {
  /** Each opening in a row is longer by this factor; ≥ 1. */
  readonly multiplier: number;
  /** The longest open time, in milliseconds; ≥ `openMs`. A backend's Retry-After may still be longer. */
  readonly maxOpenMs: number;
  /** Share in [0, 1] of a lengthened open time that is left to chance; it never goes below `openMs`. */
  readonly jitter: number;
  /** The circuit forgets one opening for each so many milliseconds that it stays closed and calls succeed; > 0. */
  readonly decayMs: number;
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
  /** Calls that may be out at once, whatever the circuit says; the next is refused. Integer ≥ 1. Absent: no limit. */
  readonly maxInFlight?: number;
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
  | { type: 'call.slow'; generation: number }
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
      /** The rate that tripped it; undefined when failures in a row, a probe or an operator did. */
      rate?: Tripped | undefined;
    }
  | { type: 'health.changed'; to: HealthState; cause: string; category?: FailureCategory | undefined };

/** The rate at which a circuit tripped. */
export interface Tripped extends Measured {
  readonly policy: RatePolicy;
}

/** What a restarted backend keeps of its former life. */
export interface BackendResume {
  readonly circuit: CircuitState;
  /** Milliseconds left of an open stay. */
  readonly openForMs: number;
  /** Generation of the former life; the new one begins with the next. */
  readonly generation: number;
  readonly failures: number;
  readonly openings: number;
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
  /** Openings in a row, as far as each lengthens the next. */
  readonly openings: number;
  /** Of each rate, what its window has seen; empty when counting begins. */
  readonly marks: readonly Marks[];
  /** Number of the present counting: it begins anew with each stay, other rates, and an operator's reset. */
  readonly counting: number;
  readonly rate: Tripped | undefined;
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
  /** Uniform in [0, 1): spreads check times by ±10 %, and open times as their policy says. */
  readonly random: () => number;
  /**
   * What the attempts that sent no event amount to, for each rate of the policy. Asked when a failure or a slow call
   * is judged; without rates never.
   */
  readonly passed: (backend: string) => readonly Passed[];
}

/** No backend is left alone longer than this on its own word, in milliseconds: one hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;
/** Pause before the first reconnection of a lost session, in milliseconds; doubled for each further loss. */
export const RECONNECT_MS = 100;

/** Names for the statechart in `backend.ts`: its delays, guards and actions, as code. */
export function backendSetup({ check, random, passed }: BackendParts) {
  /** The marks of all rates with one more for those of a kind, and the first of these that is reached by it. */
  const markAll = ({ name, policy, marks }: BackendContext, of: RatePolicy['of']) => {
    const rates = policy.circuit?.rates ?? [];
    const counts = rates.length > 0 ? passed(name) : [];
    let reached: Tripped | undefined;
    const marked = rates.map((rate, index) => {
      const before = marks[index] ?? NO_MARKS;
      const count = counts[index];
      if (rate.of !== of || count === undefined) return before;
      const after = addMark(rate, before, count);
      const measured = measure(rate, after, count);
      if (reached === undefined && isReached(rate, measured)) reached = { policy: rate, ...measured };
      return after;
    });
    return { marks: marked, rate: reached };
  };
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
      backoffDecay: ({ context }) => context.policy.circuit?.backoff?.decayMs ?? Infinity,
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
      trips: ({ context }) =>
        context.failures + 1 >= (context.policy.circuit?.failureThreshold ?? Infinity) ||
        markAll(context, 'failures').rate !== undefined,
      isTooSlow: ({ context }) => markAll(context, 'slowCalls').rate !== undefined,
      isFailing: ({ context }) => context.failures > 0,
      isSteady: ({ context }) => context.openings === 0,
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
        const counting = context.counting + 1;
        enqueue.assign({ generation, probes: 0, probeSuccesses: 0, marks: [], counting, rate: undefined });
        const { lastCategory, openForMs, rate } = context;
        // What is slow has not failed: an older failure has no part in it.
        const category = rate?.policy.of === 'slowCalls' ? undefined : lastCategory;
        enqueue.emit({
          type: 'circuit.changed',
          to,
          generation,
          cause: causeOf(event.type),
          ...(to === 'open' && { category, openForMs, rate }),
        });
      }),
      enterHealth: enqueueActions(({ enqueue, event }, { to }: { to: HealthState }) => {
        const category = 'failure' in event ? event.failure.category : undefined;
        enqueue.emit({ type: 'health.changed', to, cause: causeOf(event.type), category });
      }),
      countFailure: assign(({ context, event }) => ({
        failures: context.failures + 1,
        lastCategory: failureOf(event).category,
      })),
      /** Before the failure is counted: what failures in a row have reached is no matter of a rate. */
      markFailure: assign(({ context }) => {
        const { marks, rate } = markAll(context, 'failures');
        const inRow = context.failures + 1 >= (context.policy.circuit?.failureThreshold ?? Infinity);
        return { marks, rate: inRow ? undefined : rate };
      }),
      markSlow: assign(({ context }) => markAll(context, 'slowCalls')),
      planOpening: assign(({ context: { policy, openings }, event }) => {
        const { openMs = 0, backoff } = policy.circuit ?? {};
        const { retryAfterMs = 0 } = failureOf(event);
        // What is no number asks for nothing: as a delay it would be an error.
        const askedMs = retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
        if (!backoff) return { openForMs: Math.max(openMs, askedMs) };
        const { multiplier, maxOpenMs, jitter } = backoff;
        const nominalMs = (n: number) => Math.min(openMs * multiplier ** n, maxOpenMs);
        const backedOffMs = nominalMs(openings) * (openings > 0 ? 1 - jitter * random() : 1);
        return {
          openForMs: Math.max(openMs, backedOffMs, askedMs),
          openings: nominalMs(openings + 1) > nominalMs(openings) ? openings + 1 : openings,
        };
      }),
      forgetOpening: assign({ openings: ({ context }) => context.openings - 1 }),
      forgetOpenings: assign({ openings: 0 }),
      countAnew: assign({ marks: [], counting: ({ context }) => context.counting + 1 }),
      clearFailures: assign({ failures: 0 }),
      takePermit: assign({ probes: ({ context }) => context.probes + 1 }),
      givePermitBack: assign({ probes: ({ context }) => context.probes - 1 }),
      countProbeSuccess: assign({
        failures: 0,
        probeSuccesses: ({ context }) => context.probeSuccesses + 1,
      }),
      countLoss: assign({ losses: ({ context }) => context.losses + 1 }),
      forgetLosses: assign(({ context }) => (context.reason === 'interval' ? { losses: 0 } : {})),
      adoptPolicy: assign(({ context: { policy, openings, counting }, event }) => {
        if (event.type !== 'policy.changed') return {};
        const { circuit } = event.policy;
        const sameRates = JSON.stringify(circuit?.rates) === JSON.stringify(policy.circuit?.rates);
        return {
          policy: event.policy,
          openings: circuit?.backoff ? openings : 0,
          ...(!sameRates && { marks: [], counting: counting + 1 }),
        };
      }),
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
    openings: resume?.openings ?? 0,
    marks: [],
    counting: 0,
    rate: undefined,
    losses: 0,
    reason: 'start',
    pause: { ms: 0 },
    lastCategory: resume?.lastCategory,
  };
}

/** Whatever fails without a word has not ended in time. */
function failureOf(event: BackendEvent): Failure {
  return 'failure' in event ? event.failure : { category: 'timeout' };
}

/** A delayed event is told by the name of its delay, every other by its own name. */
function causeOf(eventType: string): string {
  return eventType.startsWith('xstate.after.') ? (eventType.split('.')[2] ?? eventType) : eventType;
}

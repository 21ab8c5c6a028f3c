import { assign, enqueueActions, raise, setup } from 'xstate';
import type { CallbackActorLogic, EventObject } from 'xstate';
import type { BackendPolicy } from './backend-policy.js';
import type { Failure, FailureCategory } from './failure.js';
import { opening } from './opening.js';
import { admitsProbe } from './policy.js';
import type { CircuitState, HealthState } from './policy.js';
import { markRates } from './window.js';
import type { Marks, Passed, RatePolicy, Tripped } from './window.js';

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

/** Pause before the first reconnection of a lost session, in milliseconds; doubled for each further loss. */
export const RECONNECT_MS = 100;

/** Names for the statechart in `backend.ts`: its delays, guards and actions, as code. */
export function backendSetup({ check, random, passed }: BackendParts) {
  const markAll = ({ name, policy, marks }: BackendContext, of: RatePolicy['of']) => {
    const rates = policy.circuit?.rates ?? [];
    return markRates(rates, of, marks, rates.length > 0 ? passed(name) : []);
  };
  /** One failure more in a row is as many as trip. */
  const areTooMany = ({ failures, policy }: BackendContext) =>
    failures + 1 >= (policy.circuit?.failureThreshold ?? Infinity);
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
      trips: ({ context }) => areTooMany(context) || markAll(context, 'failures').rate !== undefined,
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
        const { lastCategory, openForMs } = context;
        const rate = to === 'open' ? context.rate : undefined;
        enqueue.assign({ generation, probes: 0, probeSuccesses: 0, marks: [], counting, rate });
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
        return { marks, rate: areTooMany(context) ? undefined : rate };
      }),
      markSlow: assign(({ context }) => markAll(context, 'slowCalls')),
      planOpening: assign(({ context: { policy, openings }, event }) =>
        policy.circuit ? opening(policy.circuit, openings, failureOf(event).retryAfterMs, random) : {},
      ),
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

export type BackendSetup = ReturnType<typeof backendSetup>;

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

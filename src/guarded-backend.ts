import type { Outcome } from '../machines/failure.js';
import { shouldAdvertise, shouldRoute } from '../machines/policy.js';
import type { Backend } from './engine/backend-handle.js';
import { settle } from './engine/execute.js';
import type { Refusal } from './engine/permit.js';
import type {
  Answer,
  BackendRequest,
  CallOptions,
  GatewayBackend,
  OwnSessions,
  Unavailable,
} from './gateway/backend.js';
import type { BackendSessions } from './backend-sessions.js';
import type { Catalog } from './session/catalog.js';

/** Why a call is answered without the backend. */
export type CallRefusal = Exclude<Unavailable['code'], 'CALL_FAILED'>;

/** Is told of each call, once: while it is made nothing waits for this. */
export interface CallObserver {
  callRefused(backend: string, code: CallRefusal): void;
  /** It was admitted; `elapsedMs` from then to its end, connecting included. */
  callEnded(backend: string, outcome: Outcome, elapsedMs: number, request: BackendRequest): void;
}

/** One backend for the gateway: its circuit in front of its session. */
export class GuardedBackend implements GatewayBackend {
  constructor(
    private readonly backend: Backend,
    private readonly sessions: Pick<BackendSessions, 'shared' | 'own'>,
    private readonly timeoutMs: number,
    private readonly observers: readonly CallObserver[] = [],
  ) {}

  get name(): string {
    return this.backend.name;
  }

  get catalog(): Catalog | undefined {
    return this.sessions.shared.catalog;
  }

  get heard(): boolean {
    return this.sessions.shared.catalog !== undefined || this.backend.status().lastCheckTime !== undefined;
  }

  get advertised(): boolean {
    return shouldAdvertise(this.backend.standing);
  }

  get own(): OwnSessions {
    return this.sessions.own;
  }

  unavailable(): Unavailable | undefined {
    const refusal = this.backend.refusal();
    if (refusal) return this.#refused(refusal);
    const { health } = this.backend.standing;
    return health === 'unhealthy' || health === 'unauthenticated' ? this.#ill() : undefined;
  }

  async call(request: BackendRequest, { signal, onProgress, client, caller }: CallOptions): Promise<Answer> {
    if (signal.aborted) return { kind: 'cancelled' };
    const permit = this.backend.permit();
    if (!permit.admitted) {
      for (const observer of this.observers) observer.callRefused(this.name, permit.code);
      return { kind: 'unavailable', unavailable: this.#refused(permit) };
    }
    if (!shouldRoute(this.backend.standing)) {
      permit.release();
      const ill = this.#ill();
      for (const observer of this.observers) observer.callRefused(this.name, ill.code);
      return { kind: 'unavailable', unavailable: ill };
    }
    const startedAt = performance.now();
    const session = this.sessions.own.of(client) ?? this.sessions.shared;
    const { timeoutMs } = this;
    const reply = await session.request(request, { signal, timeoutMs, onProgress, caller });
    settle(permit, reply.outcome);
    const elapsedMs = performance.now() - startedAt;
    for (const observer of this.observers) observer.callEnded(this.name, reply.outcome, elapsedMs, request);
    if (reply.kind !== 'failed') return reply;
    const refusal = this.backend.refusal();
    // It was admitted, but never sent: what keeps the next call away has kept this one.
    if (refusal && reply.outcome.kind === 'released' && !reply.mayHaveRun) {
      return { kind: 'unavailable', unavailable: this.#refused(refusal) };
    }
    const { category, retryAfterMs } = reply.failure;
    const next = refusal?.retryAfterMs ?? retryAfterMs;
    return {
      kind: 'unavailable',
      unavailable: {
        backend: this.name,
        code: 'CALL_FAILED',
        reason: reply.reason,
        ...(reply.mayHaveRun && { mayHaveRun: true }),
        category,
        ...inWhole(next),
      },
    };
  }

  #refused({ code, retryAfterMs }: Refusal): Unavailable {
    const { lastErrorCategory: category, trippedBy } = this.backend.status();
    return {
      backend: this.name,
      code,
      reason: code === 'CIRCUIT_OPEN' && trippedBy ? TRIPPED_BY[trippedBy.of] : REASONS[code],
      ...(category && { category }),
      ...inWhole(retryAfterMs),
    };
  }

  /** Its circuit admits calls, but it cannot serve. */
  #ill(): Unavailable & { readonly code: CallRefusal } {
    const {
      health,
      consecutiveFailures,
      lastErrorCategory: category,
      nextAttemptInMs,
    } = this.backend.status();
    const denied = health === 'unauthenticated';
    return {
      backend: this.name,
      code: denied ? 'BACKEND_UNAUTHENTICATED' : 'BACKEND_UNHEALTHY',
      reason: denied
        ? 'it does not accept the credentials that the gateway sends, or lacks them'
        : consecutiveFailures === 1
          ? 'it has failed'
          : `it has failed ${consecutiveFailures} times in a row`,
      ...(category && { category }),
      ...inWhole(nextAttemptInMs),
    };
  }
}

/** Never sooner than it makes sense. */
function inWhole(ms: number | undefined): { readonly retryAfterMs?: number } {
  return ms === undefined ? {} : { retryAfterMs: Math.ceil(ms) };
}

/** Why a circuit is open that a rate has tripped. */
const TRIPPED_BY = {
  failures: 'too many of its calls failed and its circuit is open',
  slowCalls: 'too many of its calls were slow and its circuit is open',
} as const;

/** Why, as a clause that an agent can read. */
const REASONS: Readonly<Record<Refusal['code'], string>> = {
  CIRCUIT_OPEN: 'it has failed repeatedly and its circuit is open',
  CIRCUIT_HALF_OPEN: 'its recovery is being tested right now',
  CIRCUIT_ISOLATED: 'an operator has isolated it',
  BULKHEAD_FULL: 'as many calls as it may have at once are out',
  BACKEND_RESTARTING: 'the gateway is restarting its connection',
  BACKEND_GAVE_UP: 'the gateway has given it up after repeated crashes, until an operator resets it',
  BACKEND_DRAINING: 'it is being removed from the configuration',
  ENGINE_STOPPED: 'the gateway is shutting down',
};

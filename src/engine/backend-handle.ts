import type { Standing } from '../../machines/policy.js';
import type { Clock } from './clock.js';
import { Aftermath, attempt, attemptUnlimited, CallRefusedError, rejected } from './execute.js';
import type { Attempt, Classify, ExecuteOptions } from './execute.js';
import type { Gate } from './gate.js';
import type { Permit, Refusal, StayPermit } from './permit.js';
import type { BackendStatus } from './status.js';
import { statusOf } from './status-of.js';
import type { TimeLimits } from './time-limits.js';

/** One backend of an engine. Stays valid when the backend is restarted or replaced by another of its name. */
export interface Backend {
  readonly name: string;
  /** The input of the predicates in `machines/policy.ts`, now. */
  readonly standing: Standing;
  /**
   * Asks for one call, synchronously. A permit must be settled exactly once; a refusal is a value, not an
   * error, and has not touched the backend.
   */
  permit(): Permit | Refusal;
  /** What `permit()` would refuse now, or undefined. Takes nothing and counts nothing. */
  refusal(): Refusal | undefined;
  /**
   * Makes one guarded call.
   * @throws {CallRefusedError} the circuit does not admit it; the backend was not contacted.
   * @throws {CallTimeoutError} it did not end in time; the backend may have been contacted.
   * @throws {TypeError} `timeoutMs` is not a number; the backend was not contacted.
   * @throws the caller's `signal.reason`, or whatever the operation throws.
   */
  execute<T>(operation: (attempt: Attempt) => PromiseLike<T> | T, options?: ExecuteOptions): Promise<T>;
  /** Tells the engine that the backend's connection was lost by itself: it is checked again soon. */
  sessionLost(): void;
  status(): BackendStatus;
  /**
   * The active states of its statechart by their ids, e.g. `backend.circuit.closed`, as in the drawings; none while its
   * actor is away.
   */
  readonly states: readonly string[];
}

interface HandleWorld {
  readonly clock: Clock;
  readonly classify: Classify;
  readonly callTimeoutMs: () => number;
  readonly limits: TimeLimits;
}

/** The handle behind which gates change. */
export class BackendHandle implements Backend {
  #aftermath: Aftermath | undefined;

  constructor(
    public gate: Gate,
    private readonly world: HandleWorld,
  ) {}

  get name(): string {
    return this.gate.name;
  }

  get standing(): Standing {
    return this.gate;
  }

  permit(): Permit | Refusal {
    return this.gate.permit();
  }

  refusal(): Refusal | undefined {
    return this.gate.peek();
  }

  execute<T>(
    operation: (attempt: Attempt) => PromiseLike<T> | T,
    { signal, timeoutMs = this.world.callTimeoutMs() }: ExecuteOptions = {},
  ): Promise<T> {
    if (signal?.aborted) return rejected(signal.reason);
    if (Number.isNaN(timeoutMs)) return rejected(new TypeError('timeoutMs is not a number'));
    const stay = this.gate.admitFreely();
    const permit = stay ?? this.gate.permit();
    if (!permit.admitted) return rejected(new CallRefusedError(permit));
    if (timeoutMs < Infinity || signal) return attempt(permit, operation, { signal, timeoutMs }, this.world);
    const aftermath = stay ? this.#aftermathOf(stay) : new Aftermath(permit, this.world.classify);
    return attemptUnlimited(operation, aftermath);
  }

  sessionLost(): void {
    this.gate.send({ type: 'session.lost' });
  }

  get states(): readonly string[] {
    return this.gate.states;
  }

  status(): BackendStatus {
    return statusOf(this.gate, this.world.clock);
  }

  /** What follows the unlimited calls of one stay: to make it for each call would cost more than the rest of the guard. */
  #aftermathOf(stay: StayPermit): Aftermath {
    if (this.#aftermath?.permit !== stay) this.#aftermath = new Aftermath(stay, this.world.classify);
    return this.#aftermath;
  }
}

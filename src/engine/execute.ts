import type { FailureCategory, Outcome } from '../../machines/failure.js';
import type { Permit, Refusal, RefusalCode } from './permit.js';
import type { Limited, TimeLimits } from './time-limits.js';

/** The circuit did not admit a call; nothing has reached the backend. Has no stack: refusing must be cheap. */
export class CallRefusedError extends Error {
  override readonly name = 'CallRefusedError';
  readonly backend: string;
  readonly code: RefusalCode;
  readonly retryAfterMs: number | undefined;

  constructor({ backend, code, retryAfterMs }: Refusal) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`backend "${backend}" is unavailable: ${code}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.backend = backend;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** For what is to follow in a microtask. */
const NOW = Promise.resolve();

/**
 * Rejects when the caller is listening, which is a microtask later. A promise that is rejected before anyone
 * listens is reported to Node as unhandled, and then as handled after all: that costs more than the error.
 */
export function rejected(error: unknown): Promise<never> {
  return NOW.then(() => {
    throw error;
  });
}

/** A call did not end within its time. The backend may have received it. */
export class CallTimeoutError extends Error {
  override readonly name = 'CallTimeoutError';
  readonly code = 'CALL_TIMEOUT';

  constructor(
    readonly backend: string,
    readonly timeoutMs: number,
  ) {
    super(`the call to backend "${backend}" did not end within ${timeoutMs} ms`);
  }
}

/** What a running call is given. */
export interface Attempt {
  /** Aborted when the caller gives up or the time is over. */
  readonly signal: AbortSignal;
}

export interface ExecuteOptions {
  /** The caller's own wish to give up: the permit is released, nothing is recorded. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds the call may take; one that ends exactly then has timed out. Default: the engine's. */
  readonly timeoutMs?: number | undefined;
}

/** An operation may say itself what its error says of the backend. */
export type Classify = (error: unknown) => Outcome;

/** Any error is evidence against the backend, unless the embedder knows better. */
export const blameBackend: Classify = (error) => ({
  kind: 'failed',
  failure: { category: categoryOf(error) },
});

/** A refusal of an engine is no evidence, and nobody is asked: an operation that calls another backend may get one. */
export const excuseRefusals =
  (classify: Classify): Classify =>
  (error) =>
    error instanceof CallRefusedError ? { kind: 'released' } : classify(error);

function categoryOf(error: unknown): FailureCategory {
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'backend_unavailable';
}

type Operation<T> = (attempt: Attempt) => PromiseLike<T> | T;

interface AttemptWorld {
  readonly classify: Classify;
  readonly limits: TimeLimits;
}

/** One guarded call that its caller or its time limit may end: its permit is settled exactly once. */
export function attempt<T>(
  permit: Permit,
  operation: Operation<T>,
  { signal, timeoutMs }: { signal?: AbortSignal | undefined; timeoutMs: number },
  world: AttemptWorld,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const limited = new LimitedAttempt(permit, resolve, reject, timeoutMs, world);
    world.limits.begin(limited);
    if (signal) limited.follow(signal);
    limited.make(operation);
  });
}

/** One guarded call that nothing ends but itself. What it returns is what follows the operation's own promise. */
export function attemptUnlimited<T>(operation: Operation<T>, aftermath: Aftermath): Promise<T> {
  try {
    return promised(operation(new EndlessAttempt())).then(aftermath.succeeded, aftermath.failed);
  } catch (error) {
    return rejected(aftermath.judge(error));
  }
}

/** Most operations answer with a promise: to ask costs half of what `Promise.resolve` does. */
function promised<T>(answer: PromiseLike<T> | T): Promise<T> {
  return answer instanceof Promise ? (answer as Promise<T>) : Promise.resolve(answer);
}

/** Nobody aborts its signal, which is made when somebody asks for it: it costs more than all else in a call. */
class EndlessAttempt implements Attempt {
  #signal: AbortSignal | undefined;

  get signal(): AbortSignal {
    return (this.#signal ??= new AbortController().signal);
  }
}

/** What follows an unlimited call. A promise settles once, so that one aftermath may serve all calls of a stay. */
export class Aftermath {
  constructor(
    readonly permit: Permit,
    private readonly classify: Classify,
  ) {}

  readonly succeeded = <T>(value: T): T => {
    this.permit.succeed();
    return value;
  };

  readonly failed = (error: unknown): never => {
    throw this.judge(error);
  };

  /** Settles a call that failed. Returns what its caller gets to see. */
  judge(error: unknown): unknown {
    return judged(this.permit, error, this.classify);
  }
}

/** Settles the permit of a call that failed. Returns what the caller gets to see. */
function judged(permit: Permit, error: unknown, classify: Classify): unknown {
  try {
    settle(permit, classify(error));
    return error;
  } catch (defect) {
    // A verdict that cannot be had must not leave the permit out.
    permit.release();
    return new Error('classify threw', { cause: defect });
  }
}

/**
 * Its promise is one of its own, since the operation's cannot be ended early: that is its price.
 *
 * It makes its signal when somebody asks for it: an AbortController costs more than all else in a call.
 */
class LimitedAttempt<T> implements Attempt, Limited {
  place = -1;
  timer: unknown;
  private controller: AbortController | undefined;
  private unfollow: (() => void) | undefined;
  private isOver = false;

  constructor(
    private readonly permit: Permit,
    private readonly resolve: (value: T) => void,
    private readonly reject: (error: unknown) => void,
    readonly timeoutMs: number,
    private readonly world: AttemptWorld,
  ) {}

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  /** Gives up when the caller does. */
  follow(caller: AbortSignal): void {
    const giveUp = () => {
      this.end();
      this.permit.release();
      this.abort(caller.reason);
    };
    caller.addEventListener('abort', giveUp);
    this.unfollow = () => {
      caller.removeEventListener('abort', giveUp);
    };
  }

  make(operation: Operation<T>): void {
    const fail = (error: unknown) => {
      if (this.isOver) return;
      this.end();
      this.reject(judged(this.permit, error, this.world.classify));
    };
    try {
      promised(operation(this)).then((value) => {
        if (this.isOver) return;
        this.end();
        this.permit.succeed();
        this.resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  }

  expire(): void {
    this.end();
    this.permit.fail({ category: 'timeout' });
    this.abort(new CallTimeoutError(this.permit.backend, this.timeoutMs));
  }

  private abort(reason: unknown): void {
    this.controller ??= new AbortController();
    this.controller.abort(reason);
    this.reject(reason);
  }

  private end(): void {
    this.isOver = true;
    this.world.limits.end(this);
    this.unfollow?.();
  }
}

/**
 * Settles a permit by what an attempt said.
 * @throws {TypeError} it is no outcome; nothing is settled
 */
export function settle(permit: Permit, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'succeeded':
      permit.succeed();
      return;
    case 'failed':
      permit.fail(outcome.failure);
      return;
    case 'released':
      permit.release();
      return;
    default:
      throw new TypeError('what classify says is no outcome', { cause: outcome });
  }
}

import type { FailureCategory, Outcome } from '../../machines/failure.js';
import type { Clock } from './clock.js';
import type { Permit, Refusal, RefusalCode } from './permit.js';

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

function categoryOf(error: unknown): FailureCategory {
  const name = error instanceof Error ? error.name : '';
  return name === 'TimeoutError' ? 'timeout' : 'backend_unavailable';
}

/** One guarded call: its permit is settled exactly once, whatever the operation does. */
export function attempt<T>(
  permit: Permit,
  operation: (attempt: Attempt) => PromiseLike<T> | T,
  { signal, timeoutMs }: { signal?: AbortSignal | undefined; timeoutMs: number },
  { clock, classify }: { clock: Clock; classify: Classify },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const end = () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    };
    const giveUp = () => {
      end();
      permit.release();
      controller.abort(signal?.reason);
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      end();
      const error = new CallTimeoutError(permit.backend, timeoutMs);
      permit.fail({ category: 'timeout' });
      controller.abort(error);
      reject(error);
    }, timeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });

    const fail = (error: Error) => {
      end();
      try {
        settle(permit, classify(error));
        reject(error);
      } catch (defect) {
        // A verdict that cannot be had must not leave the permit out.
        permit.release();
        reject(new Error('classify threw', { cause: defect }));
      }
    };
    try {
      Promise.resolve(operation({ signal: controller.signal })).then((value) => {
        end();
        permit.succeed();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error as Error);
    }
  });
}

/** Settles a permit by what an attempt said. */
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
  }
}

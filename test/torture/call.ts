import type { Breaker } from './breaker.js';
import { BackendError } from './policy.js';

export interface CallOptions {
  /** The caller's. */
  readonly signal?: AbortSignal;
  /** Whether the backend gives up when the signal that it was given says so; by default it does not. */
  readonly heeds?: boolean;
  /** What the operation does instead of waiting for `succeed` or `fail`. */
  readonly does?: () => unknown;
}

/** One call through a breaker, and the backend's side of it. */
export class Call {
  /** The operation has begun. */
  admitted = false;
  outcome: 'pending' | 'resolved' | 'rejected' | 'refused' = 'pending';
  value: unknown;
  error: unknown;
  /** What the library gave the operation. */
  given: AbortSignal | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  readonly #answer = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(breaker: Breaker, { signal, heeds = false, does }: CallOptions = {}) {
    // Its own caller hears of an error if the call gets through; nobody else has to.
    this.#answer.catch(() => undefined);
    const operation = (given?: AbortSignal) => {
      this.admitted = true;
      this.given = given;
      if (given && heeds) this.#heed(given);
      return does ? does() : this.#answer;
    };
    const ended = (error: unknown) => {
      this.outcome = breaker.isRefusal(error) ? 'refused' : 'rejected';
      this.error = error;
    };
    try {
      breaker.call(operation, signal).then((value) => {
        this.outcome = 'resolved';
        this.value = value;
      }, ended);
    } catch (error) {
      ended(error);
    }
  }

  /** The listener goes with the call: some libraries give every operation the same signal. */
  #heed(given: AbortSignal): void {
    const giveUp = () => {
      this.fail(given.reason);
    };
    const forget = () => {
      given.removeEventListener('abort', giveUp);
    };
    given.addEventListener('abort', giveUp);
    this.#answer.then(forget, forget);
  }

  /** The backend answers. */
  succeed(value: unknown = 'ok'): void {
    this.#resolve(value);
  }

  /** The backend fails, or whatever else went wrong. */
  fail(error: unknown = new BackendError('the backend is down')): void {
    this.#reject(error);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { RetryPolicy } from './config/config.js';
import type { Answer, BackendRequest, CallOptions, GatewayBackend } from './gateway/backend.js';
import { WrappedBackend } from './gateway/wrapped-backend.js';
import type { Caller } from './session/caller.js';

/** How many retries may be saved up, and are there from the start. */
const MAX_SAVED = 10;
/** The pause before the first retry is at most so many milliseconds, and twice as long before each further one. */
const FIRST_PAUSE_MS = 100;
/** A backend that asks for a longer pause is not called again. */
const MAX_PAUSE_MS = 1_000;
/** What is only read, by the protocol. */
const READING: ReadonlySet<string> = new Set(['resources/read', 'prompts/get', 'completion/complete']);

/**
 * Makes a call again that failed, where that can do no harm: it is only read, or its tool says that it may be called
 * twice. Never into a circuit that does not admit it, never after the caller was told or asked anything, not after a time
 * out, which has taken long enough, and no more often than its budget allows: an ill backend is not helped by more calls.
 *
 * Source: Finagle and Envoy, retry budget.
 */
export class RetryingBackend extends WrappedBackend {
  #saved = MAX_SAVED;

  constructor(
    backend: GatewayBackend,
    private readonly policy: RetryPolicy,
    private readonly onRetry: (backend: string) => void,
    private readonly random: () => number = Math.random,
  ) {
    super(backend);
  }

  override async call(request: BackendRequest, options: CallOptions): Promise<Answer> {
    this.#saved = Math.min(MAX_SAVED, this.#saved + this.policy.budget);
    const heard = { isTold: false };
    const watched = watch(options, heard);
    for (let retries = 0; ; retries += 1) {
      const answer = await this.backend.call(request, watched);
      if (heard.isTold || retries === this.policy.maxRetries || this.#saved < 1) return answer;
      const waitMs = this.#pauseBefore(retries, request, answer);
      if (waitMs === undefined) return answer;
      this.#saved -= 1;
      const isCancelled = await pause(waitMs, false, { signal: options.signal }).catch(() => true);
      if (isCancelled) return { kind: 'cancelled' };
      // It may have opened meanwhile.
      if (this.backend.unavailable()) return answer;
      this.onRetry(this.name);
    }
  }

  /** Milliseconds; undefined: it is not made again. */
  #pauseBefore(retries: number, request: BackendRequest, answer: Answer): number | undefined {
    if (answer.kind !== 'unavailable' || this.backend.unavailable()) return undefined;
    const { code, category, retryAfterMs = 0 } = answer.unavailable;
    if (code !== 'CALL_FAILED' || category === 'timeout' || retryAfterMs > MAX_PAUSE_MS) return undefined;
    if (!this.#isRepeatable(request)) return undefined;
    return Math.max(retryAfterMs, this.random() * FIRST_PAUSE_MS * 2 ** retries);
  }

  #isRepeatable({ method, params }: BackendRequest): boolean {
    if (method !== 'tools/call') return READING.has(method);
    const tool = this.catalog?.tools.find(({ name }) => name === params['name']);
    const { readOnlyHint, idempotentHint } = (tool?.['annotations'] ?? {}) as Record<string, unknown>;
    return readOnlyHint === true || idempotentHint === true;
  }
}

/** Notes whether the caller has been told or asked anything: made again, the call would tell or ask it twice. */
function watch(options: CallOptions, heard: { isTold: boolean }): CallOptions {
  const { onProgress, caller } = options;
  const noting =
    <Args extends unknown[], T>(run: (...args: Args) => T) =>
    (...args: Args): T => {
      heard.isTold = true;
      return run(...args);
    };
  const watched: Caller | undefined = caller && {
    ask: noting((...args) => caller.ask(...args)),
    tell: noting((...args) => caller.tell(...args)),
  };
  return {
    ...options,
    ...(onProgress && { onProgress: noting(onProgress) }),
    ...(watched && { caller: watched }),
  };
}

import { performance } from 'node:perf_hooks';
import { FaultError, fault } from './outcome.js';
import type { Fault } from './outcome.js';
import { inSeconds, LONGEST_TIMER_MS, lookAgain } from './requests.js';

/**
 * Runs something under a caller's signal and a deadline of its own. The signal it gets is aborted with a FaultError,
 * so that who waits on it learns the mechanism; both listeners and timer are gone when it is done.
 *
 * @param timeoutMs from now; Infinity for none. Like the deadline of a request it looks at the sockets once more.
 */
export async function withinLimit<T>(
  caller: AbortSignal,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const end = (found: Fault): void => limit.abort(new FaultError(found));
  const onAbort = (): void => end(fault('cancelled', 'the caller gave up'));
  const expire = (): void => end(fault('deadline', `connecting timed out after ${inSeconds(timeoutMs)}`));
  const waitMs = Math.min(timeoutMs, LONGEST_TIMER_MS);
  const dueAt = performance.now() + waitMs;
  let timer = Number.isFinite(timeoutMs)
    ? setTimeout(() => {
        timer = lookAgain(dueAt, expire);
      }, waitMs)
    : undefined;
  caller.addEventListener('abort', onAbort, { once: true });
  if (caller.aborted) onAbort();
  try {
    return await run(limit.signal);
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', onAbort);
  }
}

/** Settles as the promise does, or rejects with the signal's reason, whichever is first. Leaves no listener behind. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as FaultError);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

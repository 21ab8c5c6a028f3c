import type { CircuitPolicy } from './backend-policy.js';

/** No backend is left alone longer than this on its own word, in milliseconds: one hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** How long a circuit that opens is open, and how many openings in a row are to be remembered. */
export function opening(
  { openMs, backoff }: CircuitPolicy,
  openings: number,
  retryAfterMs = 0,
  random: () => number,
): { readonly openForMs: number; readonly openings: number } {
  // What is no number asks for nothing: as a delay it would be an error.
  const askedMs = retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
  if (!backoff) return { openForMs: Math.max(openMs, askedMs), openings };
  const { multiplier, maxOpenMs, jitter } = backoff;
  const lengthMs = (before: number) => Math.min(openMs * multiplier ** before, maxOpenMs);
  // The first opening is exact.
  const share = openings === 0 ? 1 : 1 - jitter * random();
  return {
    openForMs: Math.max(openMs, lengthMs(openings) * share, askedMs),
    openings: lengthMs(openings + 1) > lengthMs(openings) ? openings + 1 : openings,
  };
}

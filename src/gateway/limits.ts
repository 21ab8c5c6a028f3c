import type { Limits } from '../limits.js';

/** What clients may cost us, as it is set. */
export type ClientLimits = Pick<
  Limits,
  | 'maxBodyBytes'
  | 'maxClientBatch'
  | 'maxClientSessions'
  | 'clientSessionIdleMs'
  | 'maxSubscriptions'
  | 'maxAskMs'
>;

/**
 * Bounds between the gateway and its clients that nobody sets; those that can be set are in `src/limits.ts`. Times in
 * milliseconds, sizes in bytes.
 */
export const GATEWAY_LIMITS = {
  /** What may wait for a client behind the message that is being sent to it; with more it loses the stream. */
  maxBufferedBytes: 4_194_304,
  /** A call without an answer for so long goes on as a stream, so that nobody's header time-out ends it. */
  streamAfterMs: 5_000,
  /** How long a client whose stream broke off may take to come back; until then its call goes on. */
  resumeMs: 30_000,
  /** How often an open stream is written to when there is nothing to say. */
  keepAliveMs: 15_000,
  /** How long closing waits for the answers that are being worked on; the calls that are out have been ended by then. */
  maxLastAnswersMs: 1_000,
  /** Cancellations of requests that have not come, kept per session in case they still do; the oldest makes room. */
  maxEarlyCancellations: 100,
  /** When a caller is told to try again whose backend has not been heard from yet. */
  startRetryMs: 2_000,
  /** Entries in one page of a list. */
  pageSize: 1_000,
  /** Changes within so long become one `list_changed`. */
  coalesceMs: 50,
  /**
   * How long, from the start, names that depend on the rank of backends wait for those not yet heard from. After
   * that the first to claim such a name holds it.
   */
  settleMs: 2_000,
} as const;

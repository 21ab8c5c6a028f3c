/** Bounds of what clients may hold. Times in milliseconds, sizes in bytes. */
export const GATEWAY_LIMITS = {
  /** One POST; a larger one is answered with 413. */
  maxBodyBytes: 4_194_304,
  /** Messages in one POST, for clients of revision 2025-03-26, which may batch. */
  maxBatch: 100,
  /** Client sessions over HTTP; the longest idle one makes room, and when none is idle a new one gets 503. */
  maxSessions: 1_000,
  /** A session without an open exchange or stream for so long is ended; its client then gets 404 and starts anew. */
  sessionIdleMs: 1_800_000,
  /** What may wait for a client behind the message that is being sent to it; with more it loses the stream. */
  maxBufferedBytes: 4_194_304,
  /** A call without an answer for so long goes on as a stream, so that nobody's header time-out ends it. */
  streamAfterMs: 5_000,
  /** How often an open stream is written to when there is nothing to say. */
  keepAliveMs: 15_000,
  /** How long closing waits for the answers that are being worked on; the calls that are out have been ended by then. */
  maxLastAnswersMs: 1_000,
  /** Resources that one client may be subscribed to. */
  maxSubscriptions: 1_000,
  /** Milliseconds that a client may take over a request of a backend; people are asked. */
  maxAskMs: 600_000,
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

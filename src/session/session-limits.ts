/** What one backend may cost us. Everything it sends is bounded by one of these. */
export interface SessionLimits {
  /** Bytes of one message: a JSON body, the data of one SSE event, one line of a child's stdout. One more is refused. */
  readonly maxMessageBytes: number;
  /** Levels of arrays and objects in one message, itself counted, sent or received. One more is refused. */
  readonly maxDepth: number;
  /** Messages in one batch. A larger one is refused whole. */
  readonly maxBatch: number;
  /** Notifications passed on in one second, progress too, `list_changed` not counted; the rest is dropped. */
  readonly maxNotificationsPerSecond: number;
  /** Pages read of one list; a list that goes on is cut there, with a warning. */
  readonly maxPages: number;
  /** Entries kept of one list; the rest is dropped, with a warning. */
  readonly maxItems: number;
  /** Milliseconds for reading the whole catalog once. */
  readonly maxEnumerationMs: number;
  /** Least milliseconds between two readings of the catalog that `list_changed` asked for. */
  readonly refreshGapMs: number;
  /** Bytes of one line that a child's stderr puts into the log; the rest of the line is dropped. */
  readonly maxLogLineBytes: number;
  /** Lines of a child's stderr, and warnings about one backend, that reach the log in one second. */
  readonly maxLogLinesPerSecond: number;
  /** Longest Retry-After that is believed, in milliseconds. */
  readonly maxRetryAfterMs: number;
  /** Health checks in a row that a session may leave without any sign of life; then it is replaced, its process too. */
  readonly maxSilentChecks: number;
  /** Requests of the backend to us, or to the client behind us, that are out at once; more are dropped. */
  readonly maxServerRequests: number;
  /** Milliseconds that a client may take over a request of the backend; people are asked. */
  readonly maxAskMs: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  maxMessageBytes: 16 * 1024 * 1024,
  maxDepth: 1_000,
  maxBatch: 1_000,
  maxNotificationsPerSecond: 1_000,
  maxPages: 100,
  maxItems: 2_000,
  maxEnumerationMs: 30_000,
  refreshGapMs: 1_000,
  maxLogLineBytes: 4_096,
  maxLogLinesPerSecond: 20,
  maxRetryAfterMs: 3_600_000,
  maxSilentChecks: 3,
  maxServerRequests: 16,
  maxAskMs: 600_000,
};

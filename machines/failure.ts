/** Why an attempt at a backend failed: a closed list, so that logs, metrics and status can be counted by it. */
export const FAILURE_CATEGORIES = [
  /** No connection, or it broke: refused, reset, unknown host, TLS, a child process that could not start. */
  'connection_failed',
  /** The attempt did not end within its time. */
  'timeout',
  /** The backend went away or answered that it cannot serve: process exit, stream lost, HTTP 5xx. */
  'backend_unavailable',
  /** HTTP 401 or 403 where no outgoing authentication is configured. */
  'authentication_failed',
  /** HTTP 429: the backend asks for fewer calls. */
  'overloaded',
  /** What came back is not MCP. */
  'protocol_error',
  /** A health check failed for a reason that fits nowhere else. */
  'health_check_failed',
] as const;

export type FailureCategory = (typeof FAILURE_CATEGORIES)[number];

/** Evidence against a backend. */
export interface Failure {
  readonly category: FailureCategory;
  /** How long the backend asked to be left alone, in milliseconds (HTTP `Retry-After`). */
  readonly retryAfterMs?: number;
}

/** What one attempt says of the backend: it works, it does not, or nothing. */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'released' };

/** What a case asks of a breaker. An adapter that cannot express one of its keys makes no breaker. */
export interface Policy {
  /** Failures, with no success among them, that trip a fresh circuit. Absent: only the rate trips it. */
  readonly threshold?: number;
  readonly rate?: {
    readonly of: 'failures' | 'slowCalls';
    /** Share in (0, 1] at which it trips. */
    readonly threshold: number;
    readonly window: { readonly calls: number } | { readonly ms: number };
    /** With fewer calls in the window nothing is judged. */
    readonly minimum: number;
  };
  readonly slowCallMs?: number;
  readonly openMs: number;
  /** Probe successes that close; 1 if absent. */
  readonly successes?: number;
  /** Probes that may be out at once; 1 if absent. */
  readonly probes?: number;
  /** What half-open may take with a probe that does not end. A library that has no such limit goes without. */
  readonly probeLimitMs?: number;
  /** What a call may take. Absent: calls have no limit. */
  readonly callTimeoutMs?: number;
  /** Calls that may be out at once; beside or outside the breaker, where one can choose. */
  readonly maxInFlight?: number;
  readonly backoff?: {
    readonly multiplier: number;
    readonly maxOpenMs: number;
    readonly jitter: boolean;
    readonly decayMs: number;
  };
  /** The library itself checks the backend, so often. */
  readonly checkEveryMs?: number;
}

/** The backend is at fault. */
export class BackendError extends Error {}

/** The caller is: this says nothing about the backend, and every library is told so where it can be. */
export class CallerError extends Error {}

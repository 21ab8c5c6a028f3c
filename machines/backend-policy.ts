import type { RatePolicy } from './window.js';

/** When the circuit trips and how it recovers. Absent: the breaker is disabled and every call is admitted. */
export interface CircuitPolicy {
  /**
   * Consecutive failures, of checks and calls together, that trip the circuit; the n-th trips. Integer ≥ 1. Absent:
   * only rates trip it.
   */
  readonly failureThreshold?: number;
  /** Rates that trip the circuit, each by itself: whichever is reached first. Absent: none. */
  readonly rates?: readonly RatePolicy[];
  /** A call that is out for this many milliseconds is slow, at once, while it is still out; one that ends before is not. */
  readonly slowCallMs?: number;
  /** Milliseconds from opening to half-open, exactly; > 0. A backend's Retry-After may lengthen one stay. */
  readonly openMs: number;
  /** Probe successes that close the circuit; the n-th closes. Integer ≥ 1. */
  readonly successThreshold: number;
  /** Attempts that may be out at once while half-open, health check included. Integer ≥ 1. */
  readonly maxProbes: number;
  /** Milliseconds without any probe settling after which half-open opens again; > 0. */
  readonly probeLimitMs: number;
  /** Lengthens the open time of a circuit that opens again and again. Absent: it is always `openMs`. */
  readonly backoff?: BackoffPolicy;
  /** The circuit does everything but refuse: what it would have refused is admitted, and counted. Default: false. */
  readonly observeOnly?: boolean;
}

/** How often, and how long, a circuit that keeps opening is left open. */
export interface BackoffPolicy {
  /** Each opening in a row is longer by this factor; ≥ 1. */
  readonly multiplier: number;
  /** The longest open time, in milliseconds; ≥ `openMs`. A backend's Retry-After may still be longer. */
  readonly maxOpenMs: number;
  /** Share in [0, 1] of a lengthened open time that is left to chance; it never goes below `openMs`. */
  readonly jitter: number;
  /** The circuit forgets one opening for each so many milliseconds that it stays closed and calls succeed; > 0. */
  readonly decayMs: number;
}

/** How a backend is checked, and what the checks and calls say of its health. */
export interface HealthPolicy {
  /** Milliseconds between the end of one check and the start of the next, before jitter; > 0. */
  readonly checkIntervalMs: number;
  /** Deadline of one check in milliseconds; > 0. A check that ends exactly then has timed out. */
  readonly checkTimeoutMs: number;
  /** Consecutive failures after which the backend counts as unhealthy; the n-th decides. Integer ≥ 1. */
  readonly unhealthyThreshold: number;
  /** A successful check slower than this many milliseconds leaves the backend degraded; equal does not. */
  readonly degradedThresholdMs: number;
}

export interface BackendPolicy {
  readonly circuit?: CircuitPolicy;
  readonly health: HealthPolicy;
  /** Calls that may be out at once, whatever the circuit says; the next is refused. Integer ≥ 1. Absent: no limit. */
  readonly maxInFlight?: number;
}

import type { FailureCategory } from '../../machines/failure.js';
import type { HealthState, Phase, Standing } from '../../machines/policy.js';
import type { RatePolicy } from '../../machines/window.js';

/** The circuit as shown and serialised; absent where the breaker is disabled. */
export type CircuitName = 'closed' | 'open' | 'half-open' | 'isolated';

/** A rate, its limit, and what its window holds. */
export interface RateReading {
  readonly of: RatePolicy['of'];
  readonly window: RatePolicy['window'];
  /** Reached at equality, by at least `minimumCalls`. */
  readonly threshold: number;
  readonly minimumCalls: number;
  readonly matching: number;
  readonly calls: number;
  /** `matching / calls`, in [0, 1]; 0 of none. */
  readonly rate: number;
}

/** Everything the engine knows of one backend at one moment. Asking consumes nothing. Times are ISO 8601. */
export interface BackendStatus {
  readonly name: string;
  /** The input of every predicate in `machines/policy.ts`. */
  readonly standing: Standing;
  readonly health: HealthState;
  readonly circuit?: CircuitName;
  /** Whether its entries are listed: `shouldAdvertise(standing)`. */
  readonly serving: boolean;
  /** Failures in a row, by checks and calls; zero after a success. */
  readonly consecutiveFailures: number;
  readonly generation: number;
  /** Absent where the circuit has no rates. */
  readonly rates?: readonly RateReading[];
  /** The rate that opened the circuit, as it was then; absent when something else did, and once it is not open. */
  readonly trippedBy?: RateReading;
  /** The circuit refuses nothing; it only shows what it would do. Absent where it is enforced. */
  readonly observeOnly?: true;
  readonly lastErrorCategory?: FailureCategory;
  /** When the last health check ended; absent until the first has. */
  readonly lastCheckTime?: string;
  readonly healthSince: string;
  readonly circuitSince?: string;
  /** Milliseconds in the present circuit state. */
  readonly timeInStateMs: number;
  /** When the next attempt at the backend is made: half-open, the next check, or a restart. */
  readonly nextAttemptTime?: string;
  readonly nextAttemptInMs?: number;
  readonly restarts: number;
  readonly calls: CallCounts;
}

/** What became of the calls of one backend since the engine started. `admitted` is the sum of the rest but `refused`. */
export interface CallCounts {
  readonly admitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly released: number;
  /** Settled in a later generation than the one that admitted them; they changed nothing. */
  readonly stale: number;
  readonly inFlight: number;
  readonly refused: number;
  /** Of the admitted, those that an enforced circuit would have refused; absent where the circuit is enforced. */
  readonly wouldRefuse?: number;
}

export interface EngineStatus {
  readonly phase: Phase;
  /** Sorted by name; backends not yet checked are included. */
  readonly backends: readonly BackendStatus[];
}

import type { FailureCategory } from '../../machines/failure.js';
import type { HealthState } from '../../machines/policy.js';
import type { CircuitName, RateReading } from './status.js';

/** What all events share: their place in the one sequence of the engine, and when. */
interface Stamp {
  /** Gapless, from 1, over all backends of the engine. */
  readonly sequence: number;
  /** Milliseconds on the engine's monotonic clock. */
  readonly at: number;
  /** Wall-clock time, ISO 8601, for people. */
  readonly time: string;
  readonly backend: string;
}

/** Why a state changed, in the vocabulary of the machine's own events. */
export type Cause = string;

/** Everything that happens to the backends, each thing once and in order. */
export type EngineEvent = Stamp &
  (
    | {
        readonly type: 'circuit.changed';
        readonly from: CircuitName | 'disabled';
        readonly to: CircuitName | 'disabled';
        readonly generation: number;
        readonly cause: Cause;
        /** The failure that opened the circuit. */
        readonly category?: FailureCategory;
        /** For `open`: milliseconds until half-open. */
        readonly retryAfterMs?: number;
        /** The rate that tripped it; absent when failures in a row, a probe or an operator opened it. */
        readonly rate?: RateReading;
      }
    | {
        readonly type: 'health.changed';
        readonly from: HealthState;
        readonly to: HealthState;
        readonly cause: Cause;
        readonly category?: FailureCategory;
      }
    | { readonly type: 'backend.added' | 'backend.removed' | 'backend.draining' | 'backend.replaced' }
    | {
        readonly type: 'backend.crashed';
        readonly error: unknown;
        readonly crashes: number;
        readonly restartInMs: number;
      }
    | { readonly type: 'backend.restarted' }
    | { readonly type: 'backend.gaveUp'; readonly error: unknown; readonly crashes: number }
  );

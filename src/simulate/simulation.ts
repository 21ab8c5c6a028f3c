import type { FailureCategory } from '../../machines/failure.js';
import type { EngineEvent } from '../engine/events.js';
import type { RefusalCode } from '../engine/permit.js';
import type { CallCounts } from '../engine/status.js';
import type { Phase, Scenario } from './scenario.js';
import type { AttemptKind } from './scripted-backend.js';

/**
 * What `breakwater simulate --json` prints. Every time is in milliseconds of the scenario, from 0 at its start,
 * rounded to a thousandth of one.
 */
export interface Simulation {
  readonly scenario: Scenario;
  /** One, or two that are compared. */
  readonly runs: readonly Run[];
}

/** What one configuration made of the scenario. */
export interface Run {
  /** The file of the configuration. */
  readonly config: string;
  readonly backend: string;
  /** `observed` refuses nothing: `circuitBreaker.observeOnly`. */
  readonly breaker: 'enforced' | 'observed' | 'disabled';
  /** The failure handling in effect, as `validate` prints it. */
  readonly failureHandling: Readonly<Record<string, string>>;
  /** Longest time for a call. */
  readonly callTimeoutMs: number;
  readonly figures: Figures;
  /** One for each phase of the scenario. */
  readonly outages: readonly OutageFigures[];
  readonly timeline: readonly TimelineEntry[];
  /** Entries that the timeline is without, because it has as many as it may have. */
  readonly timelineLeftOut: number;
  /** The states of the circuit and of health, without gaps; the circuit's are empty where the breaker is disabled. */
  readonly circuit: readonly Stay[];
  readonly health: readonly Stay[];
  /** The calls by the time at which they were asked for. */
  readonly buckets: readonly Bucket[];
}

/** What became of the calls, as their callers saw it. */
export interface Figures extends Pick<CallCounts, 'stale' | 'wouldRefuse'> {
  /** `admitted + refused`. */
  readonly attempted: number;
  /** `succeeded + failed + released`; of them, `stale` ended too late to change anything. */
  readonly admitted: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Still out when the scenario ended. */
  readonly released: number;
  readonly refused: number;
  readonly refusedWith: Readonly<Partial<Record<RefusalCode, number>>>;
  readonly checks: { readonly made: number; readonly succeeded: number; readonly failed: number };
  /** How often the circuit opened, and how long it was open in all. */
  readonly openings: number;
  readonly openMs: number;
  /** The most calls that were out at once. */
  readonly maxInFlight: number;
  /** What the callers of failed calls waited in all, and what the longest call took. */
  readonly waitedInVainMs: number;
  readonly longestCallMs: number;
}

/** What one phase of the scenario came to. A time that is absent did not come before the next phase, or the end. */
export interface OutageFigures {
  readonly phase: Phase;
  /** From its beginning to the first failed attempt, or to a change of health or circuit for the worse. */
  readonly noticedAfterMs?: number;
  readonly unhealthyAfterMs?: number;
  readonly openedAfterMs?: number;
  /** From its end to the first call that was asked for then, was admitted, and succeeded. */
  readonly backAfterMs?: number;
  /** Calls that were asked for while it lasted. */
  readonly failed: number;
  readonly refused: number;
  /** Calls that were refused after its end, until service was back. */
  readonly refusedAfter: number;
}

export interface Stay {
  readonly state: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Bucket {
  readonly fromMs: number;
  readonly toMs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  /** Still out when the scenario ended. */
  readonly released: number;
}

type Change<Type extends EngineEvent['type']> = Omit<
  Extract<EngineEvent, { readonly type: Type }>,
  'sequence' | 'at' | 'time' | 'backend'
>;

export type TimelineEntry = { readonly atMs: number } & (
  | { readonly type: 'phase.began' | 'phase.ended'; readonly phase: number; readonly is: Phase['is'] }
  /** The first sign of a phase: a failed attempt, or a change for the worse. */
  | {
      readonly type: 'noticed';
      readonly phase: number;
      readonly by: AttemptKind | 'health' | 'circuit';
      readonly category?: FailureCategory;
    }
  /** What an attempt in half-open found, before half-open was over. */
  | {
      readonly type: 'attempt';
      readonly by: AttemptKind;
      readonly found: 'succeeded' | 'failed';
      readonly category?: FailureCategory;
      readonly tookMs: number;
    }
  /** The first success after a phase: `backAfterMs`. */
  | { readonly type: 'back'; readonly phase: number }
  | (Change<'circuit.changed'> & { readonly consecutiveFailures: number })
  | Change<'health.changed'>
);

/** What a backend does while something is wrong with it. */
export type Trouble =
  | { readonly is: 'down' }
  | { readonly is: 'hanging' }
  | { readonly is: 'slow'; readonly latencyMs: number }
  | { readonly is: 'flapping'; readonly downMs: number; readonly upMs: number }
  | { readonly is: 'failing'; readonly rate: number };

/** A trouble and its time: from `fromMs`, and no longer at `toMs`. */
export type Phase = Trouble & {
  readonly fromMs: number;
  readonly toMs: number;
  /** The attempts that are concerned; absent: calls and health checks. */
  readonly only?: 'calls' | 'checks';
};

/** A scripted outage. Times are whole milliseconds since its start. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly durationMs: number;
  /** Evenly spread, the first half an interval after the start; 0 is none. */
  readonly callsPerSecond: number;
  /** Of an answer while all is well. */
  readonly latencyMs: number;
  /** In order, and one at a time. */
  readonly phases: readonly Phase[];
  /** The backend it is meant for; absent: the first. */
  readonly backend?: string;
  readonly seed: number;
}

/** Calls, or checks, in one simulation; and its longest duration. */
export const MAX_ATTEMPTS = 100_000;
export const MAX_DURATION_MS = 24 * 3_600_000;
/** Phases of one scenario. */
export const MAX_PHASES = 100;

/** What is not said of a scenario. */
export const SCENARIO_DEFAULTS = { callsPerSecond: 10, latencyMs: 20, seed: 1 } as const;

import type { FailureCategory } from '../../machines/failure.js';
import type { Backend } from '../engine/backend-handle.js';
import type { EngineEvent } from '../engine/events.js';
import type { RefusalCode } from '../engine/permit.js';
import type { Stay, TimelineEntry } from './simulation.js';
import type { AttemptKind } from './scripted-backend.js';

/** One call that was asked for, and what became of it. */
export interface CallRecord {
  readonly fromMs: number;
  toMs: number;
  end: 'succeeded' | 'failed' | 'released' | 'refused';
  category?: FailureCategory;
  code?: RefusalCode;
}

/** One health check that was made; one that was given up has no verdict. */
export interface CheckRecord {
  readonly fromMs: number;
  toMs: number;
  found?: 'succeeded' | 'failed';
  category?: FailureCategory;
}

type Change = Extract<TimelineEntry, { readonly type: 'circuit.changed' | 'health.changed' }>;

/** Keeps what happens in a simulation. */
export class Recorder {
  readonly calls: CallRecord[] = [];
  readonly checks: CheckRecord[] = [];
  readonly changes: Change[] = [];
  readonly attempts: Extract<TimelineEntry, { readonly type: 'attempt' }>[] = [];
  readonly #first: { readonly circuit: string; readonly health: string };

  constructor(private readonly backend: Backend) {
    const { circuit = 'disabled', health } = backend.status();
    this.#first = { circuit, health };
  }

  event(event: EngineEvent): void {
    const atMs = rounded(event.at);
    if (event.type === 'health.changed') {
      const { type, from, to, cause, category } = event;
      this.changes.push({ atMs, type, from, to, cause, ...(category && { category }) });
    } else if (event.type === 'circuit.changed') {
      const { type, from, to, generation, cause, category, retryAfterMs, rate } = event;
      const { consecutiveFailures } = this.backend.status();
      this.changes.push({
        atMs,
        ...{ type, from, to, generation, cause, consecutiveFailures },
        ...(category && { category }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        ...(rate && { rate }),
      });
    }
  }

  /** An attempt that began in half-open and has found something. */
  attempt(by: AttemptKind, { fromMs, toMs, category }: CallRecord | CheckRecord): void {
    this.attempts.push({
      atMs: rounded(toMs),
      type: 'attempt',
      by,
      found: category ? 'failed' : 'succeeded',
      ...(category && { category }),
      tookMs: rounded(toMs - fromMs),
    });
  }

  /** The states of the circuit, or of health, up to the end. */
  stays(of: 'circuit' | 'health', endMs: number): Stay[] {
    const stays: { state: string; fromMs: number; toMs: number }[] = [
      { state: this.#first[of], fromMs: 0, toMs: endMs },
    ];
    for (const { type, atMs, to } of this.changes) {
      if (type !== `${of}.changed`) continue;
      const last = stays.at(-1);
      if (last) last.toMs = atMs;
      stays.push({ state: to, fromMs: atMs, toMs: endMs });
    }
    return stays.filter(({ fromMs, toMs }) => toMs > fromMs);
  }
}

/** To a thousandth of a millisecond: what is left of adding fractions says nothing. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

import type { Outcome } from '../machines/failure.js';
import type { BackendRequest } from './gateway/backend.js';
import type { CallObserver } from './guarded-backend.js';

/** How many failed calls of a backend are remembered. */
const MAX_FAILED = 20;
/** Characters of a tool's name, or of an address, that are shown. */
const MAX_SUBJECT = 100;

/** How long answers took, since the start: two numbers of which a viewer makes a mean of any time it likes. */
export interface Latency {
  readonly calls: number;
  readonly ms: number;
}

/** A call that was evidence against its backend. Nothing of its arguments. */
export interface FailedCall {
  /** ISO 8601: when it had failed. */
  readonly time: string;
  /** Its method, and what it was about: `tools/call echo`. */
  readonly request: string;
  readonly category: string;
  readonly ms: number;
}

/** What became of the calls of one backend, as far as people look at it. */
export class CallRecord implements CallObserver {
  #calls = 0;
  #ms = 0;
  readonly #failed: FailedCall[] = [];

  /** Of calls that were answered. */
  get latency(): Latency {
    return { calls: this.#calls, ms: Math.round(this.#ms) };
  }

  /** The last ones, newest first. */
  get failed(): readonly FailedCall[] {
    return this.#failed.toReversed();
  }

  callRefused(): void {
    // Nothing was sent to the backend: its engine counts that.
  }

  callEnded(_backend: string, outcome: Outcome, elapsedMs: number, request: BackendRequest): void {
    if (outcome.kind === 'succeeded') {
      this.#calls += 1;
      this.#ms += elapsedMs;
    } else if (outcome.kind === 'failed') {
      this.#failed.push({
        time: new Date().toISOString(),
        request: described(request),
        category: outcome.failure.category,
        ms: Math.round(elapsedMs),
      });
      if (this.#failed.length > MAX_FAILED) this.#failed.shift();
    }
  }
}

function described({ method, params }: BackendRequest): string {
  const subject = params['name'] ?? params['uri'];
  return typeof subject === 'string' ? `${method} ${subject.slice(0, MAX_SUBJECT)}` : method;
}

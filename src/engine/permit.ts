import type { Failure } from '../../machines/failure.js';

/** Why a call was refused. Stable: callers branch on it. */
export type RefusalCode =
  | 'CIRCUIT_OPEN'
  | 'CIRCUIT_HALF_OPEN'
  | 'CIRCUIT_ISOLATED'
  | 'BULKHEAD_FULL'
  | 'BACKEND_RESTARTING'
  | 'BACKEND_GAVE_UP'
  | 'BACKEND_DRAINING'
  | 'ENGINE_STOPPED';

/** The right to make one call: taken, then settled exactly once. A second settlement changes nothing. */
export interface Permit {
  readonly admitted: true;
  readonly backend: string;
  /** The stay in a circuit state that admitted it; an outcome of an older stay is counted as stale. */
  readonly generation: number;
  /** The backend answered. An answer that says the *request* was wrong is a success too. */
  succeed(): void;
  /** Evidence against the backend. */
  fail(failure: Failure): void;
  /** The attempt says nothing about the backend: the caller gave up, or it was never made. */
  release(): void;
}

/** A call that was not admitted. Nothing has reached the backend, and there is nothing to settle. */
export interface Refusal {
  readonly admitted: false;
  readonly backend: string;
  readonly code: RefusalCode;
  /**
   * Milliseconds until an attempt may succeed, from the moment at which this is read; absent where only an operator
   * can tell. Never negative.
   */
  readonly retryAfterMs?: number;
}

/** Where a permit is settled. */
export interface Ledger {
  readonly name: string;
  settleSuccess(generation: number): void;
  settleFailure(generation: number, failure: Failure): void;
  settleRelease(generation: number): void;
}

/** A permit of one gate. */
export class GatePermit implements Permit {
  readonly admitted = true;
  #settled = false;

  constructor(
    protected readonly ledger: Ledger,
    readonly generation: number,
  ) {}

  get backend(): string {
    return this.ledger.name;
  }

  succeed(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.ledger.settleSuccess(this.generation);
  }

  fail(failure: Failure): void {
    if (this.#settled) return;
    this.#settled = true;
    this.ledger.settleFailure(this.generation, failure);
  }

  release(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.ledger.settleRelease(this.generation);
  }
}

/** Stands for each permit of one stay, where whoever settles does so once by itself. */
export class StayPermit implements Permit {
  readonly admitted = true;

  constructor(
    private readonly ledger: Ledger,
    readonly generation: number,
  ) {}

  get backend(): string {
    return this.ledger.name;
  }

  succeed(): void {
    this.ledger.settleSuccess(this.generation);
  }

  fail(failure: Failure): void {
    this.ledger.settleFailure(this.generation, failure);
  }

  release(): void {
    this.ledger.settleRelease(this.generation);
  }
}

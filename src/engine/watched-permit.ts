import type { Failure } from '../../machines/failure.js';
import type { Ledger, Permit } from './permit.js';
import type { Limited, TimeLimits } from './time-limits.js';

/** Where it is told whether a call was slow: at once, or when it has ended. */
export interface SpeedLedger extends Ledger {
  noteSlow(generation: number): void;
  noteQuick(generation: number): void;
}

/** A permit whose call is slow as soon as it has been out for so long, while it is still out. */
export class WatchedPermit implements Permit, Limited {
  readonly admitted = true;
  place = -1;
  timer: unknown;
  #isSlow = false;
  #settled = false;

  constructor(
    private readonly ledger: SpeedLedger,
    readonly generation: number,
    readonly timeoutMs: number,
    private readonly limits: TimeLimits,
  ) {
    limits.begin(this);
  }

  get backend(): string {
    return this.ledger.name;
  }

  succeed(): void {
    if (this.#settled) return;
    this.#end();
    if (!this.#isSlow) this.ledger.noteQuick(this.generation);
    this.ledger.settleSuccess(this.generation);
  }

  fail(failure: Failure): void {
    if (this.#settled) return;
    this.#end();
    if (!this.#isSlow) this.ledger.noteQuick(this.generation);
    this.ledger.settleFailure(this.generation, failure);
  }

  /** A call that is released before it was slow says nothing, nor whether it was quick. */
  release(): void {
    if (this.#settled) return;
    this.#end();
    this.ledger.settleRelease(this.generation);
  }

  expire(): void {
    this.#isSlow = true;
    this.ledger.noteSlow(this.generation);
  }

  #end(): void {
    this.#settled = true;
    if (!this.#isSlow) this.limits.end(this);
  }
}

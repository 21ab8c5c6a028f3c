import { GatePermit } from './permit.js';
import type { Ledger } from './permit.js';
import type { Limited, TimeLimits } from './time-limits.js';

/** Where it is told whether a call was slow: at once, or when it has ended. */
export interface SpeedLedger extends Ledger {
  noteSlow(generation: number): void;
  noteQuick(generation: number): void;
}

/** A permit whose call is slow as soon as it has been out for so long, while it is still out. */
export class WatchedPermit extends GatePermit implements Limited {
  place = -1;
  timer: unknown;
  #isSlow = false;
  #isOver = false;

  constructor(
    protected override readonly ledger: SpeedLedger,
    generation: number,
    readonly timeoutMs: number,
    private readonly limits: TimeLimits,
  ) {
    super(ledger, generation);
    limits.begin(this);
  }

  override succeed(): void {
    this.#end(true);
    super.succeed();
  }

  override fail(...failure: Parameters<GatePermit['fail']>): void {
    this.#end(true);
    super.fail(...failure);
  }

  override release(): void {
    this.#end(false);
    super.release();
  }

  expire(): void {
    this.#isSlow = true;
    this.ledger.noteSlow(this.generation);
  }

  /** A call that was released before it was slow says nothing, nor whether it was quick. */
  #end(says: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isSlow) return;
    this.limits.end(this);
    if (says) this.ledger.noteQuick(this.generation);
  }
}

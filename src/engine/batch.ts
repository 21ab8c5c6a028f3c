import type { Failure } from '../../machines/failure.js';
import type { Clock } from './clock.js';
import { StayPermit } from './permit.js';
import type { Ledger } from './permit.js';

/** Where it is told whether a call was slow: at once, or when it has ended. */
export interface SpeedLedger extends Ledger {
  noteSlow(generation: number): void;
  noteQuick(generation: number): void;
}

/**
 * The calls of one stay that began in one turn of the event loop. Time does not pass within a turn, so that those of
 * them that are still out are slow at the same moment: one deadline and one count serve them all.
 */
export class Batch implements Ledger {
  /** The permit that its calls share. Who takes it settles it once. */
  readonly permit: StayPermit;
  #out = 0;
  #isSlow = false;
  #timer: unknown;

  constructor(
    private readonly ledger: SpeedLedger,
    generation: number,
    private readonly slowCallMs: number,
    private readonly clock: Clock,
  ) {
    this.permit = new StayPermit(this, generation);
  }

  get name(): string {
    return this.ledger.name;
  }

  /** One more call begins. */
  join(): this {
    this.#out += 1;
    return this;
  }

  /** No more calls begin. Most have ended by then, and need no deadline. */
  close(): void {
    if (this.#out > 0)
      this.#timer = this.clock.setTimeout(() => {
        this.#expire();
      }, this.slowCallMs);
  }

  settleSuccess(generation: number): void {
    this.#answered(generation);
    this.ledger.settleSuccess(generation);
  }

  settleFailure(generation: number, failure: Failure): void {
    this.#answered(generation);
    this.ledger.settleFailure(generation, failure);
  }

  /** A call that is released before it was slow says nothing, nor whether it was quick. */
  settleRelease(generation: number): void {
    this.#leave();
    this.ledger.settleRelease(generation);
  }

  #answered(generation: number): void {
    this.#leave();
    if (!this.#isSlow) this.ledger.noteQuick(generation);
  }

  #leave(): void {
    this.#out -= 1;
    if (this.#out === 0) this.clock.clearTimeout(this.#timer);
  }

  #expire(): void {
    this.#isSlow = true;
    const { generation } = this.permit;
    for (let out = this.#out; out > 0; out -= 1) this.ledger.noteSlow(generation);
  }
}

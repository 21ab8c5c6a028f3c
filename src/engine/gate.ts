import type { BackendRef } from '../../machines/backend.js';
import type { Failure } from '../../machines/failure.js';
import { admitsCalls, admitsProbe, isOut, letsThrough } from '../../machines/policy.js';
import { Batch } from './batch.js';
import type { SpeedLedger } from './batch.js';
import { Mirror } from './mirror.js';
import type { MirrorWorld } from './mirror.js';
import type { Outbox } from './outbox.js';
import { GatePermit, StayPermit } from './permit.js';
import type { Ledger, Permit, Refusal, RefusalCode } from './permit.js';
import { refusing } from './refusing.js';
import { unheardBy } from './unheard.js';

/** What all gates of an engine share. */
export interface GateWorld extends MirrorWorld {
  readonly outbox: Outbox;
  /** Called when a call is settled and none is left in flight. */
  readonly onIdle: (gate: Gate) => void;
}

/**
 * The hot state of one backend: what admission reads, and what its actor is told.
 *
 * The statechart is the only authority. The gate mirrors its snapshot, so that a call on a healthy backend
 * sends no event: while the circuit admits, only failures can trip, so the success of a backend with nothing
 * to clear is not sent.
 */
export class Gate extends Mirror implements SpeedLedger {
  admitted = 0;
  succeeded = 0;
  failed = 0;
  released = 0;
  stale = 0;
  refused = 0;
  wouldRefuse = 0;
  inFlight = 0;

  /** What calls are refused with at present, once one has been. */
  #refusal: Refusal | undefined;
  #full: Refusal | undefined;
  /** Calls go through, as many as there is room for. */
  #admits = false;
  /** The present stay's, once one has been asked for. */
  #stay: StayPermit | undefined;
  /** The calls of this stay and this turn, where their speed is watched. */
  #batch: Batch | undefined;
  #unheard: Ledger | undefined;
  /** A success has nothing to clear. */
  #quiet = false;

  constructor(
    name: string,
    protected override readonly world: GateWorld,
  ) {
    super(name, world);
  }

  permit(): Permit | Refusal {
    if (this.#takesFreely()) return new GatePermit(this.#ledger(), this.generation);
    const refusal = this.peek();
    if (refusal) {
      this.refused += 1;
      return refusal;
    }
    const { generation } = this;
    this.#count();
    if (this.#refusalCode() !== undefined) {
      this.wouldRefuse += 1;
      return new GatePermit((this.#unheard ??= unheardBy(this)), generation);
    }
    const permit = new GatePermit(this, generation);
    this.send({ type: 'permit.taken', generation });
    return permit;
  }

  /**
   * The permit that calls of this stay share, all or those of a turn, if calls go through without asking. Who takes it
   * settles it once.
   */
  admitFreely(): StayPermit | undefined {
    if (!this.#takesFreely()) return undefined;
    if (this.slowCallMs !== undefined) return this.#join(this.slowCallMs).permit;
    return (this.#stay ??= new StayPermit(this, this.generation));
  }

  /** What the next call would be refused with; undefined when it would be admitted. Consumes nothing. */
  peek(): Refusal | undefined {
    if (!this.#admits) {
      if (this.#refusal === undefined) {
        const code = this.#refusalCode();
        // One refusal serves everybody until something changes, so that refusing allocates nothing.
        if (code !== undefined && !this.#isObserved()) this.#refusal = this.#refuse(code);
      }
      if (this.#refusal) return this.#refusal;
    }
    if (this.inFlight < this.maxInFlight) return undefined;
    return (this.#full ??= this.#refuse('BULKHEAD_FULL'));
  }

  /** Tells the actor something. One that is gone is not told. */
  send(event: Parameters<BackendRef['send']>[0]): void {
    const ref = this.ref;
    if (ref)
      this.world.outbox.run(() => {
        ref.send(event);
      });
  }

  #takesFreely(): boolean {
    if (!this.#admits || this.inFlight >= this.maxInFlight) return false;
    this.#count();
    return true;
  }

  /** Where a call is settled that goes through without asking. */
  #ledger(): Ledger {
    return this.slowCallMs === undefined ? this : this.#join(this.slowCallMs);
  }

  /** The batch of a call that begins now. */
  #join(slowCallMs: number): Batch {
    if (this.#batch) return this.#batch.join();
    const { clock } = this.world;
    const batch = new Batch(this, this.generation, slowCallMs, clock).join();
    if (clock.afterTurn) {
      this.#batch = batch;
      clock.afterTurn(() => {
        this.#batch = undefined;
        batch.close();
      });
    } else batch.close();
    return batch;
  }

  #count(): void {
    this.admitted += 1;
    this.inFlight += 1;
  }

  #refusalCode(): RefusalCode | undefined {
    if (this.stopping) return 'ENGINE_STOPPED';
    if (this.supervision === 'draining') return 'BACKEND_DRAINING';
    if (this.supervision === 'gaveUp') return 'BACKEND_GAVE_UP';
    if (this.supervision === 'restarting') return 'BACKEND_RESTARTING';
    if (this.circuit === 'isolated') return 'CIRCUIT_ISOLATED';
    if (this.circuit === 'open') return 'CIRCUIT_OPEN';
    return this.#hasFreeProbe() ? undefined : 'CIRCUIT_HALF_OPEN';
  }

  settleSuccess(generation: number): void {
    if (!this.#isCurrent(generation)) return;
    this.succeeded += 1;
    this.tally?.succeeded();
    if (!this.#quiet) this.send({ type: 'call.succeeded', generation });
    this.#landed();
  }

  settleFailure(generation: number, failure: Failure): void {
    if (!this.#isCurrent(generation)) return;
    this.failed += 1;
    this.send({ type: 'call.failed', generation, failure });
    this.#landed();
  }

  settleRelease(generation: number): void {
    if (!this.#isCurrent(generation)) return;
    this.released += 1;
    if (!this.#admits) this.send({ type: 'call.released', generation });
    this.#landed();
  }

  noteSlow(generation: number): void {
    this.send({ type: 'call.slow', generation });
  }

  noteQuick(generation: number): void {
    if (generation === this.generation) this.tally?.quick();
  }

  /** A check tells the machine itself how it ended; that it succeeded counts here as well. */
  noteCheckSucceeded(): void {
    this.tally?.succeeded();
  }

  /** Ends a call that an enforced circuit would have refused: no more comes of it. */
  settleUnheard(how: 'succeeded' | 'failed' | 'released'): void {
    this.inFlight -= 1;
    this[how] += 1;
    this.#landed();
  }

  /** Whether a call has succeeded since `succeededThen`, and nothing says otherwise. */
  provesHealth(succeededThen: number): boolean {
    return this.health === 'healthy' && this.failures === 0 && this.succeeded > succeededThen && !isOut(this);
  }

  /** Whether an outcome counts. One of an older stay, or of an actor that is gone, changes nothing. */
  #isCurrent(generation: number): boolean {
    this.inFlight -= 1;
    if (generation === this.generation) return true;
    this.stale += 1;
    this.#landed();
    return false;
  }

  /** Whoever waits for the last call has ended admission before: while calls are admitted, nobody waits. */
  #landed(): void {
    if (this.inFlight === 0 && !this.#admits) this.world.onIdle(this);
  }

  /** Whether only the circuit would refuse, and that is not to be felt. */
  #isObserved(): boolean {
    return !this.stopping && this.supervision === 'running' && letsThrough(this);
  }

  #hasFreeProbe(): boolean {
    const context = this.snapshot?.context;
    if (context === undefined) return false;
    return admitsProbe(context.probes, context.checks, context.policy.circuit?.maxProbes ?? 1);
  }

  /** Until when calls are refused with this code, on the engine's clock; undefined when nobody knows. */
  #refusedUntil(code: RefusalCode): number | undefined {
    if (code === 'CIRCUIT_OPEN') return this.openUntil;
    return code === 'BACKEND_RESTARTING' ? this.restartAt : undefined;
  }

  #refuse(code: RefusalCode): Refusal {
    return refusing(this.name, code, this.#refusedUntil(code), this.world.clock);
  }

  protected derive(): void {
    this.#refusal = undefined;
    this.#admits = !this.stopping && this.supervision === 'running' && admitsCalls(this.circuit);
    this.#stay = undefined;
    this.#batch = undefined;
    this.#quiet =
      this.#admits && this.failures === 0 && (this.health === 'healthy' || this.health === 'degraded');
  }
}

import type { BackendRef, BackendSnapshot } from '../../machines/backend.js';
import type { BackendEmitted, BackendPolicy, BackendResume } from '../../machines/backend-setup.js';
import type { Failure } from '../../machines/failure.js';
import { admitsCalls, admitsProbe, isOut, letsThrough } from '../../machines/policy.js';
import type { CircuitState, HealthState, Standing, Supervision } from '../../machines/policy.js';
import { regionsOf } from '../../machines/regions.js';
import type { Passed } from '../../machines/window.js';
import type { Clock } from './clock.js';
import type { Outbox } from './outbox.js';
import { GatePermit } from './permit.js';
import type { Ledger, Permit, Refusal, RefusalCode } from './permit.js';
import { refusing } from './refusing.js';
import { tallyOf } from './tally.js';
import type { MeasuredRate, Tally } from './tally.js';
import type { TimeLimits } from './time-limits.js';
import type { TurnTime } from './turn-time.js';
import { unheardBy } from './unheard.js';
import { WatchedPermit } from './watched-permit.js';
import type { SpeedLedger } from './watched-permit.js';

/** What all gates of an engine share. */
export interface GateWorld {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly limits: TimeLimits;
  readonly turnTime: TurnTime;
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
export class Gate implements Standing, SpeedLedger {
  /** Until its actor is attached it serves nothing. */
  supervision: Supervision = 'restarting';
  circuit: CircuitState = 'closed';
  health: HealthState = 'unknown';
  observing = false;
  generation = 0;
  failures = 0;
  restarts = 0;
  healthSince: number;
  circuitSince: number;
  lastCheckAt: number | undefined;
  restartAt: number | undefined;

  admitted = 0;
  succeeded = 0;
  failed = 0;
  released = 0;
  stale = 0;
  refused = 0;
  wouldRefuse = 0;
  inFlight = 0;

  #ref: BackendRef | undefined;
  #snapshot: BackendSnapshot | undefined;
  #stopping = false;
  #pause: object | undefined;
  #checkAt: number | undefined;
  #openUntil = 0;
  /** What calls are refused with at present, once one has been. */
  #refusal: Refusal | undefined;
  #full: Refusal | undefined;
  /** Calls go through, as many as there is room for. */
  #admits = false;
  /** Nothing has to be noted of them either. */
  #isFree = false;
  #maxInFlight = Infinity;
  /** How long a call may be out before it is slow; undefined while nobody asks. */
  #slowCallMs: number | undefined;
  #tally: Tally | undefined;
  #unheard: Ledger | undefined;
  /** A success has nothing to clear. */
  #quiet = false;

  /** Which of the backends of this name it is; see `Child.life`. */
  life = 0;
  /** What the engine last said of it. */
  saidCircuit: CircuitState | undefined;
  saidHealth: HealthState = 'unknown';

  constructor(
    readonly name: string,
    private readonly world: GateWorld,
  ) {
    this.healthSince = this.circuitSince = world.clock.now();
  }

  get ref(): BackendRef | undefined {
    return this.#ref;
  }

  /** Follows an actor, a new one after a restart; what its predecessor still says is not heard. */
  attach(ref: BackendRef): void {
    this.#ref = ref;
    this.supervision = 'running';
    this.restartAt = undefined;
    this.#adopt(ref.getSnapshot());
    ref.subscribe({
      next: (snapshot) => {
        if (this.#ref === ref) this.#adopt(snapshot);
      },
      // Its supervisor has the error; without this observer it would be reported as unhandled.
      error: () => undefined,
    });
  }

  /** The actor is gone, for a while or for good. Outcomes of its time are stale. */
  detach(supervision: Supervision, restartInMs?: number): void {
    this.#ref = undefined;
    this.supervision = supervision;
    this.generation += 1;
    this.restartAt = restartInMs === undefined ? undefined : this.world.clock.now() + restartInMs;
    this.#checkAt = undefined;
    this.#derive();
  }

  /** What an operator wants of an actor that is away, or not there yet: the next one begins with it. */
  override(circuit: CircuitState): void {
    if (this.#stopping) return;
    this.circuit = circuit;
    if (circuit === 'closed') this.failures = 0;
    this.#refusal = undefined;
  }

  /** Admits nothing more; calls in flight go on. */
  drain(): void {
    this.supervision = 'draining';
    this.#derive();
  }

  stopAdmission(): void {
    this.#stopping = true;
    this.#derive();
  }

  /** What the next actor goes on from. */
  resume(): BackendResume {
    const category = this.lastCategory;
    return {
      circuit: this.circuit,
      openForMs: Math.max(0, this.#openUntil - this.world.clock.now()),
      generation: this.generation,
      failures: this.failures,
      openings: this.#snapshot?.context.openings ?? 0,
      ...(category && { lastCategory: category }),
    };
  }

  get lastCategory() {
    return this.#snapshot?.context.lastCategory;
  }

  /** When the next attempt at the backend is made, on the engine's clock; undefined when nobody knows. */
  get nextAttemptAt(): number | undefined {
    if (this.supervision !== 'running') return this.restartAt;
    return this.circuit === 'open' ? this.#openUntil : this.#checkAt;
  }

  permit(): Permit | Refusal {
    if (this.admitFreely()) return new GatePermit(this, this.generation);
    const refusal = this.peek();
    if (refusal) {
      this.refused += 1;
      return refusal;
    }
    const { generation } = this;
    this.#count();
    if (this.#admits)
      return new WatchedPermit(this, generation, this.#slowCallMs ?? Infinity, this.world.limits);
    if (this.#refusalCode() !== undefined) {
      this.wouldRefuse += 1;
      return new GatePermit((this.#unheard ??= unheardBy(this)), generation);
    }
    const permit = new GatePermit(this, generation);
    this.send({ type: 'permit.taken', generation });
    return permit;
  }

  /** Takes a permit of the present generation, if calls go through without asking. The caller settles it. */
  admitFreely(): boolean {
    if (!this.#isFree || this.inFlight >= this.#maxInFlight) return false;
    this.#count();
    return true;
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
    if (this.inFlight < this.#maxInFlight) return undefined;
    return (this.#full ??= this.#refuse('BULKHEAD_FULL'));
  }

  /** Tells the actor something. One that is gone is not told. */
  send(event: Parameters<BackendRef['send']>[0]): void {
    const ref = this.#ref;
    if (ref)
      this.world.outbox.run(() => {
        ref.send(event);
      });
  }

  #count(): void {
    this.admitted += 1;
    this.inFlight += 1;
  }

  #refusalCode(): RefusalCode | undefined {
    if (this.#stopping) return 'ENGINE_STOPPED';
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
    this.#tally?.succeeded();
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
    if (generation === this.generation) this.send({ type: 'call.slow', generation });
  }

  noteQuick(generation: number): void {
    if (generation === this.generation) this.#tally?.quick();
  }

  /** A check tells the machine itself how it ended; that it succeeded counts here as well. */
  noteCheckSucceeded(): void {
    this.#tally?.succeeded();
  }

  /** For each rate, what the attempts that sent no event amount to. */
  passed(): readonly Passed[] {
    return this.#tally?.read() ?? [];
  }

  /** What the window of each rate holds. */
  get measured(): readonly MeasuredRate[] {
    return this.#tally?.measure(this.#snapshot?.context.marks ?? []) ?? [];
  }

  /** Ends a call that an enforced circuit would have refused: no more comes of it. */
  settleUnheard(how: 'succeeded' | 'failed' | 'released'): void {
    this.inFlight -= 1;
    this[how] += 1;
    this.#landed();
  }

  /** Notes until when the circuit is open, as its machine said it. */
  noteOpening({ openForMs }: Extract<BackendEmitted, { type: 'circuit.changed' }>): void {
    if (openForMs !== undefined) this.#openUntil = this.world.clock.now() + openForMs;
    this.#refusal = undefined;
  }

  /** Whether a call has succeeded since `succeededThen`, and nothing says otherwise. */
  provesHealth(succeededThen: number): boolean {
    return this.health === 'healthy' && this.failures === 0 && this.succeeded > succeededThen && !isOut(this);
  }

  /** Whether an outcome counts. One of an older stay, or of an actor that is gone, changes nothing. */
  #isCurrent(generation: number): boolean {
    this.inFlight -= 1;
    if (generation === this.generation && this.#ref !== undefined) return true;
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
    return !this.#stopping && this.supervision === 'running' && letsThrough(this);
  }

  #hasFreeProbe(): boolean {
    const context = this.#snapshot?.context;
    if (context === undefined || this.circuit !== 'halfOpen') return false;
    return admitsProbe(context.probes, context.checks, context.policy.circuit?.maxProbes ?? 1);
  }

  /** Until when calls are refused with this code, on the engine's clock; undefined when nobody knows. */
  #refusedUntil(code: RefusalCode): number | undefined {
    if (code === 'CIRCUIT_OPEN') return this.#openUntil;
    return code === 'BACKEND_RESTARTING' ? this.restartAt : undefined;
  }

  #refuse(code: RefusalCode): Refusal {
    return refusing(this.name, code, this.#refusedUntil(code), this.world.clock);
  }

  #adopt(snapshot: BackendSnapshot): void {
    this.#snapshot = snapshot;
    const { circuit, health, nextCheck } = regionsOf(snapshot);
    const { generation, failures, pause, policy } = snapshot.context;
    this.circuit = circuit;
    this.health = health;
    this.generation = generation;
    this.failures = failures;
    if (nextCheck !== 'planned') this.#checkAt = undefined;
    else if (pause !== this.#pause) this.#checkAt = this.world.clock.now() + pause.ms;
    this.#pause = pause;
    this.#adoptPolicy(policy);
    this.#tally = tallyOf(snapshot.context, this.#tally, this.world.turnTime);
    this.#derive();
  }

  #adoptPolicy({ circuit, maxInFlight = Infinity }: BackendPolicy): void {
    this.#maxInFlight = maxInFlight;
    this.observing = circuit?.observeOnly ?? false;
    const judgesSpeed = circuit?.rates?.some(({ of }) => of === 'slowCalls') ?? false;
    this.#slowCallMs = judgesSpeed ? circuit?.slowCallMs : undefined;
  }

  #derive(): void {
    this.#refusal = undefined;
    this.#admits = !this.#stopping && this.supervision === 'running' && admitsCalls(this.circuit);
    this.#isFree = this.#admits && this.#slowCallMs === undefined;
    this.#quiet =
      this.#admits && this.failures === 0 && (this.health === 'healthy' || this.health === 'degraded');
  }
}

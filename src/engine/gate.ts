import type { BackendRef, BackendSnapshot } from '../../machines/backend.js';
import type { BackendEmitted, BackendResume } from '../../machines/backend-setup.js';
import type { Failure } from '../../machines/failure.js';
import { admitsCalls, admitsProbe, isOut } from '../../machines/policy.js';
import type { CircuitState, HealthState, Standing, Supervision } from '../../machines/policy.js';
import { regionsOf } from '../../machines/regions.js';
import type { Clock } from './clock.js';
import type { Outbox } from './outbox.js';
import { GatePermit } from './permit.js';
import type { Permit, Refusal, RefusalCode } from './permit.js';

/** What a half-open circuit tells the callers it refuses: its probe is out, ask again in a moment. */
const PROBE_RETRY_MS = 1000;

/** What all gates of an engine share. */
export interface GateWorld {
  readonly clock: Clock;
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
export class Gate implements Standing {
  /** Until its actor is attached it serves nothing. */
  supervision: Supervision = 'restarting';
  circuit: CircuitState = 'closed';
  health: HealthState = 'unknown';
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
  inFlight = 0;

  #ref: BackendRef | undefined;
  #snapshot: BackendSnapshot | undefined;
  #stopping = false;
  #pause: object | undefined;
  #checkAt: number | undefined;
  #openUntil = 0;
  /** What calls are refused with at present, once one has been. */
  #refusal: Refusal | undefined;
  /** Calls go through without asking. */
  #admits = false;
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
    const permit = new GatePermit(this, this.generation);
    this.#count();
    this.send({ type: 'permit.taken', generation: this.generation });
    return permit;
  }

  /** Takes a permit of the present generation, if calls go through without asking. The caller settles it. */
  admitFreely(): boolean {
    if (this.#admits) this.#count();
    return this.#admits;
  }

  /** What the next call would be refused with; undefined when it would be admitted. Consumes nothing. */
  peek(): Refusal | undefined {
    if (this.#admits) return undefined;
    if (this.#refusal === undefined) {
      const code = this.#refusalCode();
      // One refusal serves everybody until something changes, so that refusing allocates nothing.
      if (code !== undefined) this.#refusal = Object.freeze(this.#refuse(code));
    }
    return this.#refusal;
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
    const refusal = { admitted: false, backend: this.name, code } as const;
    if (code === 'CIRCUIT_HALF_OPEN') return { ...refusal, retryAfterMs: PROBE_RETRY_MS };
    const until = this.#refusedUntil(code);
    if (until === undefined) return refusal;
    const { clock } = this.world;
    return {
      ...refusal,
      // The clock is read by who wants to know: reading it costs ten times what refusing costs.
      get retryAfterMs() {
        return Math.max(0, until - clock.now());
      },
    };
  }

  #adopt(snapshot: BackendSnapshot): void {
    this.#snapshot = snapshot;
    const { circuit, health, nextCheck } = regionsOf(snapshot);
    const { generation, failures, pause } = snapshot.context;
    this.circuit = circuit;
    this.health = health;
    this.generation = generation;
    this.failures = failures;
    if (nextCheck !== 'planned') this.#checkAt = undefined;
    else if (pause !== this.#pause) this.#checkAt = this.world.clock.now() + pause.ms;
    this.#pause = pause;
    this.#derive();
  }

  #derive(): void {
    this.#refusal = undefined;
    this.#admits = !this.#stopping && this.supervision === 'running' && admitsCalls(this.circuit);
    this.#quiet =
      this.#admits && this.failures === 0 && (this.health === 'healthy' || this.health === 'degraded');
  }
}

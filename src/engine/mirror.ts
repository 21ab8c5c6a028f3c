import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { BackendRef, BackendSnapshot } from '../../machines/backend.js';
import type { BackendEmitted, BackendResume } from '../../machines/backend-setup.js';
import type { FailureCategory } from '../../machines/failure.js';
import type { CircuitState, HealthState, Standing, Supervision } from '../../machines/policy.js';
import { regionsOf, statesOf } from '../../machines/regions.js';
import type { Passed } from '../../machines/window.js';
import type { Clock } from './clock.js';
import { tallyOf } from './tally.js';
import type { MeasuredRate, Tally } from './tally.js';
import type { TurnTime } from './turn-time.js';

/** What a mirror needs of its engine. */
export interface MirrorWorld {
  readonly clock: Clock;
  readonly turnTime: TurnTime;
}

/**
 * What the engine knows of one backend: the snapshot of its actor in plain fields, and what is left of it while the
 * actor is away.
 */
export abstract class Mirror implements Standing {
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

  /** Which of the backends of this name it is; see `Child.life`. */
  life = 0;
  /** What the engine last said of it. */
  saidCircuit: CircuitState | undefined;
  saidHealth: HealthState = 'unknown';

  protected snapshot: BackendSnapshot | undefined;
  protected stopping = false;
  protected openUntil = 0;
  protected tally: Tally | undefined;
  protected maxInFlight = Infinity;
  /** How long a call may be out before it is slow; undefined while nobody asks. */
  protected slowCallMs: number | undefined;
  #ref: BackendRef | undefined;
  #openings = 0;
  #pause: object | undefined;
  #checkAt: number | undefined;

  constructor(
    readonly name: string,
    protected readonly world: MirrorWorld,
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
    this.derive();
  }

  /** What an operator wants of an actor that is away, or not there yet: the next one begins with it. */
  override(circuit: CircuitState): void {
    if (this.stopping) return;
    this.circuit = circuit;
    if (circuit === 'closed') this.failures = this.#openings = 0;
    this.derive();
  }

  /** Admits nothing more; calls in flight go on. */
  drain(): void {
    this.supervision = 'draining';
    this.derive();
  }

  stopAdmission(): void {
    this.stopping = true;
    this.derive();
  }

  /** Notes until when the circuit is open, as its machine said it. */
  noteOpening({ openForMs }: Extract<BackendEmitted, { type: 'circuit.changed' }>): void {
    if (openForMs !== undefined) this.openUntil = this.world.clock.now() + openForMs;
    this.derive();
  }

  /** What the next actor goes on from; undefined where nothing has been before. */
  resume(): BackendResume | undefined {
    if (this.generation === 0 && this.circuit === 'closed') return undefined;
    const category = this.lastCategory;
    return {
      circuit: this.circuit,
      openForMs: Math.max(0, this.openUntil - this.world.clock.now()),
      generation: this.generation,
      failures: this.failures,
      openings: this.#openings,
      ...(category && { lastCategory: category }),
    };
  }

  /** The rate that opened the circuit. */
  get trippedBy(): MeasuredRate | undefined {
    return this.snapshot?.context.rate;
  }

  get lastCategory(): FailureCategory | undefined {
    return this.snapshot?.context.lastCategory;
  }

  /** The active states of its statechart by their ids; none while its actor is away. */
  get states(): readonly string[] {
    return this.snapshot && this.#ref ? statesOf(this.snapshot) : [];
  }

  /** For each rate, what the attempts that sent no event amount to. */
  get passed(): readonly Passed[] {
    return this.tally?.read() ?? [];
  }

  /** What the window of each rate holds. */
  get measured(): readonly MeasuredRate[] {
    return this.tally?.measure(this.snapshot?.context.marks ?? []) ?? [];
  }

  /** When the next attempt at the backend is made, on the engine's clock; undefined when nobody knows. */
  get nextAttemptAt(): number | undefined {
    if (this.supervision !== 'running') return this.restartAt;
    return this.circuit === 'open' ? this.openUntil : this.#checkAt;
  }

  /** Called when something has changed, for what follows from it. */
  protected abstract derive(): void;

  #adopt(snapshot: BackendSnapshot): void {
    this.snapshot = snapshot;
    const { circuit, health, nextCheck } = regionsOf(snapshot);
    const { generation, failures, openings, pause, policy } = snapshot.context;
    this.circuit = circuit;
    this.health = health;
    this.generation = generation;
    this.failures = failures;
    this.#openings = openings;
    if (nextCheck !== 'planned') this.#checkAt = undefined;
    else if (pause !== this.#pause) this.#checkAt = this.world.clock.now() + pause.ms;
    this.#pause = pause;
    this.tally = tallyOf(snapshot.context, this.tally, this.world.turnTime);
    this.#adoptPolicy(policy);
    this.derive();
  }

  #adoptPolicy({ circuit, maxInFlight = Infinity }: BackendPolicy): void {
    this.maxInFlight = maxInFlight;
    this.observing = circuit?.observeOnly ?? false;
    this.slowCallMs = circuit?.slowCallMs;
  }
}

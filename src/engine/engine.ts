import { fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendPolicy, CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { phaseOf } from '../../machines/policy.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';
import type {
  BackendSpec,
  RestartPolicy,
  SupervisorEmitted,
  SupervisorMachine,
} from '../../machines/supervisor.js';
import { silent } from '../log.js';
import type { Log } from '../log.js';
import { Announcer } from './announcer.js';
import { BackendHandle } from './backend-handle.js';
import type { Backend } from './backend-handle.js';
import { createCheckLogic } from './check.js';
import type { HealthCheck } from './check.js';
import type { Clock } from './clock.js';
import type { EngineEvent } from './events.js';
import { blameBackend } from './execute.js';
import type { Classify } from './execute.js';
import { Gate } from './gate.js';
import { Outbox } from './outbox.js';
import { Partition, PARTITION_SIZE } from './partition.js';
import type { EngineStatus } from './status.js';
import { statusOf } from './status-of.js';
import { SystemClock } from './system-clock.js';
import { Turns } from './turns.js';

/** What an engine runs by, with nothing left open. */
export interface EngineSettings {
  readonly backends: readonly {
    readonly name: string;
    readonly policy: BackendPolicy;
    readonly identity: string;
  }[];
  readonly restart: RestartPolicy;
  readonly maxConcurrentChecks: number;
  /** Milliseconds a call may take that names no time of its own. */
  readonly callTimeoutMs: number;
  /** Milliseconds that calls in flight may take when their backend, or the engine, is stopped. */
  readonly drainMs: number;
}

/** What an engine needs of its host. */
export interface EngineOptions {
  /** Makes a health check; without it backends are judged by their calls alone. */
  readonly check?: HealthCheck | undefined;
  /** What an error of an operation or a check says of the backend. Default: it is evidence against it. */
  readonly classify?: Classify | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1); spreads the checks. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly log?: Log | undefined;
}

/** No backend of this name is configured. */
export class UnknownBackendError extends Error {
  override readonly name = 'UnknownBackendError';
  readonly code = 'UNKNOWN_BACKEND';

  constructor(readonly backend: string) {
    super(`no backend is called "${backend}"`);
  }
}

/** Keeps the circuits and the health of a set of backends. */
export class Engine<Config> {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  readonly #turns: Turns;
  readonly #machine: SupervisorMachine;
  readonly #checks: boolean;
  readonly #classify: Classify;
  readonly #handles = new Map<string, BackendHandle>();
  readonly #homes = new Map<string, Partition>();
  readonly #partitions: Partition[] = [];
  /** Gates of replaced backends that still have calls out. */
  readonly #retired = new Set<Gate>();
  #settings: EngineSettings;
  #state: 'new' | 'running' | 'stopping' = 'new';
  #stopped: Promise<void> | undefined;

  /** @param read turns a configuration into settings, or throws where it is wrong */
  constructor(
    config: Config,
    private readonly read: (config: Config) => EngineSettings,
    options: EngineOptions = {},
  ) {
    const settings = read(config);
    const {
      check,
      classify = blameBackend,
      clock = new SystemClock(),
      random = Math.random,
      log = silent,
    } = options;
    this.#settings = settings;
    this.#clock = clock;
    this.#classify = classify;
    this.#checks = check !== undefined;
    this.#outbox = new Outbox((error) => {
      log.error({ err: error }, 'a listener of the engine threw');
    });
    this.#announcer = new Announcer(clock, this.#outbox);
    this.#turns = new Turns(settings.maxConcurrentChecks);
    const gateOf = (name: string) => this.#handles.get(name)?.gate;
    const logic = check
      ? createCheckLogic({ check, classify, clock, outbox: this.#outbox, turns: this.#turns, gateOf })
      : fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined);
    this.#machine = createSupervisorMachine({
      backend: createBackendMachine({ check: logic, random }),
      resumeOf: (name) => gateOf(name)?.resume(),
    });
    for (const { name } of settings.backends) this.#handles.set(name, this.#newHandle(name));
  }

  /** Starts every backend and its first health check; waits for none of them. Once. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#place(this.#settings.backends.map((backend) => this.#spec(backend)));
  }

  /**
   * Ends admission, lets calls in flight finish, then ends every actor and timer.
   * @param drainMs what the calls may take at most; default as configured
   */
  stop({ drainMs = this.#settings.drainMs }: { drainMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(drainMs);
    return this.#stopped;
  }

  /** @throws {UnknownBackendError} */
  backend(name: string): Backend {
    return this.#handle(name);
  }

  /** Names of all backends, sorted. */
  get names(): readonly string[] {
    return [...this.#handles.keys()].sort();
  }

  /** Asks for a health check now. While the circuit is open or isolated there is none: release it first. */
  check(name: string): void {
    this.#handle(name).gate.send({ type: 'check.request' });
  }

  /** Keeps every call and check away from a backend, until `release`. */
  isolate(name: string): void {
    const { gate } = this.#handle(name);
    if (gate.ref) gate.send({ type: 'circuit.isolate' });
    else gate.override('isolated');
  }

  /** Ends an isolation, or an open stay before its time, through half-open: recovery is tested, not assumed. */
  release(name: string): void {
    const { gate } = this.#handle(name);
    if (gate.ref) gate.send({ type: 'circuit.release' });
    else if (gate.circuit === 'isolated') gate.override('halfOpen');
  }

  /**
   * Closes the circuit, forgets the failures, brings back a backend that was given up, and checks it.
   * An isolated backend stays isolated: only `release` ends that.
   */
  reset(name: string): void {
    const { gate } = this.#handle(name);
    if (gate.ref) {
      gate.send({ type: 'circuit.reset' });
      gate.send({ type: 'check.request' });
      return;
    }
    if (gate.circuit !== 'isolated') gate.override('closed');
    this.#homes.get(name)?.revive(name);
  }

  /**
   * Takes over a new configuration: added backends start, removed ones drain, changed ones change, and the
   * others are not touched.
   * @throws whatever `read` throws, and goes on with the old one
   */
  reconfigure(config: Config): void {
    if (this.#state === 'stopping') throw new Error('the engine is stopping: it takes no new configuration');
    const settings = this.read(config);
    this.#settings = settings;
    this.#turns.limit = settings.maxConcurrentChecks;
    if (this.#state === 'new') {
      this.#handles.clear();
      for (const { name } of settings.backends) this.#handles.set(name, this.#newHandle(name));
      return;
    }
    const fresh: BackendSpec[] = [];
    const placed = new Map<Partition, BackendSpec[]>(this.#partitions.map((partition) => [partition, []]));
    for (const backend of settings.backends) {
      const home = this.#homes.get(backend.name);
      if (home) placed.get(home)?.push(this.#spec(backend));
      else fresh.push(this.#spec(backend));
    }
    this.#outbox.run(() => {
      for (const [partition, specs] of placed) {
        const room = Math.max(0, PARTITION_SIZE - partition.size);
        const joining = fresh.splice(0, room);
        for (const { name } of joining) this.#homes.set(name, partition);
        partition.reconcile([...specs, ...joining], settings.restart);
      }
      this.#place(fresh);
    });
  }

  /** Everything known at this moment, sorted by name. Asking changes nothing. */
  status(): EngineStatus {
    const backends = this.names.map((name) => statusOf(this.#handle(name).gate, this.#clock));
    const standings = backends.map(({ standing }) => standing);
    return { phase: phaseOf(standings.filter(({ supervision }) => supervision !== 'draining')), backends };
  }

  /** Every event from now on, once and in order, after the step that caused it. Returns the way to stop. */
  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.#announcer.subscribe(listener);
  }

  #handle(name: string): BackendHandle {
    const handle = this.#handles.get(name);
    if (!handle) throw new UnknownBackendError(name);
    return handle;
  }

  #newHandle(name: string): BackendHandle {
    return new BackendHandle(this.#newGate(name), {
      clock: this.#clock,
      classify: this.#classify,
      callTimeoutMs: () => this.#settings.callTimeoutMs,
    });
  }

  #newGate(name: string): Gate {
    return new Gate(name, {
      clock: this.#clock,
      outbox: this.#outbox,
      onIdle: (gate) => {
        this.#onIdle(gate);
      },
    });
  }

  #spec({ name, policy, identity }: EngineSettings['backends'][number]): BackendSpec {
    return { name, policy, identity, checks: this.#checks };
  }

  #place(specs: readonly BackendSpec[]): void {
    const { restart, drainMs } = this.#settings;
    for (let at = 0; at < specs.length; at += PARTITION_SIZE) {
      const backends = specs.slice(at, at + PARTITION_SIZE);
      const partition = new Partition(
        { backends, restart, drainMs },
        {
          machine: this.#machine,
          clock: this.#clock,
          outbox: this.#outbox,
          onEmitted: (from, event) => {
            this.#onSupervisor(from, event);
          },
        },
      );
      for (const { name } of backends) this.#homes.set(name, partition);
      this.#partitions.push(partition);
      partition.start();
    }
  }

  /** Called from inside a transition: it notes, and leaves the rest to the outbox. */
  #onSupervisor(partition: Partition, event: SupervisorEmitted): void {
    const { name } = event;
    const gate = this.#handles.get(name)?.gate;
    this.#announcer.supervision(event);
    switch (event.type) {
      case 'backend.added':
        if (!gate) this.#handles.set(name, this.#newHandle(name));
        this.#outbox.prepare(() => {
          this.#attach(partition, name);
        });
        return;
      case 'backend.replaced':
        if (gate) this.#retire(gate);
        this.#handle(name).gate = this.#newGate(name);
        this.#outbox.prepare(() => {
          this.#attach(partition, name);
        });
        return;
      case 'backend.restarted':
        if (gate) gate.restarts += 1;
        this.#outbox.prepare(() => {
          this.#attach(partition, name);
        });
        return;
      case 'backend.crashed':
        gate?.detach('restarting', event.restartInMs);
        return;
      case 'backend.gaveUp':
        gate?.detach('gaveUp');
        return;
      case 'backend.draining':
        gate?.drain();
        this.#outbox.prepare(() => {
          if (gate?.inFlight === 0) partition.drained(name, gate.life);
        });
        return;
      case 'backend.removed':
        if (gate) this.#retire(gate);
        this.#handles.delete(name);
        this.#homes.delete(name);
    }
  }

  #attach(partition: Partition, name: string): void {
    const child = partition.child(name);
    const gate = this.#handles.get(name)?.gate;
    if (!child?.ref || !gate) return;
    gate.life = child.life;
    const { ref } = child;
    ref.on('*', (event) => {
      if (gate.ref === ref) this.#announcer.backend(gate, event);
    });
    gate.attach(ref);
    this.#announcer.attached(gate);
  }

  #retire(gate: Gate): void {
    gate.detach('draining');
    if (gate.inFlight > 0) this.#retired.add(gate);
  }

  #onIdle(gate: Gate): void {
    this.#retired.delete(gate);
    if (this.#state === 'stopping') this.#finishIfIdle();
    else if (gate.supervision === 'draining') this.#homes.get(gate.name)?.drained(gate.name, gate.life);
  }

  async #stop(drainMs: number): Promise<void> {
    this.#state = 'stopping';
    for (const { gate } of this.#handles.values()) gate.stopAdmission();
    const ended = Promise.all(this.#partitions.map((partition) => partition.stop(drainMs)));
    this.#finishIfIdle();
    await ended;
    for (const { gate } of this.#handles.values()) gate.detach(gate.supervision);
  }

  #finishIfIdle(): void {
    if (this.#retired.size > 0) return;
    for (const { gate } of this.#handles.values()) if (gate.inFlight > 0) return;
    for (const partition of this.#partitions) partition.finish();
  }
}

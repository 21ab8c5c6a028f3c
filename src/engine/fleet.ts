import type {
  BackendSpec,
  RestartPolicy,
  SupervisorEmitted,
  SupervisorMachine,
} from '../../machines/supervisor.js';
import type { Announcer } from './announcer.js';
import { BackendHandle } from './backend-handle.js';
import { isSame, sameFields } from './backend-settings.js';
import type { BackendSettings } from './backend-settings.js';
import type { Clock } from './clock.js';
import type { Classify } from './execute.js';
import { Gate } from './gate.js';
import type { Inspection } from './inspection.js';
import type { Outbox } from './outbox.js';
import { Partition, PARTITION_SIZE } from './partition.js';
import { TimeLimits } from './time-limits.js';
import { TurnTime } from './turn-time.js';

/** The part of an engine's settings that its backends live by. */
export interface FleetSettings {
  readonly backends: readonly BackendSettings[];
  readonly restart: RestartPolicy;
  /** Milliseconds a call may take that names no time of its own. */
  readonly callTimeoutMs: number;
  /** Milliseconds that calls in flight may take when their backend, or the engine, is stopped. */
  readonly drainMs: number;
}

interface FleetWorld {
  readonly clock: Clock;
  readonly classify: Classify;
  readonly outbox: Outbox;
  readonly announcer: Announcer;
  readonly inspection: Inspection;
  readonly machine: SupervisorMachine;
  /** Whether backends are checked. */
  readonly checks: boolean;
}

/** The backends of an engine: their gates, the actors behind them, and the supervisors of those. */
export class Fleet {
  readonly #handles = new Map<string, BackendHandle>();
  readonly #homes = new Map<string, Partition>();
  readonly #partitions: Partition[] = [];
  readonly #limits: TimeLimits;
  readonly #turnTime: TurnTime;
  /** The backends that are wanted; one that drains is not. */
  readonly #configured = new Map<string, BackendSettings>();
  /** Gates of replaced backends that still have calls out. */
  readonly #retired = new Set<Gate>();
  #started = false;
  #stopping = false;

  constructor(
    public settings: Omit<FleetSettings, 'backends'>,
    backends: readonly BackendSettings[],
    private readonly world: FleetWorld,
  ) {
    this.#limits = new TimeLimits(world.clock);
    this.#turnTime = new TurnTime(world.clock);
    for (const backend of backends) this.#enter(backend);
  }

  get handles(): ReadonlyMap<string, BackendHandle> {
    return this.#handles;
  }

  /** Whether a backend is wanted. One that drains is not. */
  isConfigured(name: string): boolean {
    return this.#configured.has(name);
  }

  start(): void {
    this.#started = true;
    this.#place([...this.#configured.values()].map((backend) => this.#spec(backend)));
  }

  /** Starts what is new, drains what is gone, changes what differs, and leaves the rest alone. */
  reconcile({ backends, ...settings }: FleetSettings): void {
    const restartChanged = !sameFields(settings.restart, this.settings.restart);
    this.settings = settings;
    const fresh: BackendSettings[] = [];
    const concerned = new Set(restartChanged ? this.#partitions : []);
    for (const backend of backends) this.#take(backend, fresh, concerned);
    // By now all that is wanted is configured: where that is not more, nothing is gone.
    if (this.#configured.size > backends.length) {
      const wanted = new Set(backends.map(({ name }) => name));
      for (const name of this.#configured.keys()) if (!wanted.has(name)) this.#drop(name, concerned);
    }
    this.#bringAbout(fresh, concerned);
  }

  /** The same where all that is new, or differs, is named: no other backend is looked at. */
  configure(backends: readonly BackendSettings[]): void {
    const fresh: BackendSettings[] = [];
    const concerned = new Set<Partition>();
    for (const backend of backends) this.#take(backend, fresh, concerned);
    this.#bringAbout(fresh, concerned);
  }

  /** The same where only one backend is gone. */
  remove(name: string): void {
    const concerned = new Set<Partition>();
    this.#drop(name, concerned);
    this.#bringAbout([], concerned);
  }

  /** Notes that a backend is wanted as `backend` says, and whom that concerns. */
  #take(backend: BackendSettings, fresh: BackendSettings[], concerned: Set<Partition>): void {
    const before = this.#configured.get(backend.name);
    if (before && isSame(before, backend)) return;
    if (!this.#started) {
      this.#enter(backend);
      return;
    }
    this.#configured.set(backend.name, backend);
    // One that is draining is configured no more, but still has its place.
    const home = this.#homes.get(backend.name);
    if (home) concerned.add(home);
    else fresh.push(backend);
  }

  /** Notes that a backend is not wanted, and whom that concerns. */
  #drop(name: string, concerned: Set<Partition>): void {
    this.#configured.delete(name);
    const home = this.#homes.get(name);
    if (home) concerned.add(home);
    else if (!this.#started) this.#handles.delete(name);
  }

  /** Tells the supervisors what concerns them, and finds places for what is new. */
  #bringAbout(fresh: BackendSettings[], concerned: ReadonlySet<Partition>): void {
    this.world.outbox.run(() => {
      for (const partition of this.#partitions) {
        const joining = fresh.splice(0, Math.max(0, PARTITION_SIZE - partition.members.size));
        for (const { name } of joining) this.#house(name, partition);
        if (joining.length > 0 || concerned.has(partition))
          partition.reconcile(this.#specsOf(partition), this.settings);
      }
      this.#place(fresh.map((backend) => this.#spec(backend)));
    });
  }

  /** What is configured of a partition's backends; the others are to be drained. */
  #specsOf(partition: Partition): BackendSpec[] {
    const backends = [...partition.members].flatMap((name) => this.#configured.get(name) ?? []);
    return backends.map((backend) => this.#spec(backend));
  }

  #house(name: string, partition: Partition): void {
    this.#homes.set(name, partition);
    partition.members.add(name);
  }

  /** Brings back a backend that was given up. */
  revive(name: string): void {
    this.#homes.get(name)?.revive(name);
  }

  /** Ends admission at once, and every actor when no call is out any more or the time is up. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    for (const { gate } of this.#handles.values()) gate.stopAdmission();
    const ended = Promise.all(this.#partitions.map((partition) => partition.stop(drainMs)));
    this.#finishIfIdle();
    await ended;
    for (const { gate } of this.#handles.values()) gate.detach(gate.supervision);
  }

  /** Before anything has started: a backend has a handle, and nothing behind it. One that was given out stays valid. */
  #enter(backend: BackendSettings): void {
    const { name } = backend;
    this.#configured.set(name, backend);
    if (!this.#handles.has(name)) this.#handles.set(name, this.#newHandle(name));
  }

  #newHandle(name: string): BackendHandle {
    return new BackendHandle(this.#newGate(name), {
      clock: this.world.clock,
      classify: this.world.classify,
      callTimeoutMs: () => this.settings.callTimeoutMs,
      limits: this.#limits,
    });
  }

  #newGate(name: string): Gate {
    return new Gate(name, {
      clock: this.world.clock,
      outbox: this.world.outbox,
      turnTime: this.#turnTime,
      onIdle: (gate) => {
        this.#onIdle(gate);
      },
    });
  }

  #spec({ name, policy, identity }: BackendSettings): BackendSpec {
    return { name, policy, identity, checks: this.world.checks };
  }

  #place(specs: readonly BackendSpec[]): void {
    const { restart } = this.settings;
    for (let at = 0; at < specs.length; at += PARTITION_SIZE) {
      const backends = specs.slice(at, at + PARTITION_SIZE);
      const partition = new Partition(
        { backends, restart },
        {
          machine: this.world.machine,
          clock: this.world.clock,
          outbox: this.world.outbox,
          inspection: this.world.inspection,
          onEmitted: (from, event) => {
            this.#onSupervisor(from, event);
          },
        },
      );
      for (const { name } of backends) this.#house(name, partition);
      this.#partitions.push(partition);
      partition.start();
    }
  }

  /** Called from inside a transition: it notes, and leaves the rest to the outbox. */
  #onSupervisor(partition: Partition, event: SupervisorEmitted): void {
    const { name } = event;
    const gate = this.#handles.get(name)?.gate;
    this.world.announcer.supervision(event);
    switch (event.type) {
      case 'backend.added':
        if (!gate) this.#handles.set(name, this.#newHandle(name));
        this.world.outbox.prepare(() => {
          this.#attach(partition, name);
        });
        return;
      case 'backend.replaced':
        if (gate) this.#retire(gate);
        const handle = this.#handles.get(name);
        if (handle) handle.gate = this.#newGate(name);
        this.world.outbox.prepare(() => {
          this.#attach(partition, name);
        });
        return;
      case 'backend.restarted':
        if (gate) gate.restarts += 1;
        this.world.outbox.prepare(() => {
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
        this.world.outbox.prepare(() => {
          if (gate?.inFlight === 0) partition.drained(name, gate.life);
        });
        return;
      case 'backend.removed':
        if (gate) this.#retire(gate);
        this.#handles.delete(name);
        this.#homes.delete(name);
        partition.members.delete(name);
    }
  }

  #attach(partition: Partition, name: string): void {
    const child = partition.child(name);
    const gate = this.#handles.get(name)?.gate;
    if (!child?.ref || !gate) return;
    gate.life = child.life;
    const { ref } = child;
    ref.on('*', (event) => {
      if (gate.ref === ref) this.world.announcer.backend(gate, event);
    });
    gate.attach(ref);
    this.world.announcer.attached(gate);
  }

  #retire(gate: Gate): void {
    gate.detach('draining');
    if (gate.inFlight > 0) this.#retired.add(gate);
  }

  #onIdle(gate: Gate): void {
    this.#retired.delete(gate);
    if (this.#stopping) this.#finishIfIdle();
    else if (gate.supervision === 'draining') this.#homes.get(gate.name)?.drained(gate.name, gate.life);
  }

  #finishIfIdle(): void {
    if (this.#retired.size > 0) return;
    for (const { gate } of this.#handles.values()) if (gate.inFlight > 0) return;
    for (const partition of this.#partitions) partition.finish();
  }
}

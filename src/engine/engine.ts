import { fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { createBackendMachine } from '../../machines/backend.js';
import type { CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { phaseOf } from '../../machines/policy.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';
import { silent } from '../logging/log.js';
import type { Log } from '../logging/log.js';
import { Announcer } from './announcer.js';
import type { Backend, BackendHandle } from './backend-handle.js';
import type { BackendSettings } from './backend-settings.js';
import { createCheckLogic } from './check.js';
import type { HealthCheck } from './check.js';
import type { Clock } from './clock.js';
import type { EngineEvent } from './events.js';
import { blameBackend, excuseRefusals } from './execute.js';
import type { Classify } from './execute.js';
import { Fleet } from './fleet.js';
import type { FleetSettings } from './fleet.js';
import type { Gate } from './gate.js';
import { Inspection } from './inspection.js';
import type { Inspector } from './inspection.js';
import { Outbox } from './outbox.js';
import { withSharedBeginning } from './shared-beginning.js';
import type { EngineStatus } from './status.js';
import { statusOf } from './status-of.js';
import { SystemClock } from './system-clock.js';
import { Turns } from './turns.js';

/** What an engine runs by, with nothing left open. */
export interface EngineSettings extends FleetSettings {
  readonly maxConcurrentChecks: number;
}

/** Turns configurations into settings, or throws where they are wrong. */
export interface ConfigReader<Config extends { readonly backends: unknown }> {
  read(config: Config): EngineSettings;
  /** A few backends by themselves. */
  readBackends(backends: Config['backends']): readonly BackendSettings[];
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
  /** Watches the actors from the beginning, as `Engine.inspect` does from then on. */
  readonly inspect?: Inspector | undefined;
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
export class Engine<Config extends { readonly backends: unknown }> {
  readonly #clock: Clock;
  readonly #announcer: Announcer;
  readonly #turns: Turns;
  readonly #fleet: Fleet;
  readonly #inspection: Inspection;
  #state: 'new' | 'running' | 'stopping' = 'new';
  #stopped: Promise<void> | undefined;

  constructor(
    config: Config,
    private readonly reader: ConfigReader<Config>,
    options: EngineOptions = {},
  ) {
    const { backends, ...settings } = reader.read(config);
    const {
      check,
      classify: asked = blameBackend,
      clock = new SystemClock(),
      random = Math.random,
      log = silent,
      inspect,
    } = options;
    const classify = excuseRefusals(asked);
    const outbox = new Outbox((error) => {
      log.error({ err: error }, 'a listener of the engine threw');
    });
    this.#clock = clock;
    this.#announcer = new Announcer(clock, outbox);
    this.#inspection = new Inspection((error) => outbox.onError(error));
    if (inspect) this.#inspection.attach(inspect);
    this.#turns = new Turns(settings.maxConcurrentChecks);
    const gateOf = (name: string): Gate | undefined => this.#fleet.handles.get(name)?.gate;
    const logic = check
      ? createCheckLogic({ check, classify, clock, outbox, turns: this.#turns, gateOf })
      : fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined);
    const machine = createSupervisorMachine({
      backend: withSharedBeginning(
        createBackendMachine({ check: logic, random, passed: (name) => gateOf(name)?.passed ?? [] }),
        logic,
      ),
      resumeOf: (name) => gateOf(name)?.resume(),
    });
    this.#fleet = new Fleet(settings, backends, {
      clock,
      classify,
      outbox,
      announcer: this.#announcer,
      inspection: this.#inspection,
      machine,
      checks: check !== undefined,
    });
  }

  /** Starts every backend and its first health check; waits for none of them. Once. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#fleet.start();
  }

  /**
   * Ends admission, lets calls in flight finish, then ends every actor and timer.
   * @param drainMs what the calls may take at most; default as configured
   */
  stop({ drainMs = this.#fleet.settings.drainMs }: { drainMs?: number } = {}): Promise<void> {
    this.#state = 'stopping';
    this.#stopped ??= this.#fleet.stop(drainMs);
    return this.#stopped;
  }

  /** @throws {UnknownBackendError} */
  backend(name: string): Backend {
    return this.#handle(name);
  }

  /** Names of all backends, sorted. */
  get names(): readonly string[] {
    return [...this.#fleet.handles.keys()].sort();
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
    this.#fleet.revive(name);
  }

  /**
   * Takes over a new configuration: added backends start, removed ones drain, changed ones change, and the
   * others are not touched.
   * @throws whatever the reader throws, and goes on with the old one
   */
  reconfigure(config: Config): void {
    this.#refuseWhenStopping();
    const settings = this.reader.read(config);
    this.#turns.limit = settings.maxConcurrentChecks;
    this.#fleet.reconcile(settings);
  }

  /**
   * Adds backends, or takes over another configuration of them. Those that are not named are not even looked at: among
   * thousands this costs a fraction of `reconfigure`.
   * @throws whatever the reader throws, and changes nothing
   */
  configure(backends: Config['backends']): void {
    this.#refuseWhenStopping();
    this.#fleet.configure(this.reader.readBackends(backends));
  }

  /**
   * Removes a backend: it admits no more calls, and is forgotten when those in flight have ended or the drain time is
   * over.
   * @throws {UnknownBackendError} also where it was removed before
   */
  remove(name: string): void {
    this.#refuseWhenStopping();
    if (!this.#fleet.isConfigured(name)) throw new UnknownBackendError(name);
    this.#fleet.remove(name);
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

  /**
   * Shows an inspector of XState every actor there is, with the snapshot it has, and everything that happens in them
   * from now on. Returns the way to stop. While it is attached each event of a machine costs several times as much;
   * what it throws is logged, and disturbs no actor.
   * @throws {TypeError} it is neither a function nor an observer
   */
  inspect(inspector: Inspector): () => void {
    return this.#inspection.attach(inspector);
  }

  #refuseWhenStopping(): void {
    if (this.#state === 'stopping') throw new Error('the engine is stopping: it takes no new configuration');
  }

  #handle(name: string): BackendHandle {
    const handle = this.#fleet.handles.get(name);
    if (!handle) throw new UnknownBackendError(name);
    return handle;
  }
}

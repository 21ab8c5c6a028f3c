import { createActor } from 'xstate';
import type { Actor } from 'xstate';
import type {
  BackendSpec,
  Child,
  RestartPolicy,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorInput,
  SupervisorMachine,
} from '../../machines/supervisor.js';
import type { Clock } from './clock.js';
import type { Inspection } from './inspection.js';
import type { Outbox } from './outbox.js';

/**
 * How many backends one supervisor looks after. XState's bookkeeping of children costs O(n) for each start
 * and stop, so that one supervisor of all would cost O(n²).
 */
export const PARTITION_SIZE = 32;

interface PartitionWorld {
  readonly machine: SupervisorMachine;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly inspection: Inspection;
  readonly onEmitted: (partition: Partition, event: SupervisorEmitted) => void;
}

/** One supervisor actor and the backends it looks after. */
export class Partition {
  /** Names of its backends, those that drain included. */
  readonly members = new Set<string>();
  readonly #actor: Actor<SupervisorMachine>;
  readonly #ended: Promise<void>;

  constructor(
    input: SupervisorInput,
    private readonly world: PartitionWorld,
  ) {
    const { machine, clock, outbox, inspection, onEmitted } = world;
    this.#actor = createActor(machine, {
      input,
      clock: {
        setTimeout: (callback: () => void, delayMs: number) =>
          clock.setTimeout(() => {
            outbox.run(callback);
          }, delayMs),
        clearTimeout: (id: unknown) => {
          clock.clearTimeout(id);
        },
      },
    });
    this.#actor.on('*', (event) => {
      onEmitted(this, event);
    });
    inspection.add(this.#actor);
    this.#ended = new Promise((resolve) => {
      this.#actor.subscribe({ complete: resolve, error: () => resolve() });
    });
  }

  start(): void {
    this.world.outbox.run(() => this.#actor.start());
  }

  child(name: string): Child | undefined {
    return this.#actor.getSnapshot().context.children[name];
  }

  reconcile(
    backends: readonly BackendSpec[],
    { restart, drainMs }: { restart: RestartPolicy; drainMs: number },
  ): void {
    this.#send({ type: 'config.changed', backends, restart, drainMs });
  }

  /** The last call of a draining backend has ended. */
  drained(name: string, life: number): void {
    this.#send({ type: 'backend.drained', name, life });
  }

  revive(name: string): void {
    this.#send({ type: 'backend.revive', name });
  }

  /** Ends when `finish` is called, or after the drain time. */
  stop(drainMs: number): Promise<void> {
    this.#send({ type: 'supervisor.stop', drainMs });
    return this.#ended;
  }

  finish(): void {
    this.#send({ type: 'calls.drained' });
  }

  /** Where the supervisor has ended there is nothing left to tell. */
  #send(event: SupervisorEvent): void {
    if (this.#actor.getSnapshot().status !== 'active') return;
    this.world.outbox.run(() => {
      this.#actor.send(event);
    });
  }
}

import type { BackendEmitted } from '../../machines/backend-setup.js';
import type { SupervisorEmitted } from '../../machines/supervisor.js';
import type { Clock } from './clock.js';
import type { EngineEvent } from './events.js';
import type { Gate } from './gate.js';
import type { Outbox } from './outbox.js';
import { circuitName, readingOf } from './status-of.js';

type Said<Type> = Omit<Extract<BackendEmitted, { type: Type }>, 'type'>;
type Unstamped<E> = E extends unknown ? Omit<E, 'sequence' | 'at' | 'time'> : never;

/** Turns what the actors say into the engine's one stream of events: numbered, timed, each thing once. */
export class Announcer {
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #sequence = 0;

  constructor(
    private readonly clock: Clock,
    private readonly outbox: Outbox,
  ) {}

  subscribe(listener: (event: EngineEvent) => void): () => void {
    const own = (event: EngineEvent) => {
      listener(event);
    };
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  supervision({ name, ...event }: SupervisorEmitted): void {
    this.#say({ ...event, backend: name });
  }

  backend(gate: Gate, event: BackendEmitted): void {
    if (event.type === 'circuit.changed') {
      gate.noteOpening(event);
      this.#circuit(gate, event);
    } else this.#health(gate, event);
  }

  /** A new actor may begin in another state than its predecessor left: nobody should miss that either. */
  attached(gate: Gate): void {
    const { circuit, health, generation } = gate;
    const cause = 'backend.restarted';
    if (gate.saidCircuit === undefined) gate.saidCircuit = circuit;
    else this.#circuit(gate, { to: circuit, generation, cause });
    this.#health(gate, { to: health, cause });
  }

  #circuit(gate: Gate, event: Said<'circuit.changed'>): void {
    const { to, generation, cause, category, openForMs, rate } = event;
    const from = gate.saidCircuit ?? to;
    if (from === to) return;
    gate.saidCircuit = to;
    gate.circuitSince = this.clock.now();
    this.#say({
      type: 'circuit.changed',
      backend: gate.name,
      from: circuitName(from) ?? 'disabled',
      to: circuitName(to) ?? 'disabled',
      generation,
      cause,
      ...(category && { category }),
      ...(openForMs !== undefined && { retryAfterMs: openForMs }),
      ...(rate && { rate: readingOf(rate) }),
    });
  }

  #health(gate: Gate, { to, cause, category }: Said<'health.changed'>): void {
    const from = gate.saidHealth;
    if (from === to) return;
    gate.saidHealth = to;
    gate.healthSince = this.clock.now();
    this.#say({ type: 'health.changed', backend: gate.name, from, to, cause, ...(category && { category }) });
  }

  #say(event: Unstamped<EngineEvent>): void {
    this.#sequence += 1;
    if (this.#listeners.size === 0) return;
    const stamped = {
      sequence: this.#sequence,
      at: this.clock.now(),
      time: new Date(this.clock.wallTime()).toISOString(),
      ...event,
    } as EngineEvent;
    this.outbox.post(() => {
      for (const listener of this.#listeners) {
        try {
          listener(stamped);
        } catch (error) {
          this.outbox.onError(error);
        }
      }
    });
  }
}

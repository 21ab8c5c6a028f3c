import type { EngineEvent } from '../../../src/engine/events.js';

/** What only the engine can say. */
const ITS_OWN = ['sequence', 'time', 'error', 'generation'];

/** What an engine says of supervision and of circuits, as an oracle would say it. Of health there is nothing. */
export class Heard {
  readonly events: object[] = [];
  /** The last generation of each name, since another life of it began. */
  readonly #generations = new Map<string, number>();

  hear({ type, at, backend, ...more }: EngineEvent): void {
    if (type === 'health.changed') return;
    if (type === 'backend.added' || type === 'backend.replaced') this.#generations.delete(backend);
    const said = Object.fromEntries(Object.entries(more).filter(([key]) => !ITS_OWN.includes(key)));
    this.events.push({ at, type, backend, ...said, ...this.#notLater(backend, more) });
  }

  /** Every stay that is told of has a greater number than the one before; what has not is said. */
  #notLater(backend: string, more: object): object {
    if (!('generation' in more) || typeof more.generation !== 'number') return {};
    const { generation } = more;
    const before = this.#generations.get(backend) ?? 0;
    this.#generations.set(backend, generation);
    return generation > before ? {} : { generation, before };
  }
}

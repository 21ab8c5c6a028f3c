import type { BackendStatus, EngineStatus } from '../engine/status.js';
import type { MetricRegistry, Shown } from './series.js';

/**
 * A number that the engine keeps for each backend, as a counter. It survives restarts of the backend's actor by itself.
 * Where another backend takes over a name, the engine begins at 0 and the counter goes on from what was last read: what
 * its predecessor counted after that is lost.
 */
export class Totals {
  readonly #shown: Shown;
  readonly #before = new Map<string, number>();
  readonly #last = new Map<string, number>();

  constructor(
    registry: MetricRegistry,
    name: string,
    help: string,
    private readonly numberOf: (backend: BackendStatus) => number,
  ) {
    this.#shown = registry.total(name, help, ['backend']);
  }

  show({ backends }: EngineStatus): void {
    this.#shown.show(
      backends.map((backend) => {
        const { name } = backend;
        const present = this.numberOf(backend);
        this.#last.set(name, present);
        return [(this.#before.get(name) ?? 0) + present, { backend: name }];
      }),
    );
  }

  /** Another backend has taken over the name. */
  replaced(backend: string): void {
    this.#before.set(backend, (this.#before.get(backend) ?? 0) + (this.#last.get(backend) ?? 0));
    this.#last.delete(backend);
  }

  forget(backend: string): void {
    this.#before.delete(backend);
    this.#last.delete(backend);
  }
}

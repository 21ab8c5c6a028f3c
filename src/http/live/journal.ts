import type { EngineEvent } from '../../engine/events.js';

/** What happened since some moment, and whether that is all of it. */
export interface Since {
  readonly events: readonly EngineEvent[];
  /** The first and the last sequence that are not held any more; absent where nothing is missing. */
  readonly missing?: { readonly from: number; readonly to: number };
}

/** The last events of an engine, as many as it holds. Adding one costs the same however many there are. */
export class Journal {
  readonly #ring: EngineEvent[] = [];
  #last = 0;

  /** @param capacity how many events are held; an integer ≥ 1 */
  constructor(private readonly capacity: number) {}

  /** The sequence of the newest event; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  add(event: EngineEvent): void {
    this.#ring[event.sequence % this.capacity] = event;
    this.#last = event.sequence;
  }

  /** Everything after `sequence`, in order. One from the future is of another engine: everything is new then. */
  since(sequence: number): Since {
    const after = sequence > this.#last ? 0 : sequence;
    const events: EngineEvent[] = [];
    for (let next = Math.max(after, this.#last - this.capacity) + 1; next <= this.#last; next += 1) {
      const event = this.#ring[next % this.capacity];
      // Nobody listened yet when it happened.
      if (event?.sequence === next) events.push(event);
    }
    const first = events[0]?.sequence ?? this.#last + 1;
    return first > after + 1 ? { events, missing: { from: after + 1, to: first - 1 } } : { events };
  }
}

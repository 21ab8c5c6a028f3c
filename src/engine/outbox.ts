/**
 * Everything that enters the actors goes through `run`, and everything they say goes out through `post`.
 *
 * An emitted event must not reach a listener from inside a transition: the listener could throw into the
 * machine, or ask for a state that is not there yet. So events wait until the outermost entry has ended, and
 * are then delivered in order, each to the end, whatever a listener does.
 */
export class Outbox {
  #depth = 0;
  #tidying = false;
  #delivering = false;
  readonly #chores: (() => void)[] = [];
  readonly #letters: (() => void)[] = [];

  constructor(private readonly report: (error: unknown) => void) {}

  /** Reports what a listener threw. A log that fails too must not stop the delivery. */
  onError(error: unknown): void {
    try {
      this.report(error);
    } catch {
      // There is nobody left to tell.
    }
  }

  run<T>(entry: () => T): T {
    this.#depth += 1;
    try {
      return entry();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#settle();
    }
  }

  /** To be done when the entry has ended, before any further letter: the engine's own house is in order first. */
  prepare(chore: () => void): void {
    this.#chores.push(chore);
  }

  post(letter: () => void): void {
    this.#letters.push(letter);
  }

  #settle(): void {
    if (this.#tidying) return;
    this.#tidying = true;
    this.#empty(this.#chores);
    this.#tidying = false;
    if (this.#delivering) return;
    this.#delivering = true;
    this.#empty(this.#letters);
    this.#delivering = false;
  }

  /** What joins meanwhile is done in the same round, at its end. */
  #empty(queue: (() => void)[]): void {
    for (const item of queue) {
      try {
        item();
      } catch (error) {
        this.onError(error);
      }
    }
    queue.length = 0;
  }
}

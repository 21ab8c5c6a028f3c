/** At most `limit` holders at once; the others wait in line, those whose callers wait before the rest. */
export class Turns {
  readonly #urgent = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A higher limit lets waiting ones begin at once; a lower one interrupts none. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  /**
   * Calls `begin` when it is this one's turn, never before `take` has returned.
   * @param isUrgent before all that are not, whoever came first
   * @returns gives the turn up, or the place in the line; doing so twice changes nothing.
   */
  take(begin: () => void, isUrgent = false): () => void {
    const line = isUrgent ? this.#urgent : this.#waiting;
    let holds = false;
    const start = () => {
      holds = true;
      this.#held += 1;
      queueMicrotask(() => {
        if (holds) begin();
      });
    };
    line.add(start);
    this.#admit();
    return () => {
      if (holds) {
        this.#held -= 1;
        this.#admit();
      } else line.delete(start);
      holds = false;
    };
  }

  #admit(): void {
    for (const line of [this.#urgent, this.#waiting]) {
      for (const start of line) {
        if (this.#held >= this.#limit) return;
        line.delete(start);
        start();
      }
    }
  }
}

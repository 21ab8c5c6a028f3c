/** At most `limit` holders at once; the others wait in line. */
export class Turns {
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
   * @returns gives the turn up, or the place in the line; doing so twice changes nothing.
   */
  take(begin: () => void): () => void {
    let state: 'waiting' | 'holding' | 'done' = 'waiting';
    const start = () => {
      state = 'holding';
      this.#held += 1;
      queueMicrotask(() => {
        if (state === 'holding') begin();
      });
    };
    this.#waiting.add(start);
    this.#admit();
    return () => {
      if (state === 'holding') {
        this.#held -= 1;
        this.#admit();
      } else this.#waiting.delete(start);
      state = 'done';
    };
  }

  #admit(): void {
    for (const start of this.#waiting) {
      if (this.#held >= this.#limit) return;
      this.#waiting.delete(start);
      start();
    }
  }
}

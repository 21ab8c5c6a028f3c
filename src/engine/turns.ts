/** At most `limit` holders at once; the others wait in line. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(public limit: number) {}

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
    if (this.#held < this.limit) start();
    else this.#waiting.add(start);
    return () => {
      if (state === 'holding') {
        this.#held -= 1;
        this.#next();
      } else this.#waiting.delete(start);
      state = 'done';
    };
  }

  #next(): void {
    for (const start of this.#waiting) {
      this.#waiting.delete(start);
      start();
      return;
    }
  }
}

import { performance } from 'node:perf_hooks';

/** Lets at most `maxPerSecond` things through in any one-second window that begins with the first of them. */
export class RateGate {
  #windowEndsAt = 0;
  #passed = 0;
  #held = 0;

  constructor(readonly maxPerSecond: number) {}

  /** Whether one more may pass; `held` is how many were held back since the last that passed. */
  take(): { readonly passes: boolean; readonly held: number } {
    const now = performance.now();
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + 1_000;
      this.#passed = 0;
    }
    if (this.#passed >= this.maxPerSecond) {
      this.#held += 1;
      return { passes: false, held: this.#held };
    }
    this.#passed += 1;
    const held = this.#held;
    this.#held = 0;
    return { passes: true, held };
  }
}

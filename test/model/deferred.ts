type Callback = (value: unknown) => unknown;

/**
 * A promise that is settled by the test, and tells its followers in the same step: nothing that waits for its turn
 * can slip in between a check's end and the test's next step.
 */
export class Deferred {
  readonly #followers: (readonly [Callback | undefined | null, Deferred])[] = [];
  #settled: { readonly value: unknown } | undefined;

  resolve(value: unknown): void {
    if (this.#settled) return;
    this.#settled = { value };
    for (const [callback, next] of this.#followers) next.resolve(callback ? callback(value) : value);
  }

  then(callback?: Callback | null): Deferred {
    const next = new Deferred();
    if (this.#settled) next.resolve(callback ? callback(this.#settled.value) : this.#settled.value);
    else this.#followers.push([callback, next]);
    return next;
  }
}

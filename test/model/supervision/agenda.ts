/** Whose deadline it is. */
interface Owner {
  readonly name: string;
}

interface Entry {
  readonly what: string;
  readonly of: Owner;
  readonly at: number;
  readonly pass: () => void;
}

/** Deadlines of an oracle in the order in which they were set: an array, so that nothing can be wrong with it. */
export class Agenda {
  now = 0;
  #entries: readonly Entry[] = [];

  set(what: string, of: Owner, ms: number, pass: () => void): void {
    this.#entries = [...this.#entries, { what, of, at: this.now + ms, pass }];
  }

  /** Some deadlines of one pass no more; without a word, all of them. */
  drop(one: Owner, ...what: readonly string[]): void {
    this.#entries = this.#entries.filter(
      (entry) => entry.of !== one || (what.length > 0 && !what.includes(entry.what)),
    );
  }

  clear(): void {
    this.#entries = [];
  }

  /** What passes next, with all that passes at the same time. */
  get next(): { readonly what: string; readonly at: number } | undefined {
    const at = Math.min(...this.#entries.map((entry) => entry.at));
    const passing = this.#entries.filter((entry) => entry.at === at);
    if (passing.length === 0) return undefined;
    return { what: passing.map(({ what, of }) => `${what} ${of.name}`).join('+'), at };
  }

  elapse(ms: number): void {
    const end = this.now + ms;
    for (let { next } = this; next && next.at <= end; { next } = this) {
      const { at } = next;
      const first = this.#entries.find((entry) => entry.at === at)!;
      this.now = at;
      this.#entries = this.#entries.filter((entry) => entry !== first);
      first.pass();
    }
    this.now = end;
  }
}

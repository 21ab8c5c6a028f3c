import type { Clock } from './clock.js';
import { Deadlines } from './deadlines.js';
import type { Deadline } from './deadlines.js';

/** Time that moves only when it is told to; while a callback runs, it is that callback's own due time. */
export class VirtualClock implements Clock {
  readonly #deadlines = new Deadlines();
  #now = 0;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  /** How many deadlines are pending. */
  get pending(): number {
    return this.#deadlines.size;
  }

  setTimeout(callback: () => void, delayMs: number): Deadline {
    return this.#deadlines.add(callback, this.#now, delayMs);
  }

  clearTimeout(id: unknown): void {
    if (typeof id === 'object' && id !== null) this.#deadlines.remove(id as Deadline);
  }

  /** Moves on by `ms` and fires everything due on the way, what is due exactly at the end included. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#fireNext(end));
    this.#now = end;
  }

  /** The same, but lets promises settle before the first callback and after each. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    do await new Promise((settled) => setImmediate(settled));
    while (this.#fireNext(end));
    this.#now = end;
    await new Promise((settled) => setImmediate(settled));
  }

  #fireNext(end: number): boolean {
    const next = this.#deadlines.takeDue(end);
    if (next === undefined) return false;
    this.#now = Math.max(this.#now, next.dueAt);
    next.callback();
    return true;
  }
}

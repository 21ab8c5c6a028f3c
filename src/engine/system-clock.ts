import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.js';
import { Deadlines } from './deadlines.js';
import type { Deadline } from './deadlines.js';

/** The longest delay a Node timer holds; a longer one would fire after a millisecond. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A wake-up later than this was held up: what arrived meanwhile is read before any deadline speaks. */
const LATE_MS = 20;

/**
 * Real time. All deadlines stand behind one timer, which does not keep the process alive; while nothing is
 * due there is none. Delays may have any length.
 */
export class SystemClock implements Clock {
  readonly #deadlines = new Deadlines();
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;

  now(): number {
    return performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  setTimeout(callback: () => void, delayMs: number): Deadline {
    const deadline = this.#deadlines.add(callback, this.now(), delayMs);
    if (deadline.dueAt < this.#wakesAt) this.#arm();
    return deadline;
  }

  afterTurn(callback: () => void): void {
    process.nextTick(callback);
  }

  clearTimeout(id: unknown): void {
    if (typeof id !== 'object' || id === null) return;
    this.#deadlines.remove(id as Deadline);
    if (this.#deadlines.size === 0) this.#disarm();
  }

  #arm(): void {
    this.#disarm();
    const first = this.#deadlines.first();
    if (first === undefined) return;
    this.#wakesAt = first.dueAt;
    const delay = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(first.dueAt - this.now())));
    this.#timer = setTimeout(() => {
      this.#wake();
    }, delay).unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakesAt = Infinity;
  }

  #wake(): void {
    const late = this.now() - this.#wakesAt;
    if (late > LATE_MS && late !== Infinity) {
      // Not unref'd: the loop would wait for the next thing to happen before it comes to this.
      setImmediate(() => {
        this.#fire();
      });
    } else this.#fire();
  }

  /** A callback that throws holds up no other: its error surfaces as any timer's would. */
  #fire(): void {
    const until = this.now();
    for (let next = this.#deadlines.takeDue(until); next; next = this.#deadlines.takeDue(until)) {
      try {
        next.callback();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#arm();
  }
}

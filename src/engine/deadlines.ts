/** One callback and when it is due. */
export interface Deadline {
  readonly dueAt: number;
  readonly callback: () => void;
  /** Deadlines of the same time fire in the order in which they were set. */
  readonly order: number;
  /** Position in the heap; -1 outside. */
  index: number;
}

/** A heap of deadlines, earliest first. Adding and removing cost O(log n). */
export class Deadlines {
  readonly #heap: Deadline[] = [];
  #orders = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** @throws TypeError when the delay is not a number: such a timer would fire at once, or never, by accident. */
  add(callback: () => void, now: number, delayMs: number): Deadline {
    if (Number.isNaN(delayMs)) throw new TypeError('a delay must be a number of milliseconds, got NaN');
    const deadline: Deadline = {
      dueAt: now + Math.max(0, delayMs),
      callback,
      order: (this.#orders += 1),
      index: -1,
    };
    if (delayMs !== Infinity) {
      this.#heap.push(deadline);
      this.#rise(deadline, this.#heap.length - 1);
    }
    return deadline;
  }

  remove(deadline: Deadline): void {
    const { index } = deadline;
    if (index < 0 || this.#heap[index] !== deadline) return;
    deadline.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === deadline) return;
    this.#rise(last, index);
    this.#sink(last, last.index);
  }

  /** The earliest, left where it is. */
  first(): Deadline | undefined {
    return this.#heap[0];
  }

  /** Takes out the earliest if it is due at or before `time`. */
  takeDue(time: number): Deadline | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt > time) return undefined;
    this.remove(first);
    return first;
  }

  #rise(deadline: Deadline, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(deadline, parent)) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(deadline, index);
  }

  #sink(deadline: Deadline, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, deadline)) break;
      const below = child.index;
      this.#place(child, index);
      index = below;
    }
    this.#place(deadline, index);
  }

  #place(deadline: Deadline, index: number): void {
    this.#heap[index] = deadline;
    deadline.index = index;
  }
}

function isBefore(one: Deadline, other: Deadline): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order);
}

/** What is replaced while a case runs. */
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  Date: globalThis.Date,
  now: performance.now.bind(performance),
  random: Math.random,
};
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const WALL_AT_START = 1_700_000_000_000;

/** Node's own rule: what a timer cannot hold, and what is no number, is one millisecond. */
function delayOf(ms: unknown): number {
  const delay = Number(ms);
  return delay >= 1 && delay <= LONGEST_TIMER_MS ? Math.trunc(delay) : 1;
}

class FakeTimer {
  constructor(
    readonly run: () => void,
    public dueAt: number,
    readonly everyMs?: number,
  ) {}

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/**
 * Time for libraries that read the global clocks: timers, wall clock, `performance.now` and `Math.random` of this
 * process are ours from `install` to `uninstall`. The wall clock can be put back and forward by itself.
 */
export class FakeTime {
  readonly #timers = new Set<FakeTimer>();
  #now = 5000;
  #wallOffset = WALL_AT_START - this.#now;
  #seed = 1;
  /** How many timers were set. */
  timersSet = 0;
  /** What timers have thrown: in a real process nobody would have caught it. */
  readonly escaped: unknown[] = [];

  now(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#timers.size;
  }

  stepWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Fires what is due on the way, each at its own time, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#now = Math.max(this.#now, next);
      this.#fire();
      await this.settle();
    }
    this.#now = end;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await new Promise((done) => setImmediate(done));
  }

  install(): void {
    const add = (run: (...rest: unknown[]) => void, ms: unknown, rest: unknown[], repeats: boolean) => {
      this.timersSet += 1;
      const delay = delayOf(ms);
      const timer = new FakeTimer(() => run(...rest), this.#now + delay, repeats ? delay : undefined);
      this.#timers.add(timer);
      return timer;
    };
    const clear = (timer: unknown) => void this.#timers.delete(timer as FakeTimer);
    const wall = () => this.#now + this.#wallOffset;
    class FakeDate extends real.Date {
      static override now = wall;
      constructor(...parts: [] | [number | string | Date]) {
        super(parts[0] ?? wall());
      }
    }
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms?: number, ...rest: unknown[]) => add(run, ms, rest, false),
      setInterval: (run: () => void, ms?: number, ...rest: unknown[]) => add(run, ms, rest, true),
      clearTimeout: clear,
      clearInterval: clear,
      Date: FakeDate,
    });
    performance.now = () => this.#now;
    Math.random = () => this.#random();
  }

  uninstall(): void {
    const { now, random, ...globals } = real;
    Object.assign(globalThis, globals);
    performance.now = now;
    Math.random = random;
  }

  #nextDue(end: number): number | undefined {
    let next = Infinity;
    for (const { dueAt } of this.#timers) next = Math.min(next, dueAt);
    return next <= end ? next : undefined;
  }

  #fire(): void {
    for (const timer of this.#timers) {
      if (timer.dueAt > this.#now) continue;
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.dueAt += timer.everyMs;
      try {
        timer.run();
      } catch (error) {
        this.escaped.push(error);
      }
    }
  }

  /** Park and Miller's: the same in every run. */
  #random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
}

import type { Breaker, Extras, Library } from './breaker.js';
import { Call } from './call.js';
import type { CallOptions } from './call.js';
import type { Policy } from './policy.js';
import { BackendError } from './policy.js';
import type { FakeTime } from './time.js';

/** A library does not do what the case says. The message is what was seen instead. */
export class Broken extends Error {}

/** The library has no such policy, or nothing to do this with. */
export class NotApplicable extends Error {}

/** More failures than any policy here needs. */
const MANY = 50;

/** One case against one library: a breaker, its backend, and the time. */
export class Trial {
  /** Whether the health check finds the backend ill. */
  ill = false;
  checks = 0;
  /** Runs instead of a health check that answers by `ill`. */
  onCheck: (() => void) | undefined;
  readonly #made: Breaker[] = [];
  readonly #breaker: Breaker | undefined;

  constructor(
    readonly library: Library,
    readonly policy: Policy,
    /** Absent where a case runs in real time. */
    private readonly fake?: FakeTime,
    makes = true,
  ) {
    if (makes) this.#breaker = this.another();
  }

  /** The breaker, with what the case has said that it needs. */
  get breaker(): Breaker & Extras {
    if (this.#breaker === undefined) throw new Error('the case makes its own breakers');
    return this.#breaker as Breaker & Extras;
  }

  get time(): FakeTime {
    if (this.fake === undefined) throw new Error('the case runs in real time');
    return this.fake;
  }

  another(policy = this.policy): Breaker {
    const check = () => {
      this.checks += 1;
      this.onCheck?.();
      return this.ill ? Promise.reject(new BackendError('ill')) : Promise.resolve();
    };
    const breaker = this.library.make(policy, check);
    if (breaker === undefined) throw new NotApplicable('no such policy');
    this.#made.push(breaker);
    return breaker;
  }

  /** Undefined where the library refuses the settings. */
  anotherOrNone(policy?: Policy): Breaker | undefined {
    try {
      return this.another(policy);
    } catch (error) {
      if (error instanceof NotApplicable) throw error;
      return undefined;
    }
  }

  /** Whether the library makes a breaker of this. */
  takes(policy: Policy): boolean {
    try {
      return this.anotherOrNone(policy) !== undefined;
    } catch {
      return false;
    }
  }

  /** Takes the breaker away, and puts another in its place. */
  async successor(): Promise<Breaker> {
    const breaker: Breaker = this.breaker;
    if (!breaker.replaced) await breaker.dispose();
    const next = breaker.replaced?.() ?? this.another();
    await this.settle();
    return next;
  }

  async advance(ms: number): Promise<void> {
    await this.time.advance(ms);
    await this.library.advance?.(ms);
    await this.time.settle();
  }

  /** Real time passes. */
  sleep(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms));
  }

  /** Starts a call, which waits for its backend. */
  start(options?: CallOptions, breaker: Breaker = this.breaker): Call {
    return new Call(breaker, options);
  }

  /** The same, and lets it get as far as it comes. */
  async begin(options?: CallOptions, breaker?: Breaker): Promise<Call> {
    const call = this.start(options, breaker);
    await this.settle();
    return call;
  }

  /** Calls of the same tick. */
  async beginMany(count: number, options?: CallOptions, breaker?: Breaker): Promise<Call[]> {
    const calls = Array.from({ length: count }, () => this.start(options, breaker));
    await this.settle();
    return calls;
  }

  async succeed(calls: number | Call, breaker?: Breaker): Promise<void> {
    const made = typeof calls === 'number' ? await this.beginMany(calls, {}, breaker) : [calls];
    for (const call of made) call.succeed();
    await this.settle();
  }

  /** A number of calls, one after the other, whose backend fails; or this one. */
  async fail(calls: number | Call, error?: unknown, breaker?: Breaker): Promise<void> {
    if (typeof calls !== 'number') {
      calls.fail(error);
      await this.settle();
      return;
    }
    for (let left = calls; left > 0; left -= 1) await this.fail(await this.begin({}, breaker), error);
  }

  /** Fails until the circuit is open. */
  async trip(breaker: Breaker = this.breaker): Promise<void> {
    for (let left = MANY; left > 0 && breaker.state() === 'closed'; left -= 1)
      await this.fail(1, undefined, breaker);
    expect(breaker.state() === 'open', `${MANY} failures do not open the circuit`);
  }

  /** One call is admitted, and succeeds. */
  async expectAdmits(otherwise: string, breaker?: Breaker): Promise<void> {
    const call = await this.begin({}, breaker);
    expect(call.admitted, otherwise);
    await this.succeed(call);
  }

  async expectRefuses(otherwise: string, breaker?: Breaker): Promise<void> {
    const call = await this.begin({}, breaker);
    expect(!call.admitted, otherwise);
  }

  /** Ten calls at once are admitted, and succeed: that is what no other state does. */
  async expectClosed(otherwise: string, breaker?: Breaker): Promise<void> {
    const calls = await this.beginMany(10, {}, breaker);
    expect(
      calls.every(({ admitted }) => admitted),
      otherwise,
    );
    for (const call of calls) await this.succeed(call);
  }

  async settle(): Promise<void> {
    await this.fake?.settle();
  }

  async end(): Promise<void> {
    for (const breaker of this.#made) void breaker.dispose();
    await this.settle();
  }
}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Broken(otherwise);
}

import type { EngineConfigInput } from '../../src/config/engine-config.js';
import { createEngine } from '../../src/create-engine.js';
import type { Permit } from '../../src/engine/permit.js';
import type { BackendStatus } from '../../src/engine/status.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import type { Failure } from '../../machines/failure.js';
import { Deferred } from './deferred.js';
import { Oracle } from './oracle.js';
import type { Call, Settings, Verdict } from './oracle.js';
import { labelOf, partsOf } from './steps.js';
import type { Part, Step } from './steps.js';

/** Permits of the first stay that are kept back, to be settled late: one for each step of the longest path. */
const KEPT = 400;
/** Where calls out are limited, most of the room is for those that are made later. */
const FEW = 2;

/** The engine and the oracle side by side: every step is done to both, and what they show is compared. */
export class Driver {
  readonly clock = new VirtualClock();
  readonly oracle: Oracle;
  readonly done: string[] = [];
  readonly #engine;
  readonly #seen: object[] = [];
  #checks: readonly { readonly answer: Deferred; readonly signal: AbortSignal }[] = [];
  /** Taken and not settled, oldest stay first. */
  readonly #permits: { readonly permit: Permit; readonly call: Call }[] = [];
  readonly #shown: string[] = [];
  #limit = { generation: 0, maxProbes: 0 };
  #told = 0;
  #taken = 0;

  constructor(
    settings: Settings,
    checked: boolean,
    create: typeof createEngine = createEngine,
    random = 0.5,
  ) {
    this.oracle = new Oracle(settings, checked, random);
    this.#engine = create(configOf(settings), {
      clock: this.clock,
      random: () => random,
      ...(checked && {
        check: (_: string, { signal }: { signal: AbortSignal }) => {
          const answer = new Deferred();
          this.#checks = [...this.#checks, { answer, signal }];
          return answer as unknown as Promise<unknown>;
        },
      }),
    });
    this.#engine.subscribe(() => {
      throw new Error('a listener that throws');
    });
    this.#engine.subscribe((event) => {
      if (event.type !== 'circuit.changed' && event.type !== 'health.changed') return;
      const { at, type, ...rest } = event;
      this.#seen.push({ at, type, ...without(rest, ['sequence', 'time', 'backend']) });
    });
    this.#engine.start();
    this.#compare();
  }

  /** Outcomes of an older stay need an older stay: the first steps are the same for every path. */
  static begin(...args: ConstructorParameters<typeof Driver>): Driver {
    const driver = new Driver(...args);
    for (let kept = 0; kept < (args[0].maxInFlight ? FEW : KEPT); kept += 1) driver.#call();
    const { slowCallMs } = args[0].circuit ?? {};
    if (slowCallMs !== undefined) driver.#pass(slowCallMs);
    for (const type of ['isolate', 'release', 'reset'] as const) void driver.step({ type });
    return driver;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const pending = this.take(step);
      if (pending) await pending;
    }
  }

  /** Most steps are done at once; waiting for those as well would make a walk several times slower. */
  take(step: Step): Promise<void> | undefined {
    const [first, ...rest] = partsOf(step);
    const pending = first && this.step(first);
    if (rest.length === 0) return pending;
    return (pending ?? Promise.resolve()).then(async () => {
      for (const part of rest) await this.step(part);
    });
  }

  /** All that was seen: every event, and what was shown after every step. */
  get trace(): readonly string[] {
    return [...this.#shown, ...this.#seen.map((event) => JSON.stringify(event))];
  }

  /** Everything is synchronous but a check that has its turn: that takes one turn of the microtasks. */
  step(step: Part): Promise<void> | undefined {
    this.done.push(labelOf(step));
    if (step.type === 'check.begins') return this.#begin();
    this.#apply(step);
    this.#compare();
    return undefined;
  }

  /** What is out settles, the engine stops, and nothing is left of it. */
  async end(): Promise<void> {
    this.done.push('end');
    for (const { permit } of this.#permits.splice(0)) permit.release();
    await this.#engine.stop({ drainMs: 0 });
    const { calls } = this.#backend.status();
    const { admitted, succeeded, failed, released, stale, inFlight } = calls;
    this.#expect('calls out after the end', inFlight, 0);
    this.#expect('calls admitted', admitted, this.#taken);
    this.#expect('calls settled', succeeded + failed + released + stale, this.#taken);
    this.#expect('deadlines left after stop', this.clock.pending, 0);
    this.#expect('checks left after stop', this.#checksOut, 0);
  }

  get #backend() {
    return this.#engine.backend('one');
  }

  get #checksOut(): number {
    if (this.#checks.some(({ signal }) => signal.aborted))
      this.#checks = this.#checks.filter(({ signal }) => !signal.aborted);
    return this.#checks.length;
  }

  #apply(step: Exclude<Part, { type: 'check.begins' }>): void {
    const { oracle } = this;
    switch (step.type) {
      case 'call':
        this.#call();
        return;
      case 'settle':
        this.#settle(step.verdict, step.stale ?? false, step.oldest ?? false);
        return;
      case 'check.ends': {
        const threshold = oracle.settings.health.degradedThresholdMs;
        if (step.verdict === 'succeeded') this.#pass(threshold + (step.slow ? 1 : 0));
        const check = this.#checks.find(({ signal }) => !signal.aborted);
        oracle.checkEnds(step.verdict);
        check?.answer.resolve(outcomeOf(step.verdict));
        return;
      }
      case 'session.lost':
        oracle.sessionLost();
        this.#backend.sessionLost();
        return;
      case 'check':
        oracle.checkRequested();
        this.#engine.check('one');
        return;
      case 'policy':
        oracle.reconfigure(step.settings);
        this.#engine.reconfigure(configOf(step.settings));
        return;
      case 'deadline':
        this.#deadline(step.what);
        return;
      case 'wait':
        this.#pass(step.ms);
        return;
      case 'isolate':
      case 'release':
      case 'reset':
        oracle[step.type]();
        this.#engine[step.type]('one');
    }
  }

  async #begin(): Promise<void> {
    this.#expect('what waits for its turn', this.oracle.check, 'queued');
    this.oracle.checkBegins();
    await Promise.resolve();
    this.#compare();
  }

  #call(): void {
    const refusal = this.oracle.refusal();
    const call = refusal ? undefined : this.oracle.admit();
    const answer = this.#backend.permit();
    if (answer.admitted) this.#taken += 1;
    if (answer.admitted && call) this.#permits.push({ permit: answer, call });
    this.#expect(
      'answer to a call',
      answer.admitted ? { admitted: true } : answer,
      refusal ? { admitted: false, backend: 'one', ...refusal } : { admitted: true },
    );
  }

  /** Calls out of the present stay, or of older ones. */
  holds(stale: boolean): boolean {
    const { generation } = this.oracle;
    return this.#permits.some(({ call }) => (call.generation !== generation) === stale);
  }

  /** A call of the present stay, where there is always one to be had, or else of an older. */
  #settle(verdict: Verdict, stale: boolean, oldest: boolean): void {
    const { generation, circuit } = this.oracle;
    if (!stale && !oldest && circuit !== 'half-open') this.#call();
    const fits = ({ call }: { call: Call }) => (call.generation !== generation) === stale;
    // Of an older stay, the one settled last is the one taken last: of the stay just left, if it left any.
    const index = oldest ? this.#permits.findIndex(fits) : this.#permits.findLastIndex(fits);
    const [taken] = index < 0 ? [] : this.#permits.splice(index, 1);
    if (!taken) throw new Error(`${this.#place()}: there is no such permit`);
    const { permit, call } = taken;
    this.#same('generation of a permit', permit.generation, call.generation);
    this.oracle.settle(call, verdict);
    if (verdict === 'succeeded') permit.succeed();
    else if (verdict === 'released') permit.release();
    else permit.fail(verdict as Failure);
    // A second settlement changes nothing.
    if (verdict === 'succeeded') permit.fail({ category: 'timeout' });
    else permit.succeed();
    permit.release();
  }

  /** Nothing happens one millisecond before, and everything when it is due. */
  #deadline(what: string): void {
    const { next } = this.oracle;
    this.#expect('next deadline', next?.what, what);
    if (next === undefined) return;
    const ms = next.at - this.clock.now();
    this.#pass(ms - 1);
    this.#expect('deadlines before it is due', this.oracle.next?.at, next.at);
    this.#compare();
    this.#pass(1);
  }

  #pass(ms: number): void {
    this.oracle.elapse(ms);
    this.clock.advance(ms);
  }

  #compare(): void {
    const { oracle } = this;
    const backend = this.#backend;
    const { nextAttemptAt } = oracle;
    const status = backend.status();
    const asked = backend.refusal();
    const foreseen = oracle.refusal();
    const attemptInMs = nextAttemptAt === undefined ? undefined : Math.round(nextAttemptAt - oracle.now);
    this.#same('supervision', status.standing.supervision, 'running');
    this.#same('circuit', status.circuit ?? 'disabled', oracle.circuit);
    this.#same('health', status.health, oracle.health);
    this.#same('generation', status.generation, oracle.generation);
    this.#same('failures in a row', status.consecutiveFailures, oracle.failures);
    this.#same('category of the last failure', status.lastErrorCategory, oracle.category);
    this.#same('milliseconds to the next attempt', status.nextAttemptInMs, attemptInMs);
    this.#same('refusal of the next call', asked?.code, foreseen?.code);
    this.#same('retryAfterMs of the next call', asked?.retryAfterMs, foreseen?.retryAfterMs);
    this.#same('calls out', status.calls.inFlight, oracle.out.size);
    this.#same(
      'calls that would be refused',
      status.calls.wouldRefuse,
      oracle.settings.circuit?.observeOnly ? oracle.wouldRefuse : undefined,
    );
    if (status.rates ?? oracle.settings.circuit?.rates)
      this.#expect('rates', status.rates ?? [], oracle.rates);
    if (status.trippedBy ?? oracle.tripped)
      this.#expect('rate that tripped', status.trippedBy, oracle.tripped);
    this.#same('checks out', this.#checksOut, oracle.check === 'running' ? 1 : 0);
    if (this.#seen.length !== this.#told || oracle.events.length !== this.#told)
      this.#expect('events', this.#seen.slice(this.#told), oracle.events.slice(this.#told));
    this.#told = this.#seen.length;
    this.#shown.push(
      `${this.clock.now()} ${status.circuit ?? 'disabled'} ${status.health} ${status.generation}`,
    );
    this.#obeysInvariants(status);
  }

  /** What holds in every state, whatever the oracle says. */
  #obeysInvariants({ circuit, generation }: BackendStatus): void {
    if (circuit === 'half-open') {
      const out = this.#permits.filter(({ call }) => call.generation === generation && !call.unheard).length;
      const limit = this.#mostProbes(generation);
      if (out + this.#checksOut > limit)
        this.#differ('attempts out in half-open', out + this.#checksOut, limit);
    }
    const armed = this.clock.pending - this.oracle.watched.size;
    if (circuit === 'open') this.#expect('deadlines armed while open', armed, 1);
    if (circuit === 'isolated') this.#expect('deadlines armed while isolated', armed, 0);
    if (armed > 2) this.#differ('deadlines armed', armed, 2);
  }

  /** A limit that is lowered while probes are out is for those that follow. */
  #mostProbes(generation: number): number {
    const { maxProbes = 1 } = this.oracle.settings.circuit ?? {};
    const before = this.#limit.generation === generation ? this.#limit.maxProbes : 0;
    this.#limit = { generation, maxProbes: Math.max(before, maxProbes) };
    return this.#limit.maxProbes;
  }

  #same(what: string, is: string | number | undefined, shouldBe: typeof is): void {
    if (is !== shouldBe) this.#differ(what, is, shouldBe);
  }

  #expect(what: string, is: unknown, shouldBe: unknown): void {
    if (JSON.stringify(is) !== JSON.stringify(shouldBe)) this.#differ(what, is, shouldBe);
  }

  #differ(what: string, is: unknown, shouldBe: unknown): never {
    throw new Error(
      `${this.#place()}: ${what}\n  engine: ${JSON.stringify(is)}\n  oracle: ${JSON.stringify(shouldBe)}`,
    );
  }

  #place(): string {
    return `path: ${this.done.join(' → ')}\nstep ${this.done.length}, ${this.done.at(-1) ?? 'start'}`;
  }
}

function outcomeOf(verdict: Verdict): unknown {
  if (verdict === 'succeeded') return undefined;
  return verdict === 'released' ? { kind: 'released' } : { kind: 'failed', failure: verdict };
}

function configOf({ circuit, health, maxInFlight }: Settings) {
  const one = { circuit: circuit ?? { enabled: false }, health };
  return { backends: { one: { ...one, ...(maxInFlight && { maxInFlight }) } } } as EngineConfigInput;
}

function without(record: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}

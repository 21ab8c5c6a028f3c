import { createEngine } from '../../../src/create-engine.js';
import type { Backend } from '../../../src/engine/backend-handle.js';
import type { Permit } from '../../../src/engine/permit.js';
import type { BackendStatus } from '../../../src/engine/status.js';
import { VirtualClock } from '../../../src/engine/virtual-clock.js';
import { Deferred } from '../deferred.js';
import { Heard } from './heard.js';
import { SupervisionOracle } from './oracle.js';
import type { Life } from './life.js';
import type { Call, Verdict } from './oracle.js';
import { configOf, planAfter, stepLabel } from './steps.js';
import type { SupervisionScale, SupervisionStep } from './steps.js';
import { upset } from './upset.js';
import type { World } from './world.js';

/** The engine and the oracle of supervision side by side: every step is done to both, and what they show compared. */
export class SupervisionDriver {
  readonly #clock = new VirtualClock();
  readonly #oracle: SupervisionOracle;
  readonly #engine;
  readonly #heard = new Heard();
  readonly #done: string[] = [];
  readonly #calls: { readonly permit: Permit; readonly call: Call }[] = [];
  /** All that ever were: who has a handle keeps it. */
  readonly #handles = new Set<Backend>();
  /** Of each life the last stay that was seen, by the oracle's number of it and by the engine's. */
  readonly #stays = new WeakMap<Life, { readonly stay: number; readonly generation: number }>();
  #told = 0;
  #crashing: string | undefined;
  #stopped = false;

  private constructor(
    private readonly scale: SupervisionScale,
    create: typeof createEngine,
  ) {
    const { plan, checked } = scale;
    this.#oracle = new SupervisionOracle(plan, checked);
    this.#engine = create(configOf(plan), {
      clock: this.#clock,
      random: () => 0.5,
      ...(checked && { check: (name: string) => this.#check(name) }),
    });
    this.#engine.subscribe((event) => {
      this.#heard.hear(event);
    });
    this.#engine.start();
  }

  static async begin(scale: SupervisionScale, create = createEngine): Promise<SupervisionDriver> {
    const driver = new SupervisionDriver(scale, create);
    await driver.#settled();
    driver.#compare();
    return driver;
  }

  async step(step: SupervisionStep): Promise<void> {
    const { next } = this.#oracle.agenda;
    this.#done.push(step.type === 'deadline' ? `after ${next?.what ?? 'nothing'}` : stepLabel(step));
    await this.#apply(step);
    await this.#settled();
    this.#compare();
  }

  /** What is out settles, the engine stops, and nothing is left of it. */
  async end(): Promise<void> {
    this.#done.push('end');
    for (const { permit } of this.#calls.splice(0)) permit.release();
    // No time passes: there is nothing to wait for.
    this.#stop();
    await new Promise((resolve) => setImmediate(resolve));
    this.#expect('whether it has stopped', this.#stopped, true);
    this.#expect('deadlines left after the end', this.#clock.pending, 0);
    for (const { calls } of this.#engine.status().backends)
      this.#expect('calls out after the end', calls.inFlight, 0);
  }

  /** The oracle is where the machines have come to: what is run is the path that was enumerated. */
  expectLike(world: World): void {
    const { lives, agenda, phase } = this.#oracle;
    this.#expect('phase of the machines', world.phase, phase);
    for (const { name, supervision, circuit } of lives.values()) {
      const moved = world.gates.get(name)?.circuit.replace('halfOpen', 'half-open');
      this.#expect(
        `${name} by the machines`,
        [world.child(name)?.supervision, moved],
        [supervision, circuit],
      );
    }
    const { inMs, isSpent } = world.next;
    const seenInMs = agenda.next ? agenda.next.at - agenda.now : Infinity;
    if (isSpent ? inMs >= seenInMs : inMs !== seenInMs)
      this.#differ('milliseconds to the next deadline, by the machines', inMs, seenInMs);
  }

  // What is done

  async #apply(step: SupervisionStep): Promise<void> {
    const oracle = this.#oracle;
    switch (step.type) {
      case 'crash':
        await this.#crash(step.name);
        return;
      case 'call':
        this.#call(step.name);
        return;
      case 'fail':
        this.#call(step.name);
        this.#settle(step.name, 'failed', false);
        return;
      case 'settle':
        this.#settle(step.name, step.verdict, step.late);
        return;
      case 'deadline':
        this.#deadline();
        return;
      case 'wait':
        this.#wait(step.ms);
        return;
      case 'stop':
        oracle.stop(this.scale.stopMs);
        this.#stop();
        return;
      case 'isolate':
      case 'release':
      case 'reset':
      case 'check':
        oracle[step.type](step.name);
        this.#engine[step.type](step.name);
        return;
      case 'add':
      case 'remove':
      case 'identity':
      case 'policy':
      case 'rule': {
        const plan = planAfter(oracle.plan, step, this.scale);
        oracle.configure(plan);
        this.#configure(step, configOf(plan));
      }
    }
  }

  /** As a whole, or what has changed by itself: by turns, as both must come to the same. */
  #configure(step: SupervisionStep, config: ReturnType<typeof configOf>): void {
    const name = 'name' in step ? step.name : undefined;
    if (name === undefined || this.#done.length % 2 === 0) this.#engine.reconfigure(config);
    else if (name in config.backends) this.#engine.configure({ [name]: config.backends[name]! });
    else this.#engine.remove(name);
  }

  #stop(): void {
    void this.#engine.stop({ drainMs: this.scale.stopMs }).then(() => {
      this.#stopped = true;
    });
  }

  /** Succeeds in the same step, unless its backend is to crash. */
  #check(name: string): Promise<unknown> {
    if (name === this.#crashing) throw new Error('a check that throws');
    const answer = new Deferred();
    answer.resolve(undefined);
    return answer as unknown as Promise<unknown>;
  }

  /** By a check that throws, where there is one; else by an event that cannot be read. */
  async #crash(name: string): Promise<void> {
    const { circuit } = this.#oracle.lives.get(name)!;
    this.#oracle.crash(name);
    if (this.scale.checked && circuit === 'closed') {
      this.#crashing = name;
      this.#engine.check(name);
      await this.#settled();
      this.#crashing = undefined;
    } else upset(this.#handle(name));
  }

  #call(name: string): void {
    const answer = this.#handle(name).permit();
    if (!answer.admitted) this.#differ('answer to a call', answer, 'admitted');
    this.#calls.push({ permit: answer, call: this.#oracle.admit(name) });
  }

  /** Of several the one that has been out longest. */
  #settle(name: string, verdict: Verdict, late: boolean): void {
    const index = this.#calls.findIndex(
      ({ permit, call }) => permit.backend === name && this.#oracle.isLate(call) === late,
    );
    const [out] = index < 0 ? [] : this.#calls.splice(index, 1);
    if (!out) this.#differ('calls out', 'none', stepLabel({ type: 'settle', name, verdict, late }));
    this.#oracle.settle(out.call, verdict);
    if (verdict === 'succeeded') out.permit.succeed();
    else out.permit.fail({ category: 'timeout' });
  }

  /** Nothing happens one millisecond before, and everything when it is due. */
  #deadline(): void {
    const { next } = this.#oracle.agenda;
    if (!next) this.#differ('deadlines', 'some', 'none');
    this.#wait(next.at - this.#clock.now() - 1);
    this.#compare();
    this.#pass(1);
  }

  #wait(ms: number): void {
    const { next, now } = this.#oracle.agenda;
    this.#expect('deadlines meanwhile', next !== undefined && next.at <= now + ms, false);
    this.#pass(ms);
  }

  #pass(ms: number): void {
    this.#oracle.agenda.elapse(ms);
    this.#clock.advance(ms);
  }

  /** Checks have had their turn, and who waits for the stop has heard of it. */
  async #settled(): Promise<void> {
    if (this.#oracle.phase === 'running') for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    else await new Promise((resolve) => setImmediate(resolve));
    this.#oracle.turn();
    this.#pass(0);
  }

  // What is seen

  #compare(): void {
    const { lives, phase, events } = this.#oracle;
    const heard = this.#heard.events;
    const names = [...lives.keys()].sort();
    this.#expect('names', this.#engine.names, names);
    for (const name of names) this.#compareOne(name, lives.get(name)!);
    for (const handle of this.#handles)
      if (!names.some((name) => this.#engine.backend(name) === handle))
        this.#expect('whether one that was removed admits', handle.permit().admitted, false);
    this.#expect('whether it has stopped', this.#stopped, phase === 'stopped');
    if (this.#stopped) this.#expect('deadlines after the stop', this.#clock.pending, 0);
    if (heard.length !== this.#told || events.length !== this.#told)
      this.#expect('events', heard.slice(this.#told), events.slice(this.#told));
    this.#told = heard.length;
  }

  #compareOne(name: string, life: Life): void {
    const handle = this.#handle(name);
    const status = handle.status();
    const same = (what: string, is: unknown, shouldBe: unknown) => {
      if (is !== shouldBe) this.#differ(`${what} of ${name}`, is, shouldBe);
    };
    same('supervision', status.standing.supervision, life.supervision);
    same('circuit', status.circuit, life.circuit);
    same('restarts', status.restarts, life.restarts);
    same('failures in a row', status.consecutiveFailures, life.failures);
    same('calls out', status.calls.inFlight, life.callsOut);
    same('late calls', status.calls.stale, life.callsLate);
    this.#compareStay(name, life, status);
    if (this.#oracle.phase === 'running' && life.supervision !== 'draining') {
      const attemptInMs = this.#oracle.nextAttemptInMs(name);
      if (life.isAway || attemptInMs !== undefined)
        same('milliseconds to the next attempt', status.nextAttemptInMs, attemptInMs);
    }
    const refusal = this.#oracle.refusal(name);
    const asked = handle.refusal();
    same('refusal', asked?.code, refusal?.code);
    same('retryAfterMs', asked?.retryAfterMs, refusal?.retryAfterMs);
    if (!refusal) return;
    const answer = handle.permit();
    same('answer to a call', answer.admitted ? 'admitted' : answer.code, refusal.code);
  }

  /** The number of a stay is the engine's own, but one stay has one, and the next a greater one. */
  #compareStay(name: string, life: Life, { generation }: BackendStatus): void {
    const { stay } = life;
    const before = this.#stays.get(life) ?? { stay: 0, generation: 0 };
    this.#stays.set(life, { stay, generation });
    const isSame = stay === before.stay;
    if (isSame ? generation !== before.generation : generation <= before.generation)
      this.#differ(`generation of ${name}`, generation, {
        [isSame ? 'is' : 'isMoreThan']: before.generation,
      });
  }

  #handle(name: string): Backend {
    const handle = this.#engine.backend(name);
    this.#handles.add(handle);
    return handle;
  }

  #expect(what: string, is: unknown, shouldBe: unknown): void {
    if (JSON.stringify(is) !== JSON.stringify(shouldBe)) this.#differ(what, is, shouldBe);
  }

  #differ(what: string, is: unknown, shouldBe: unknown): never {
    const place = `path: ${this.#done.join(' → ')}\nstep ${this.#done.length}, ${this.#done.at(-1) ?? 'start'}`;
    throw new Error(
      `${place}: ${what}\n  engine: ${JSON.stringify(is)}\n  oracle: ${JSON.stringify(shouldBe)}`,
    );
  }
}

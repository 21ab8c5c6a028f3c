import { Agenda } from './agenda.js';
import { Life } from './life.js';
import type { Circuit, Spec } from './life.js';

/**
 * What the supervisor of some backends must do, by R16 to R19 of the design, in plain code: no machine, no engine.
 *
 * Every method is something that can happen; after it, the fields, `refusal()` and `events` say what must be seen. Of
 * the circuit there is only what a crash, a configuration or a stop could spoil; of health there is nothing.
 */

/** When a backend that crashes is restarted, and when it is given up. */
export type Rule = Readonly<Record<'intensity' | 'periodMs' | 'backoffMs', number>>;
export type Plan = Readonly<{ backends: Readonly<Record<string, Spec>>; rule: Rule; drainMs: number }>;

export type Verdict = 'succeeded' | 'failed';
type Refusal = Readonly<{ code: string; retryAfterMs?: number }>;

/** One call that was admitted, by the life and the stay that admitted it. */
export type Call = Readonly<{ life: Life; stay: number }>;

export class SupervisionOracle {
  readonly name = 'engine';
  readonly agenda = new Agenda();
  readonly lives = new Map<string, Life>();
  readonly events: object[] = [];
  phase: 'running' | 'stopping' | 'stopped' = 'running';
  readonly #toCheck = new Set<Life>();
  /** Of all lives, former ones included. */
  #callsOut = 0;

  /** @param checked a health check succeeds whenever it is made, and is made as soon as it may be */
  constructor(
    public plan: Plan,
    private readonly checked: boolean,
  ) {
    for (const name of Object.keys(plan.backends)) this.#begin(name, 'backend.added');
  }

  // Crashes and restarts [R16] [R17]

  crash(name: string): void {
    const life = this.#life(name);
    this.#leave(life);
    life.crashes += 1;
    const { intensity, periodMs, backoffMs } = this.plan.rule;
    if (life.crashes > intensity) {
      life.supervision = 'gaveUp';
      this.agenda.drop(life);
      this.#say(life, 'backend.gaveUp', { crashes: life.crashes });
      return;
    }
    const restartInMs = backoffMs * 2 ** (life.crashes - 1);
    life.supervision = 'restarting';
    life.restartAt = this.agenda.now + restartInMs;
    this.agenda.set('restart', life, restartInMs, () => {
      this.#restart(life);
    });
    this.agenda.set('forget', life, periodMs, () => {
      life.crashes -= 1;
    });
    this.#say(life, 'backend.crashed', { crashes: life.crashes, restartInMs });
  }

  /** It goes on where it stopped, an open circuit with the time that is left. */
  #restart(life: Life): void {
    life.supervision = 'running';
    life.restarts += 1;
    life.restartAt = Infinity;
    life.stay += 1;
    this.#say(life, 'backend.restarted');
    this.#tell(life, 'backend.restarted');
    if (life.circuit === 'open') this.#awaitHalfOpen(life);
    this.#checkNow(life);
  }

  /** It begins with a clean record. */
  #revive(life: Life): void {
    life.crashes = 0;
    this.#restart(life);
  }

  // Configuration [R18]

  configure(plan: Plan): void {
    this.plan = plan;
    for (const life of [...this.lives.values()]) {
      const spec = plan.backends[life.name];
      if (!spec) this.#drain(life);
      else if (life.supervision === 'draining' || spec.identity !== life.spec.identity) {
        this.#end(life);
        this.#begin(life.name, 'backend.replaced');
      } else if (JSON.stringify(spec.policy) !== JSON.stringify(life.spec.policy)) {
        life.spec = spec;
        if (life.supervision === 'gaveUp') this.#revive(life);
      }
    }
    for (const name of Object.keys(plan.backends))
      if (!this.lives.has(name)) this.#begin(name, 'backend.added');
  }

  #begin(name: string, how: string): void {
    const life = new Life(name, this.plan.backends[name]!);
    this.lives.set(name, life);
    this.#say(life, how);
  }

  #drain(life: Life): void {
    if (life.supervision === 'draining') return;
    life.supervision = 'draining';
    life.restartAt = Infinity;
    this.agenda.drop(life, 'restart', 'forget');
    this.#say(life, 'backend.draining');
    this.agenda.set('removal', life, this.plan.drainMs, () => {
      this.#remove(life);
    });
    if (life.callsOut === 0) this.#remove(life);
  }

  #remove(life: Life): void {
    this.#end(life);
    this.lives.delete(life.name);
    this.#say(life, 'backend.removed');
  }

  /** Its calls that are out are late: they change nothing of whoever has its name next [R07]. */
  #end(life: Life): void {
    this.#leave(life);
    this.agenda.drop(life);
  }

  // Stop [R19]

  stop(drainMs: number): void {
    this.phase = 'stopping';
    for (const life of this.lives.values()) this.agenda.drop(life, 'restart', 'forget', 'removal');
    this.agenda.set('stop', this, drainMs, () => {
      this.#stopped();
    });
    this.#landed();
  }

  #stopped(): void {
    this.phase = 'stopped';
    this.agenda.clear();
    for (const life of this.lives.values()) life.stay += 1;
  }

  // Calls

  refusal(name: string): Refusal | undefined {
    const life = this.#life(name);
    const within = (until: number) => ({ retryAfterMs: until - this.agenda.now });
    if (this.phase !== 'running') return { code: 'ENGINE_STOPPED' };
    if (life.supervision === 'draining') return { code: 'BACKEND_DRAINING' };
    if (life.supervision === 'gaveUp') return { code: 'BACKEND_GAVE_UP' };
    if (life.supervision === 'restarting') return { code: 'BACKEND_RESTARTING', ...within(life.restartAt) };
    if (life.circuit === 'isolated') return { code: 'CIRCUIT_ISOLATED' };
    if (life.circuit === 'open') return { code: 'CIRCUIT_OPEN', ...within(life.openUntil) };
    return life.probing ? { code: 'CIRCUIT_HALF_OPEN', retryAfterMs: 1000 } : undefined;
  }

  /** What is shown as the time to the next attempt [R31], as far as supervision has a say in it. */
  nextAttemptInMs(name: string): number | undefined {
    const { supervision, circuit, restartAt, openUntil } = this.#life(name);
    if (supervision === 'restarting') return restartAt - this.agenda.now;
    return supervision === 'running' && circuit === 'open' ? openUntil - this.agenda.now : undefined;
  }

  /** Admits one. Whoever asks has asked for the refusal before. */
  admit(name: string): Call {
    const life = this.#life(name);
    life.probing = life.circuit === 'half-open';
    life.callsOut += 1;
    this.#callsOut += 1;
    return { life, stay: life.stay };
  }

  isLate({ life, stay }: Call): boolean {
    return stay !== life.stay;
  }

  settle(call: Call, verdict: Verdict): void {
    const { life } = call;
    life.callsOut -= 1;
    this.#callsOut -= 1;
    if (this.isLate(call)) life.callsLate += 1;
    else if (verdict === 'succeeded') this.#works(life, 'call.succeeded');
    else this.#fails(life);
    this.#landed();
  }

  /** Whoever waits for the last call goes. */
  #landed(): void {
    if (this.phase === 'stopping' && this.#callsOut === 0) this.#stopped();
    if (this.phase !== 'running') return;
    for (const life of [...this.lives.values()])
      if (life.supervision === 'draining' && life.callsOut === 0) this.#remove(life);
  }

  #works(life: Life, cause: string): void {
    life.failures = 0;
    if (life.circuit === 'half-open') this.#enter(life, 'closed', cause);
  }

  #fails(life: Life): void {
    life.failures += 1;
    if (life.circuit === 'closed' && life.failures < life.spec.policy.failureThreshold) return;
    const retryAfterMs = life.spec.policy.openMs;
    life.openUntil = this.agenda.now + retryAfterMs;
    this.#enter(life, 'open', 'call.failed', { category: 'timeout', retryAfterMs });
    this.#awaitHalfOpen(life);
  }

  // Operators [R10]: what one wants of a backend that is away holds when it is back

  isolate(name: string): void {
    const life = this.#life(name);
    if (life.isAway) life.circuit = 'isolated';
    else if (life.circuit !== 'isolated') this.#enter(life, 'isolated', 'circuit.isolate');
  }

  release(name: string): void {
    const life = this.#life(name);
    if (life.circuit !== 'isolated' && life.circuit !== 'open') return;
    if (life.isAway) life.circuit = 'half-open';
    else this.#enter(life, 'half-open', 'circuit.release');
  }

  reset(name: string): void {
    const life = this.#life(name);
    if (life.circuit !== 'isolated') {
      life.failures = 0;
      if (life.isAway) life.circuit = 'closed';
      else if (life.circuit !== 'closed') this.#enter(life, 'closed', 'circuit.reset');
    }
    if (life.supervision === 'gaveUp') this.#revive(life);
    else this.check(name);
  }

  check(name: string): void {
    this.#checkNow(this.#life(name));
  }

  #checkNow(life: Life): void {
    if (this.checked && !life.isAway) this.#toCheck.add(life);
  }

  /** The checks have their turn when all else of a step is done. */
  turn(): void {
    for (const life of this.#toCheck)
      if (life.circuit === 'closed' || life.circuit === 'half-open') this.#works(life, 'check.succeeded');
    this.#toCheck.clear();
  }

  #awaitHalfOpen(life: Life): void {
    this.agenda.set('half-open', life, Math.max(0, life.openUntil - this.agenda.now), () => {
      this.#enter(life, 'half-open', 'openFor');
    });
  }

  // Consequences

  #enter(life: Life, to: Circuit, cause: string, more: object = {}): void {
    this.#leave(life);
    life.circuit = to;
    this.#tell(life, cause, more);
    if (to === 'half-open') this.#checkNow(life);
  }

  /** The stay is over, and all that belonged to it. */
  #leave(life: Life): void {
    life.stay += 1;
    life.probing = false;
    this.agenda.drop(life, 'half-open');
  }

  #tell(life: Life, cause: string, more: object = {}): void {
    const { told: from, circuit: to } = life;
    life.told = to;
    if (from !== to) this.#say(life, 'circuit.changed', { from, to, cause, ...more });
  }

  #say({ name: backend }: Life, type: string, more: object = {}): void {
    this.events.push({ at: this.agenda.now, type, backend, ...more });
  }

  #life(name: string): Life {
    return this.lives.get(name)!;
  }
}

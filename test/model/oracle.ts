/**
 * What one backend must do, by the requirements of the design, in plain code: no machine, no engine.
 *
 * Every method is something that can happen; after it, the fields, `refusal()` and `events` say what must be seen.
 */

import { isReached, Windows } from './windows.js';
import type { Rate, Reading } from './windows.js';

export type Circuit = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled';
export type Health = 'unknown' | 'healthy' | 'degraded' | 'unhealthy' | 'unauthenticated';
export type Failed = Readonly<{ category: string; retryAfterMs?: number }>;
export type Verdict = 'succeeded' | 'released' | Failed;

export interface Settings {
  readonly circuit?: Readonly<
    Record<'openMs' | 'successThreshold' | 'maxProbes' | 'probeLimitMs', number> & {
      failureThreshold?: number;
      rates?: readonly Rate[];
      slowCallMs?: number;
      backoff?: Readonly<Record<'multiplier' | 'maxOpenMs' | 'jitter' | 'decayMs', number>>;
      observeOnly?: boolean;
    }
  >;
  readonly maxInFlight?: number;
  readonly health: Readonly<
    Record<'checkIntervalMs' | 'checkTimeoutMs' | 'unhealthyThreshold' | 'degradedThresholdMs', number>
  >;
}

/** Which deadline passes next, and when. */
export type Deadline =
  | 'openFor'
  | 'backoffDecay'
  | 'probeLimit'
  | 'slowCall'
  | 'checkInterval'
  | 'reconnectDelay'
  | 'checkTimeout';

/** A call that was admitted. */
export interface Call {
  readonly generation: number;
  /** An enforced circuit would have refused it: nothing comes of it. */
  readonly unheard: boolean;
  /** When it is slow; undefined where nobody asks. */
  slowAt: number | undefined;
  slow: boolean;
}

const HOUR_MS = 3_600_000;
const CHECK_DEADLINES = {
  waiting: 'checkInterval',
  reconnecting: 'reconnectDelay',
  running: 'checkTimeout',
  // What waits for its turn, or for an end of the refusal, has no deadline.
  queued: 'checkTimeout',
  suspended: 'checkTimeout',
  never: 'checkTimeout',
} as const;

export class Oracle {
  now = 0;
  circuit: Circuit;
  health: Health = 'unknown';
  /** Number of the present stay of the circuit [R07]. */
  generation = 1;
  /** In a row, of checks and calls together [R01]. */
  failures = 0;
  category: string | undefined;
  check: 'never' | 'suspended' | 'queued' | 'running' | 'waiting' | 'reconnecting';
  /** Calls of this stay that are probes. */
  callsOut = 0;
  wouldRefuse = 0;
  /** The rate that opened the circuit, while it is open [R09]. */
  tripped: Reading | undefined;
  readonly out = new Set<Call>();
  /** Of those out, the ones that may yet be slow. */
  readonly watched = new Set<Call>();
  readonly events: object[] = [];

  #openUntil = Infinity;
  #probeUntil = Infinity;
  #decayAt = Infinity;
  /** Openings in a row, as far as each makes the next one longer. */
  #openings = 0;
  readonly #windows = new Windows();
  #checkUntil = Infinity;
  #checkStartedAt = 0;
  #checkReason: 'start' | 'interval' | 'other' = 'start';
  #probesWon = 0;
  #losses = 0;
  /** A call has succeeded since the last check began [R15]. */
  #proved = false;

  constructor(
    public settings: Settings,
    private readonly checked: boolean,
    private readonly random = 0.5,
  ) {
    this.circuit = settings.circuit ? 'closed' : 'disabled';
    this.check = checked ? 'queued' : 'never';
  }

  // Calls

  /** What the next call is refused with; undefined when it is admitted [R02] [R04] [R09] [R10]. */
  refusal(): { code: string; retryAfterMs?: number } | undefined {
    const { circuit, maxInFlight = Infinity } = this.settings;
    const observed = this.circuit !== 'isolated' && circuit?.observeOnly;
    const refusal = observed ? undefined : this.#refusalOfCircuit();
    return refusal ?? (this.out.size >= maxInFlight ? { code: 'BULKHEAD_FULL' } : undefined);
  }

  #refusalOfCircuit(): { code: string; retryAfterMs?: number } | undefined {
    if (this.circuit === 'isolated') return { code: 'CIRCUIT_ISOLATED' };
    if (this.circuit === 'open') return { code: 'CIRCUIT_OPEN', retryAfterMs: this.#openUntil - this.now };
    if (this.circuit !== 'half-open') return undefined;
    // The health check is always one of the probes.
    const free = (this.settings.circuit?.maxProbes ?? 1) - (this.checked ? 1 : 0) - this.callsOut;
    return free > 0 ? undefined : { code: 'CIRCUIT_HALF_OPEN', retryAfterMs: 1000 };
  }

  admit(): Call {
    const { rates = [], slowCallMs = Infinity, probeLimitMs = Infinity } = this.settings.circuit ?? {};
    const watched = this.circuit === 'closed' && rates.some(({ of }) => of === 'slowCalls');
    const unheard = this.#refusalOfCircuit() !== undefined;
    const slowAt = watched ? this.now + slowCallMs : undefined;
    const call = { generation: this.generation, unheard, slowAt, slow: false };
    this.out.add(call);
    if (watched) this.watched.add(call);
    if (unheard) this.wouldRefuse += 1;
    else if (this.circuit === 'half-open') {
      this.callsOut += 1;
      // The limit is of the time without any probe settling [R06].
      if (this.callsOut === 1) this.#probeUntil = this.now + probeLimitMs;
    }
    return call;
  }

  /** An outcome of an older stay changes nothing [R07]. */
  settle(call: Call, verdict: Verdict): void {
    this.out.delete(call);
    this.watched.delete(call);
    if (call.unheard && verdict === 'succeeded') this.#proved = true;
    if (call.unheard || call.generation !== this.generation) return;
    if (this.circuit === 'half-open') {
      this.callsOut -= 1;
      const limitMs = this.settings.circuit?.probeLimitMs ?? Infinity;
      this.#probeUntil = this.callsOut > 0 ? this.now + limitMs : Infinity;
    }
    if (verdict === 'released') return;
    if (call.slowAt !== undefined && !call.slow) this.#windows.timed(this.now, false);
    if (verdict === 'succeeded') {
      this.#proved = true;
      const { health } = this;
      const ill = health === 'unhealthy' || health === 'unauthenticated';
      this.#works('call.succeeded', ill ? 'degraded' : health === 'unknown' ? 'healthy' : health);
    } else this.#fails('call.failed', verdict);
  }

  // Checks

  /** Whether the check that is queued is made at all: a call may have proved the same [R15]. */
  checkBegins(): 'started' | 'skipped' {
    const skip =
      this.#proved &&
      this.#checkReason === 'interval' &&
      this.health === 'healthy' &&
      this.failures === 0 &&
      (this.circuit === 'closed' || this.circuit === 'disabled');
    this.#proved = false;
    if (skip) {
      this.checkEnds('released');
      return 'skipped';
    }
    this.check = 'running';
    this.#checkStartedAt = this.now;
    this.#checkUntil = this.now + this.settings.health.checkTimeoutMs;
    return 'started';
  }

  checkEnds(verdict: Verdict): void {
    const slow = this.now - this.#checkStartedAt > this.settings.health.degradedThresholdMs;
    const ill = this.health === 'unhealthy' || this.health === 'unauthenticated';
    if (typeof verdict === 'string' && this.#checkReason === 'interval') this.#losses = 0;
    this.#planCheck();
    if (verdict === 'succeeded') this.#works('check.succeeded', ill || slow ? 'degraded' : 'healthy');
    else if (verdict !== 'released') this.#fails('check.failed', verdict);
  }

  sessionLost(): void {
    const { check } = this;
    if (check !== 'waiting' && check !== 'queued' && check !== 'running') return;
    this.#losses += 1;
    this.check = 'reconnecting';
    this.#checkUntil =
      this.now + Math.min(this.settings.health.checkIntervalMs, 100 * 2 ** (this.#losses - 1));
    if (check === 'running') this.#fails('check.failed', { category: 'backend_unavailable' });
  }

  checkRequested(): void {
    if (this.check === 'waiting' || this.check === 'reconnecting') this.#checkNow('other');
  }

  // Operators

  isolate(): void {
    if (this.circuit !== 'isolated') this.#enter('isolated', 'circuit.isolate');
  }

  release(): void {
    if (this.circuit === 'isolated' && !this.settings.circuit) this.#enter('disabled', 'circuit.release');
    else if (this.circuit === 'isolated' || this.circuit === 'open')
      this.#enter('half-open', 'circuit.release');
  }

  reset(): void {
    if (this.circuit !== 'isolated') this.failures = this.#openings = 0;
    if (this.circuit === 'closed') this.#countAnew();
    if (this.circuit === 'open' || this.circuit === 'half-open') this.#enter('closed', 'circuit.reset');
    if (this.health === 'unhealthy' || this.health === 'unauthenticated')
      this.#say('unknown', 'circuit.reset');
    this.checkRequested();
  }

  reconfigure(settings: Settings): void {
    if (JSON.stringify(settings) === JSON.stringify(this.settings)) return;
    const sameRates =
      JSON.stringify(settings.circuit?.rates) === JSON.stringify(this.settings.circuit?.rates);
    this.settings = settings;
    if (!sameRates) this.#windows.clear();
    if (!settings.circuit?.backoff) this.#openings = 0;
    if (this.#openings === 0) this.#decayAt = Infinity;
    if (this.check === 'waiting') this.#planCheck();
    if (this.circuit === 'isolated' || (this.circuit === 'disabled') === !settings.circuit) return;
    if (settings.circuit) this.failures = 0;
    this.#enter(settings.circuit ? 'closed' : 'disabled', 'policy.changed');
  }

  // Time

  get next(): { readonly what: Deadline; readonly at: number } | undefined {
    const all = [
      { what: 'openFor', at: this.#openUntil },
      { what: 'backoffDecay', at: this.#decayAt },
      { what: 'probeLimit', at: this.#probeUntil },
      { what: 'slowCall', at: [...this.watched][0]?.slowAt ?? Infinity },
      { what: CHECK_DEADLINES[this.check], at: this.#checkUntil },
    ] as const;
    const [first] = all.filter(({ at }) => at < Infinity).sort((one, two) => one.at - two.at);
    return first;
  }

  /** What is shown as the time of the next attempt [R31]. */
  get nextAttemptAt(): number | undefined {
    if (this.circuit === 'open') return this.#openUntil;
    return this.check === 'waiting' || this.check === 'reconnecting' ? this.#checkUntil : undefined;
  }

  elapse(ms: number): void {
    const end = this.now + ms;
    for (let { next } = this; next && next.at <= end; { next } = this) {
      this.now = next.at;
      this.#pass(next.what);
    }
    this.now = end;
  }

  #pass(deadline: Deadline): void {
    if (deadline === 'openFor') this.#enter('half-open', 'openFor');
    else if (deadline === 'probeLimit') this.#giveProbesUp({ category: 'timeout' });
    else if (deadline === 'backoffDecay') this.#decay();
    else if (deadline === 'slowCall') this.#slow();
    else if (deadline === 'checkTimeout') this.checkEnds({ category: 'timeout' });
    else this.#checkNow(deadline === 'checkInterval' ? 'interval' : 'other');
  }

  // Consequences

  #works(cause: string, health: Health): void {
    this.failures = 0;
    this.#windows.attempted(this.now, false);
    if (this.circuit === 'half-open') {
      this.#probesWon += 1;
      if (this.#probesWon >= (this.settings.circuit?.successThreshold ?? 1)) {
        this.#enter('closed', cause);
        // The check that closed the circuit has said what another would.
        if (cause === 'check.succeeded') this.#planCheck();
      } else if (cause === 'check.succeeded') this.#checkNow('other');
    }
    this.#say(health, cause);
  }

  #fails(cause: string, failure: Failed): void {
    const { failureThreshold = Infinity } = this.settings.circuit ?? {};
    this.#windows.attempted(this.now, true);
    const inRow = this.failures + 1 >= failureThreshold;
    const rate = this.rates.find((one) => one.of === 'failures' && isReached(one));
    this.#count(failure);
    if (this.circuit === 'half-open' || (this.circuit === 'closed' && inRow)) this.#open(cause, failure);
    else if (this.circuit === 'closed' && rate) this.#open(cause, failure, rate);
    if (this.failures >= this.settings.health.unhealthyThreshold) {
      const denied = failure.category === 'authentication_failed';
      this.#say(denied ? 'unauthenticated' : 'unhealthy', cause, failure.category);
    }
  }

  #count({ category }: Failed): void {
    this.failures += 1;
    this.category = category;
  }

  #giveProbesUp(failure: Failed): void {
    this.#count(failure);
    this.#open('probeLimit', failure);
  }

  /** Calls that have been out so long are slow, though nobody knows yet how they end [R09]. */
  #slow(): void {
    for (const call of this.watched) {
      if (call.slowAt !== this.now) continue;
      call.slow = true;
      this.watched.delete(call);
      if (call.generation !== this.generation) continue;
      this.#windows.timed(this.now, true);
      const rate = this.rates.find((one) => one.of === 'slowCalls' && isReached(one));
      if (this.circuit === 'closed' && rate) this.#open('call.slow', undefined, rate);
    }
  }

  get rates(): readonly Reading[] {
    return this.#windows.read(this.settings.circuit?.rates ?? [], this.now);
  }

  #countAnew(): void {
    this.#windows.clear();
    this.#decayAt = Infinity;
  }

  /** Each opening in a row is longer, until time in which all went well has made up for it [R03] [R09]. */
  #open(cause: string, failure: Failed | undefined, rate?: Reading): void {
    const { openMs = 0, backoff } = this.settings.circuit ?? {};
    const { multiplier, maxOpenMs, jitter } = backoff ?? { multiplier: 1, maxOpenMs: openMs, jitter: 0 };
    const grown = (openings: number) => Math.min(openMs * multiplier ** openings, maxOpenMs);
    const spread = this.#openings === 0 ? 1 : 1 - jitter * this.random;
    const asked = Math.min(failure?.retryAfterMs ?? 0, HOUR_MS);
    const openForMs = Math.max(openMs, grown(this.#openings) * spread, asked);
    if (grown(this.#openings + 1) > grown(this.#openings)) this.#openings += 1;
    const category = failure && { category: failure.category };
    this.#enter('open', cause, { ...category, retryAfterMs: openForMs, ...(rate && { rate }) });
    this.tripped = rate;
    this.#openUntil = this.now + openForMs;
  }

  #decay(): void {
    if (this.failures === 0) this.#openings -= 1;
    this.#armDecay();
  }

  #armDecay(): void {
    const { decayMs = Infinity } = this.settings.circuit?.backoff ?? {};
    this.#decayAt = this.#openings > 0 ? this.now + decayMs : Infinity;
  }

  /** A new stay: nothing of the older one counts, and the backend is checked at once or not at all [R02] [R04]. */
  #enter(to: Circuit, cause: string, more: object = {}): void {
    this.generation += 1;
    this.callsOut = this.#probesWon = 0;
    this.#openUntil = this.#probeUntil = Infinity;
    this.#countAnew();
    const { circuit: from, generation } = this;
    this.circuit = to;
    this.tripped = undefined;
    if (to === 'closed') this.#armDecay();
    this.events.push({ at: this.now, type: 'circuit.changed', from, to, generation, cause, ...more });
    if (to !== 'open' && to !== 'isolated') this.#checkNow('other');
    else if (this.checked) this.#setCheck('suspended', Infinity);
  }

  #say(to: Health, cause: string, category?: string): void {
    if (to === this.health) return;
    const { now: at, health: from } = this;
    this.events.push({ at, type: 'health.changed', from, to, cause, ...(category && { category }) });
    this.health = to;
  }

  #checkNow(reason: 'interval' | 'other'): void {
    if (!this.checked) return;
    this.#checkReason = reason;
    this.#setCheck('queued', Infinity);
  }

  #planCheck(): void {
    const spread = 0.9 + 0.2 * this.random;
    this.#setCheck('waiting', this.now + this.settings.health.checkIntervalMs * spread);
  }

  #setCheck(check: Oracle['check'], until: number): void {
    this.check = check;
    this.#checkUntil = until;
  }
}

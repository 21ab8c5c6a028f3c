import type { Operation, State } from './breaker.js';
import { CallerError } from './policy.js';
import type { Policy } from './policy.js';

type Outcome = 'succeeded' | 'failed' | 'excused';

interface Ticket {
  generation: number;
  readonly startedAt: number;
  settled: boolean;
}

/** The stand-in's refusal. */
export class Refused extends Error {
  override readonly stack = '';
}

/**
 * A small breaker to try the cases on: sound by itself, and with the one defect that a case is there to find when it
 * is made with that case's id.
 */
export class StandIn {
  state: State = 'closed';
  stale = 0;
  refused = 0;
  succeeded = 0;
  failed = 0;
  openUntil = 0;
  readonly listeners: [State | undefined, () => void][] = [];
  #generation = 0;
  #failures = 0;
  #samples: { at: number; bad: boolean }[] = [];
  #probesOut = 0;
  #probeSuccesses = 0;
  #lastProbeAt = 0;
  #openings = 0;
  #closedAt = 0;
  #inFlight = 0;
  #disabled = false;
  #shut = false;
  #timer: NodeJS.Timeout | undefined;
  #checking: NodeJS.Timeout | undefined;

  constructor(
    private readonly defect: string | undefined,
    public policy: Policy,
    private readonly check?: () => Promise<void>,
  ) {
    const { checkEveryMs } = policy;
    if (checkEveryMs !== undefined) this.#checking = setInterval(() => void this.#runCheck(), checkEveryMs);
  }

  has(...ids: string[]): boolean {
    return this.defect !== undefined && ids.includes(this.defect);
  }

  async #runCheck(): Promise<void> {
    const generation = this.#generation;
    if (this.state === 'open' || this.state === 'isolated') return;
    const verdict = await (this.check?.() ?? Promise.resolve()).then(
      () => 'succeeded' as const,
      () => 'failed' as const,
    );
    if (generation === this.#generation) this.#judge(verdict, performance.now());
  }

  #enter(state: State): void {
    clearTimeout(this.has('E2a') && state === 'isolated' ? undefined : this.#timer);
    this.#generation += 1;
    this.#probesOut = this.#probeSuccesses = this.#failures = 0;
    if (!this.has('C5')) this.#samples = [];
    if (this.has('F7')) this.#say(state);
    const before = this.state;
    this.state = state;
    const now = performance.now();
    if (state === 'closed') this.#closedAt = now;
    if (state === 'open') {
      const openMs = this.#openMs(before === 'closed');
      this.openUntil = now + openMs;
      this.#timer = setTimeout(() => this.#enter('half-open'), openMs + (this.has('D10a') ? 1 : 0));
    }
    if (state === 'half-open' && this.policy.checkEveryMs !== undefined) {
      if (!this.has('B13')) this.#probesOut += 1;
      if (!this.has('B10b', 'B13')) this.#probeByCheck();
    }
    if (!this.has('F7')) this.#say(state);
  }

  #probeByCheck(): void {
    const generation = this.#generation;
    void this.#runCheck().then(() => {
      if (this.state === 'half-open' && generation === this.#generation) this.#probeByCheck();
    });
  }

  #openMs(wasClosed: boolean): number {
    const { openMs, backoff } = this.policy;
    if (backoff === undefined || this.has('C14a')) return openMs;
    const { multiplier, maxOpenMs, decayMs, jitter } = backoff;
    const calm = this.has('C14c') ? 0 : Math.floor((performance.now() - this.#closedAt) / decayMs);
    if (wasClosed) this.#openings = Math.max(0, this.#openings - calm);
    const lengthened = Math.min(openMs * multiplier ** this.#openings, maxOpenMs);
    this.#openings += 1;
    const left = jitter && !this.has('G3') ? 1 - Math.random() / 2 : 1;
    return Math.max(openMs, lengthened * left);
  }

  /** A state that was come into; or, without one, a call that was made. */
  #say(state?: State): void {
    for (const [wanted, listener] of this.listeners) {
      if (wanted !== undefined && wanted !== state) continue;
      try {
        listener();
      } catch {
        if (this.has('F5c')) this.#inFlight += 1;
      }
    }
  }

  ask(): State {
    if (this.has('B9') && this.state === 'half-open') this.#probesOut += 1;
    return this.state;
  }

  refuses(): boolean {
    if (this.#disabled) return false;
    if (this.#shut && !this.has('E6a')) return true;
    if (this.#inFlight >= (this.policy.maxInFlight ?? Infinity)) return true;
    if (this.state !== 'half-open') return this.state !== 'closed';
    return this.#probesOut >= (this.policy.probes ?? 1) && !this.has('B6a', 'B6b');
  }

  take(): Ticket | undefined {
    const full = this.#inFlight >= (this.policy.maxInFlight ?? Infinity);
    if (full && this.has('B5a')) this.#probesOut += 1;
    if (this.refuses()) {
      this.refused += 1;
      if (this.has('C7') && full) this.#judge('failed', performance.now());
      if (this.has('F15') && this.state === 'open') this.#enter('open');
      if (this.has('F12a')) console.log('refused');
      return undefined;
    }
    this.#inFlight += 1;
    if (this.has('C4a')) this.#samples.push({ at: Infinity, bad: false });
    if (this.state === 'half-open') {
      this.#probesOut += 1;
      this.#limitProbe();
    }
    const ticket = { generation: this.#generation, startedAt: performance.now(), settled: false };
    const { slowCallMs } = this.policy;
    if (slowCallMs !== undefined && !this.has('C4b', 'C4c'))
      setTimeout(() => {
        if (!ticket.settled && ticket.generation === this.#generation) this.#sample(true);
      }, slowCallMs + 1);
    return ticket;
  }

  #limitProbe(): void {
    const { probeLimitMs } = this.policy;
    if (probeLimitMs === undefined || this.has('B1a', 'B1b')) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#enter('open'), probeLimitMs + (this.has('D9b') ? 1 : 0));
  }

  /** Whether the outcome was one of this stay. */
  settle(ticket: Ticket, verdict: Outcome): boolean {
    if (ticket.settled && !this.has('F5a', 'F5b')) return true;
    ticket.settled = true;
    this.#inFlight -= 1;
    this.#say();
    const fenced = !this.has('A1', 'A2a', 'A3a', 'A3b', 'A4', 'A5', 'A7a', 'A7b', 'E3');
    if (ticket.generation === this.#generation || !fenced) {
      this.#judge(verdict, ticket.startedAt);
      return true;
    }
    if (!this.has('A8b')) this.stale += 1;
    if (this.has('A2b') && this.state === 'open' && verdict === 'succeeded') this.#enter('closed');
    if (this.has('A6') && this.state === 'open' && verdict === 'failed') this.#enter('open');
    return false;
  }

  #judge(verdict: Outcome, startedAt: number): void {
    if (this.#disabled) return;
    if (this.state === 'half-open') {
      this.#judgeProbe(verdict);
      return;
    }
    if (this.has('C9b') && verdict === 'excused') this.#failures = 0;
    if (verdict === 'excused') return;
    if (verdict === 'succeeded') this.succeeded += 1;
    else this.failed += 1;
    this.#failures = verdict === 'failed' ? this.#failures + 1 : 0;
    const slow = this.policy.slowCallMs;
    const bad =
      slow === undefined ? verdict === 'failed' : !this.has('C4c') && performance.now() - startedAt > slow;
    this.#sample(bad);
  }

  #judgeProbe(verdict: Outcome): void {
    if (this.has('B12') && (this.policy.rate?.minimum ?? 0) > 1) return;
    if (!(this.has('B2') && verdict === 'excused')) this.#probesOut -= 1;
    if (verdict === 'failed') this.#enter('open');
    if (verdict !== 'succeeded') return;
    const now = performance.now();
    if (this.has('B10a') && now - this.#lastProbeAt > 60_000) this.#probeSuccesses = 0;
    this.#lastProbeAt = now;
    this.#probeSuccesses += 1;
    if (this.#probeSuccesses >= (this.policy.successes ?? 1) || this.has('B11')) this.#enter('closed');
  }

  #sample(bad: boolean): void {
    const { threshold, rate } = this.policy;
    this.#samples.push({ at: performance.now(), bad });
    if (bad && this.#failures >= (threshold ?? Infinity)) this.#enter('open');
    if (!bad || rate === undefined) return;
    const { window, minimum } = rate;
    const recent =
      'calls' in window
        ? this.#samples.slice(-window.calls)
        : this.#samples.filter(({ at }) => performance.now() - at < window.ms || this.has('C1'));
    const worse = recent.filter((sample) => sample.bad).length;
    const share = worse / recent.length;
    const above = share > rate.threshold || (share === rate.threshold && !this.has('C6a', 'C6b'));
    const reached = this.has('C12') ? worse >= minimum : above;
    if (recent.length >= minimum && reached) this.#enter('open');
  }

  async call(operation: Operation, signal?: AbortSignal): Promise<unknown> {
    const ticket = this.take();
    if (ticket === undefined) throw new Refused('refused');
    const own = new AbortController();
    const limit = this.policy.callTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    let giveUp: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      const end = (error: Error) => {
        own.abort(error);
        reject(error);
      };
      giveUp = () => {
        const reason: unknown = signal?.reason;
        end(reason instanceof Error ? reason : new Error('cancelled'));
      };
      if (!this.has('B4b')) signal?.addEventListener('abort', giveUp);
      if (limit !== undefined && !this.has('B1a')) timer = setTimeout(() => end(new Error('late')), limit);
    });
    let current = true;
    try {
      const work = Promise.resolve(operation(own.signal));
      if (this.has('F5b')) void work.catch(() => this.settle(ticket, 'failed'));
      const value = await Promise.race([work, ended]);
      current = this.settle(ticket, 'succeeded');
      return value;
    } catch (error) {
      current = this.settle(ticket, this.#verdictOn(error));
      throw error;
    } finally {
      clearTimeout(timer);
      if (!this.has('F8')) signal?.removeEventListener('abort', giveUp);
      if ((this.has('A8a') && !current) || (this.has('E6b') && this.#shut))
        await new Promise(() => undefined);
    }
  }

  #verdictOn(error: unknown): Outcome {
    const excused = error instanceof CallerError || error instanceof Refused;
    if (excused && this.has('B3', 'B4a', 'B5b')) return 'succeeded';
    if (excused) return this.has('C8a', 'C9a') ? 'failed' : 'excused';
    return this.has('C8b') && (error as Error).name === 'AbortError' ? 'excused' : 'failed';
  }

  /** @returns the way to end it */
  isolate(): () => void {
    this.#enter('isolated');
    return () => {
      this.#enter('half-open');
    };
  }

  reset(): void {
    this.#enter('closed');
  }

  disable(): void {
    this.#enter('closed');
    this.#disabled = !this.has('E2b');
  }

  reconfigure(policy: Policy): void {
    this.policy = policy;
    if (this.has('E4')) this.#enter('closed');
  }

  shutdown(): void {
    this.#shut = true;
    if (this.has('D5b')) return;
    clearTimeout(this.#timer);
    clearInterval(this.#checking);
  }
}

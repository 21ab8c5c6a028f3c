import type { FailureCategory } from '../../machines/failure.js';
import type { Phase, Scenario } from './scenario.js';

/** How long a connection takes to be refused, in milliseconds. */
const REFUSED_MS = 1;

export type AttemptKind = 'call' | 'check';

/** How one attempt ends if nobody ends it before. `Infinity` is never. */
export interface Ending {
  readonly atMs: number;
  /** Absent: it is answered. */
  readonly category?: FailureCategory;
}

/** What a backend does at one moment, and until when at least. */
interface Behaviour {
  readonly is: 'up' | 'down' | 'hanging' | 'slow' | 'failing';
  readonly untilMs: number;
  readonly phase?: Phase;
}

/**
 * A backend that does what a scenario says.
 *
 * A connection that is refused fails after 1 ms; one that is open when the backend goes down breaks at that
 * moment; a backend that hangs answers what it has got when it no longer does; an answer's latency is that of
 * the time at which it was asked.
 */
export class ScriptedBackend {
  readonly #phases: Readonly<Record<AttemptKind, readonly Phase[]>>;

  constructor(
    private readonly scenario: Scenario,
    private readonly random: () => number,
  ) {
    const concerning = (kind: 'calls' | 'checks') =>
      scenario.phases.filter(({ only }) => only === undefined || only === kind);
    this.#phases = { call: concerning('calls'), check: concerning('checks') };
  }

  /** Begins an attempt, which may take a number from chance. */
  attempt(kind: AttemptKind, atMs: number): Ending {
    const { is, phase } = this.#behaviourAt(kind, atMs);
    if (is === 'down') return { atMs: atMs + REFUSED_MS, category: 'connection_failed' };
    const fails = is === 'failing' && phase?.is === 'failing' && this.random() < phase.rate;
    const latencyMs = phase?.is === 'slow' ? phase.latencyMs : this.scenario.latencyMs;
    const end = this.#work(kind, atMs, latencyMs);
    return fails && end.category === undefined ? { ...end, category: 'backend_unavailable' } : end;
  }

  #work(kind: AttemptKind, fromMs: number, latencyMs: number): Ending {
    let now = fromMs;
    let left = latencyMs;
    for (;;) {
      const { is, untilMs } = this.#behaviourAt(kind, now);
      if (is === 'down') return { atMs: now, category: 'connection_failed' };
      if (is !== 'hanging') {
        if (now + left <= untilMs) return { atMs: now + left };
        left -= untilMs - now;
      }
      now = untilMs;
    }
  }

  #behaviourAt(kind: AttemptKind, atMs: number): Behaviour {
    const concerned = this.#phases[kind];
    const phase = concerned.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    if (!phase) {
      const next = concerned.find(({ fromMs }) => fromMs > atMs);
      return { is: 'up', untilMs: next?.fromMs ?? Infinity };
    }
    if (phase.is !== 'flapping') return { is: phase.is, untilMs: phase.toMs, phase };
    const { downMs, upMs, fromMs, toMs } = phase;
    const round = Math.floor((atMs - fromMs) / (downMs + upMs));
    const upFromMs = fromMs + round * (downMs + upMs) + downMs;
    return atMs < upFromMs
      ? { is: 'down', untilMs: Math.min(upFromMs, toMs), phase }
      : { is: 'up', untilMs: Math.min(upFromMs + upMs, toMs), phase };
  }
}

import { performance } from 'node:perf_hooks';
import type { Caller } from './caller.js';
import type { Answer, Fault } from './outcome.js';
import { fault } from './outcome.js';

/** Node fires a longer timer at once; a longer wait is several of these. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A timer that fires this late shows that the process itself stood still: the answer may lie in the socket. */
const STALL_MS = 50;

export interface RequestTerms {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
  /** Milliseconds without an answer or progress after which the request has timed out; > 0. */
  readonly timeoutMs: number;
  /** Milliseconds after which it has timed out whatever progress is made. */
  readonly maxTotalMs: number;
  /** Progress of this request, its params without the token. */
  readonly onProgress?: ((params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Who it is made for; absent where nobody waits for it. */
  readonly caller?: Caller | undefined;
}

/** The terms of a request of which some time is used up already. */
export function remaining(terms: RequestTerms, startedAt: number): RequestTerms {
  const usedMs = performance.now() - startedAt;
  return {
    ...terms,
    timeoutMs: Math.max(terms.timeoutMs - usedMs, 1),
    maxTotalMs: Math.max(terms.maxTotalMs - usedMs, 1),
  };
}

interface Pending {
  readonly terms: RequestTerms;
  readonly endsAt: number;
  readonly resolve: (answer: Answer) => void;
  readonly onAbort: () => void;
  quietUntil: number;
  /** Questions to the client that the backend waits for. */
  questions: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The requests out on one session, by id: each ends exactly once, by its answer, a fault, its deadline or its caller,
 * and leaves nothing behind.
 *
 * A deadline looks at the sockets once more before it gives up: Node runs timers before it polls, so after a pause of
 * the process an answer that has long arrived would otherwise lose against the timer.
 */
export class Requests {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** @param onGivenUp a request ended without the backend's doing: its deadline passed or its caller left. */
  constructor(readonly onGivenUp: (id: number, found: Fault) => void) {}

  get size(): number {
    return this.#pending.size;
  }

  /** The one id that is out, if it is only one. */
  get only(): number | undefined {
    return this.#pending.size === 1 ? this.#pending.keys().next().value : undefined;
  }

  /** Registers a request; the answer never rejects. */
  open(terms: RequestTerms): { readonly id: number; readonly answer: Promise<Answer> } {
    const id = ++this.#lastId;
    const answer = new Promise<Answer>((resolve) => {
      const now = performance.now();
      const pending: Pending = {
        terms,
        endsAt: now + terms.maxTotalMs,
        quietUntil: now + terms.timeoutMs,
        questions: 0,
        resolve,
        onAbort: () => this.#giveUp(id, fault('cancelled', 'the caller gave up')),
        timer: undefined,
      };
      this.#pending.set(id, pending);
      this.#arm(id, pending);
      terms.signal.addEventListener('abort', pending.onAbort, { once: true });
    });
    // An aborted signal fires no event.
    if (terms.signal.aborted) this.#pending.get(id)?.onAbort();
    return { id, answer };
  }

  /** Ends a request; false when no such request is out, which is how late and invented answers show. */
  settle(id: number, answer: Answer): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.terms.signal.removeEventListener('abort', pending.onAbort);
    pending.resolve(answer);
    return true;
  }

  /** Notes that the backend is working on a request: its quiet time starts again. False when it is not out. */
  progress(id: number, params: Readonly<Record<string, unknown>>): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    // The timer is left alone: it looks here when it fires, so a flood of progress costs no timers.
    pending.quietUntil = performance.now() + pending.terms.timeoutMs;
    pending.terms.onProgress?.(params);
    return true;
  }

  /** Who a request is made for; without an id, the one who asked last. */
  callerOf(id: number | undefined): Caller | undefined {
    const asked = id === undefined ? [...this.#pending.values()] : [this.#pending.get(id)];
    return asked.flatMap((pending) => pending?.terms.caller ?? []).at(-1);
  }

  /**
   * A backend that waits for its client is not silent: the quiet time of the request, or of all without an id, stands
   * still. Returns the way to let it go on.
   */
  hold(id: number | undefined): () => void {
    const held = [...this.#pending].flatMap(([each, pending]) =>
      id === undefined || each === id ? pending : [],
    );
    for (const pending of held) pending.questions += 1;
    return () => {
      for (const pending of held) {
        pending.questions -= 1;
        pending.quietUntil = performance.now() + pending.terms.timeoutMs;
      }
    };
  }

  failAll(found: Fault): void {
    for (const id of [...this.#pending.keys()]) this.settle(id, { kind: 'fault', fault: found });
  }

  #giveUp(id: number, found: Fault): void {
    if (this.settle(id, { kind: 'fault', fault: found })) this.onGivenUp(id, found);
  }

  #arm(id: number, pending: Pending): void {
    const dueAt = Math.min(pending.quietUntil, pending.endsAt);
    const waitMs = Math.min(Math.max(dueAt - performance.now(), 1), LONGEST_TIMER_MS);
    pending.timer = setTimeout(() => this.#onTimer(id, pending, dueAt), waitMs);
  }

  #onTimer(id: number, pending: Pending, dueAt: number): void {
    const now = performance.now();
    const expire = (): void => this.#expire(id, pending);
    if (now < dueAt || dueAt < Math.min(pending.quietUntil, pending.endsAt)) this.#arm(id, pending);
    else pending.timer = lookAgain(dueAt, expire);
  }

  #expire(id: number, pending: Pending): void {
    if (this.#pending.get(id) !== pending) return;
    const now = performance.now();
    const { timeoutMs, maxTotalMs } = pending.terms;
    if (pending.questions > 0) pending.quietUntil = now + timeoutMs;
    if (now < Math.min(pending.quietUntil, pending.endsAt)) {
      this.#arm(id, pending);
      return;
    }
    if (pending.questions > 0) {
      this.#giveUp(id, fault('unanswered', 'the client did not answer what the backend asked it'));
      return;
    }
    const reason =
      now >= pending.endsAt
        ? `the call timed out after ${inSeconds(maxTotalMs)} in all`
        : `the call timed out after ${inSeconds(timeoutMs)}`;
    this.#giveUp(id, fault('deadline', reason));
  }
}

/**
 * Runs something when the sockets have been looked at once more since a timer fired; it may come after what it was
 * for is over. Returns the timer that this takes, if it takes one.
 */
export function lookAgain(dueAt: number, expire: () => void): NodeJS.Timeout | undefined {
  if (performance.now() - dueAt > STALL_MS) return setTimeout(expire, STALL_MS);
  setImmediate(() => setImmediate(expire));
  return undefined;
}

/** `30 s`, `0.25 s`: milliseconds as people read them. */
export function inSeconds(ms: number): string {
  return `${Math.round(ms) / 1_000} s`;
}

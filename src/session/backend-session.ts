import { performance } from 'node:perf_hooks';
import type { Outcome } from '../../machines/failure.js';
import { DEFAULT_LIMITS } from '../limits.js';
import type { Caller } from './caller.js';
import type { Catalog } from './catalog.js';
import { CatalogFollower } from './catalog-follower.js';
import { Connector } from './connector.js';
import { declaredListMethod } from './enumerate.js';
import { unlessAborted, withinLimit } from './limit.js';
import type { BackendRequest, LiveSession } from './live-session.js';
import { isDeeperThan } from './message.js';
import type { Answer, Fault, Reply } from './outcome.js';
import { fault, faultOf, outcomeOf, replyOf } from './outcome.js';
import { RateGate } from './rate-gate.js';
import { remaining } from './requests.js';
import type { RequestTerms } from './requests.js';
import type { SessionLimits } from './session-limits.js';
import type { SessionHooks } from './session-hooks.js';
import type { SessionSettings } from './session-settings.js';
import { Silence } from './silence.js';

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
/** Progress keeps a request alive for so many times its timeout, unless told otherwise. */
const TOTAL_FACTOR = 10;
const NOT_OPENED = fault('closed', 'its circuit opened before there was a session');

export interface RequestOptions {
  /** Aborted when the caller gives up: the backend is told. */
  readonly signal: AbortSignal;
  /** Milliseconds without an answer or progress, connecting included, after which it has timed out; > 0. */
  readonly timeoutMs: number;
  /** Milliseconds after which it has timed out whatever progress is made; default 10 × `timeoutMs`. */
  readonly maxTotalMs?: number;
  /** Progress of this request, its params without the token. Asking for it tells the backend that it is wanted. */
  readonly onProgress?: ((params: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Who it is made for: what the backend asks or says meanwhile goes there. */
  readonly caller?: Caller | undefined;
}

/**
 * The session with one backend, over whatever connections it takes: opened when something is asked of it, opened
 * again after a loss when something is asked again, never by itself.
 */
export class BackendSession {
  readonly #limits: SessionLimits;
  readonly #warnings: RateGate;
  readonly #notifications: RateGate;
  readonly #follower: CatalogFollower;
  readonly #connector: Connector;
  readonly #silence: Silence;
  readonly #ending = new Set<Promise<void>>();
  readonly #retired = new Set<LiveSession>();
  #live: LiveSession | undefined;
  #knowsPing = true;

  constructor(
    readonly settings: SessionSettings,
    readonly hooks: SessionHooks,
  ) {
    this.#limits = { ...DEFAULT_LIMITS, ...settings.limits };
    this.#warnings = new RateGate(this.#limits.maxLogLinesPerSecond);
    this.#notifications = new RateGate(this.#limits.maxNotificationsPerSecond);
    this.#silence = new Silence(this.#limits.maxSilentChecks);
    this.#follower = new CatalogFollower(this.#limits, {
      admits: () => hooks.admits?.() ?? true,
      onCatalog: (catalog) => hooks.onCatalog(catalog),
      onWarning: (text) => this.#warn(text),
    });
    this.#connector = new Connector(settings, this.#limits, hooks.log, {
      onOpened: (session) => this.#adopt(session),
      onRefused: (found) => this.#note('the backend session could not be opened', found),
      onLost: (session, found) => this.#lose(session, found),
      mayConnect: () => this.#mayConnect(),
      onSuspect: (session) => {
        if (session === this.#live) hooks.onSuspect();
      },
      onNotification: (session, method, params, caller) => {
        if (session !== this.#live || this.#follower.notice(method)) return;
        if (this.#mayNotify()) hooks.onNotification(method, params, caller);
      },
      onQuestion: hooks.onQuestion,
      onWarning: (text) => this.#warn(text),
    });
  }

  /** Whether there is a connection that has not shown its end. */
  get live(): boolean {
    return this.#live !== undefined;
  }

  /** What the backend said that it can do, in the handshake of the live session. */
  get capabilities(): Readonly<Record<string, unknown>> {
    return this.#live?.agreement.capabilities ?? {};
  }

  /** Of the child process of a live session over stdio. */
  get pid(): number | undefined {
    return this.#live?.pid;
  }

  /** The last one known; kept through losses and `close`. Undefined until the first was read. */
  get catalog(): Catalog | undefined {
    return this.#follower.catalog;
  }

  /** Requests, exchanges and answers that are out; 0 when at rest. */
  get held(): number {
    return [...this.#retired].reduce((sum, session) => sum + session.held, this.#live?.held ?? 0);
  }

  /**
   * One health check: a session that is not live is connected, initialised and its catalog read; a live one is
   * pinged, or asked for a list where it does not know `ping`, and what is missing of its catalog is read. One that
   * hangs is replaced, its process too: the calls that are out on it may end. Never rejects.
   *
   * @param signal ends the check: a timeout (`AbortSignal.timeout`) is a failure, every other reason a release
   */
  async check(signal: AbortSignal): Promise<Outcome> {
    const found = await this.#examine(signal);
    if (found === undefined) return { kind: 'succeeded' };
    const timedOut =
      found.mechanism === 'cancelled' &&
      signal.reason instanceof Error &&
      signal.reason.name === 'TimeoutError';
    return outcomeOf(timedOut ? fault('deadline', 'the check timed out') : found, this.settings.hasAuth);
  }

  /**
   * Sends one request, connecting first where there is no live session. It is sent once, but for one case: a backend
   * that does not know our session has not processed the request, so it is sent once more on a new one.
   * Never rejects.
   */
  async request(request: BackendRequest, options: RequestOptions): Promise<Reply> {
    // What is sent is one level deeper than its params.
    if (isDeeperThan(request.params, this.#limits.maxDepth - 1)) {
      const message = 'the request is nested more deeply than the limit';
      return { outcome: { kind: 'released' }, kind: 'error', code: INVALID_PARAMS, message };
    }
    const { signal, timeoutMs, maxTotalMs = timeoutMs * TOTAL_FACTOR } = options;
    const tell = options.onProgress;
    const onProgress: RequestTerms['onProgress'] = tell && ((params) => this.#mayNotify() && tell(params));
    const { caller } = options;
    const answer = await this.#perform(request, { signal, timeoutMs, maxTotalMs, onProgress, caller });
    return replyOf(answer, this.settings.hasAuth);
  }

  /** Sends a notification if the session is live; says nothing otherwise. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    if (!isDeeperThan(params, this.#limits.maxDepth - 1)) this.#live?.notify(method, params);
  }

  /** No session may be opened any more (`mayConnect`): one that is being opened is given up, what waits for it fails. */
  abandonConnecting(): void {
    this.#connector.abandon(NOT_OPENED);
  }

  /**
   * Ends the session for good. Requests that are out fail, which says nothing about the backend. Resolves when no
   * socket and no process is left.
   *
   * @param graceMs how long a child process is asked to end before it is killed; 0 kills at once
   */
  async close(graceMs: number): Promise<void> {
    this.#follower.leave();
    const live = this.#live;
    this.#live = undefined;
    await Promise.all([
      this.#connector.close(),
      live?.close(graceMs),
      ...[...this.#retired].map((session) => session.close(graceMs)),
      ...this.#ending,
    ]);
  }

  async #examine(signal: AbortSignal): Promise<Fault | undefined> {
    try {
      if (this.#live !== undefined && this.#silence.isTooLong(this.#live)) {
        this.#note('the backend session is replaced', fault('deadline', 'it answered no health check'));
        this.#retire(this.#live);
      }
      if (this.#live === undefined) await this.#connect(signal, Infinity);
      else {
        const answer = await this.#ping(signal);
        if (answer.kind === 'fault') return answer.fault;
      }
      return await withinLimit(signal, Infinity, (limit) => unlessAborted(this.#follower.upToDate(), limit));
    } catch (error) {
      return faultOf(error);
    }
  }

  async #ping(signal: AbortSignal): Promise<Answer> {
    const terms: RequestTerms = { signal, timeoutMs: Infinity, maxTotalMs: Infinity };
    if (this.#knowsPing) {
      const answer = await this.#perform({ method: 'ping', params: {} }, terms);
      if (answer.kind !== 'error' || answer.code !== METHOD_NOT_FOUND) return answer;
      this.#knowsPing = false;
    }
    const method = declaredListMethod(this.#live?.agreement.capabilities ?? {}) ?? 'ping';
    return this.#perform({ method, params: {} }, terms);
  }

  async #perform(request: BackendRequest, terms: RequestTerms): Promise<Answer> {
    const first = await this.#attempt(request, terms, performance.now());
    if (first.session === undefined || !isRefusal(first.answer)) return first.answer;
    this.#retire(first.session);
    const second = await this.#attempt(request, terms, first.startedAt);
    if (second.session === undefined || !isRefusal(second.answer)) return second.answer;
    const { status, rpcError } = second.answer.fault;
    // A new session that is told the same was no lost session: the request itself is refused.
    if (status === 400 && rpcError !== undefined) return { kind: 'error', ...rpcError };
    this.#retire(second.session);
    return second.answer;
  }

  async #attempt(
    request: BackendRequest,
    terms: RequestTerms,
    startedAt: number,
  ): Promise<{ answer: Answer; startedAt: number; session?: LiveSession }> {
    if (terms.signal.aborted) return { answer: faulty(fault('cancelled', 'the caller gave up')), startedAt };
    let session = this.#live;
    let left = terms;
    if (session === undefined) {
      // The session may have been lost, or refused this very request, after it was admitted.
      if (!this.#mayConnect()) return { answer: faulty({ ...NOT_OPENED, unsent: true }), startedAt };
      try {
        session = await this.#connect(terms.signal, remaining(terms, startedAt).timeoutMs);
      } catch (error) {
        return { answer: faulty({ ...faultOf(error), unsent: true }), startedAt };
      }
      left = remaining(terms, startedAt);
    }
    return { answer: await session.request(request, left), startedAt, session };
  }

  /** @throws FaultError */
  #connect(signal: AbortSignal, timeoutMs: number): Promise<LiveSession> {
    return this.#live === undefined
      ? this.#connector.connect(signal, timeoutMs)
      : Promise.resolve(this.#live);
  }

  #adopt(live: LiveSession): void {
    this.#live = live;
    this.#knowsPing = true;
    if (this.settings.client === undefined) this.#follower.follow(live);
    this.hooks.onOpened?.();
  }

  #mayNotify(): boolean {
    if (this.#notifications.take().passes) return true;
    this.#warn('it sends more notifications a second than the limit; the rest is dropped');
    return false;
  }

  #mayConnect(): boolean {
    return this.hooks.mayConnect?.() ?? true;
  }

  #lose(session: LiveSession, found: Fault): void {
    this.#track(session.close(0));
    if (session !== this.#live) return;
    this.#live = undefined;
    this.#follower.leave();
    this.#note('the backend session was lost', found);
    const outcome = outcomeOf(found, this.settings.hasAuth);
    if (outcome.kind === 'failed') this.hooks.onLost(outcome.failure);
  }

  /** The backend no longer knows this session, as each of its requests may find: they may end, new ones get a new one. */
  #retire(session: LiveSession): void {
    if (this.#retired.has(session)) return;
    if (session === this.#live) {
      this.#live = undefined;
      this.#follower.leave();
    }
    this.#retired.add(session);
    this.#track(session.retire().finally(() => this.#retired.delete(session)));
  }

  #track(ending: Promise<void>): void {
    const tracked = ending.catch(() => undefined).finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
  }

  #note(message: string, found: Fault): void {
    if (outcomeOf(found, this.settings.hasAuth).kind === 'released') return;
    const { mechanism, reason } = found;
    this.hooks.log.warn({ backend: this.settings.name, mechanism, reason }, message);
  }

  #warn(text: string): void {
    const { passes, held } = this.#warnings.take();
    if (!passes) return;
    this.hooks.log.warn(
      { backend: this.settings.name, ...(held > 0 ? { warningsDropped: held } : {}) },
      text,
    );
  }
}

function faulty(found: Fault): Answer {
  return { kind: 'fault', fault: found };
}

function isRefusal(answer: Answer): answer is Extract<Answer, { kind: 'fault' }> {
  return answer.kind === 'fault' && answer.fault.mechanism === 'session-refused';
}

import type { Caller, OnQuestion, Question } from './caller.js';
import type { Channel, ChannelEvents } from './channel.js';
import type { Agreement, Introduction } from './handshake.js';
import { agreementOf, asHandshakeFault, initializeParams } from './handshake.js';
import { unlessAborted } from './limit.js';
import type { Incoming, OutgoingAnswer } from './message.js';
import { isDeeperThan, isRecord, readMessage, withProgressToken } from './message.js';
import type { Answer, Fault } from './outcome.js';
import { FaultError, fault, faultOf } from './outcome.js';
import type { RequestTerms } from './requests.js';
import { Requests } from './requests.js';
import type { SessionLimits } from './session-limits.js';

const METHOD_NOT_FOUND = -32601;

export interface BackendRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface LiveSessionEvents {
  /** It ended by itself, after its handshake. At most once. */
  onLost(found: Fault): void;
  onSuspect(): void;
  mayConnect(): boolean;
  /** Every notification but progress and cancellations. `caller`: whose request it was said with. */
  onNotification(method: string, params: Readonly<Record<string, unknown>>, caller: Caller | undefined): void;
  /** Everything that the backend asks but `ping`; undefined where we cannot be asked. Never rejects. */
  readonly onQuestion?: OnQuestion | undefined;
  onWarning(text: string): void;
}

export interface HandshakeTerms {
  /** Who the backend is told that it speaks to. */
  readonly client: Introduction;
  readonly limits: SessionLimits;
}

/** One channel to a backend with its handshake done: requests, their answers and what the backend says unasked. */
export class LiveSession {
  readonly #channel: Channel;
  readonly #requests: Requests;
  #agreement: Agreement | undefined;
  #serverRequests = 0;
  /** By the backend's id: what ends a question to the client. */
  readonly #questions = new Map<string | number, AbortController>();
  #heard = 0;
  #handedOut = false;
  /** Called when the last request has ended, once it is retired. */
  #onIdle: (() => void) | undefined;
  #over = false;

  private constructor(
    makeChannel: (events: ChannelEvents) => Channel,
    readonly limits: SessionLimits,
    readonly events: LiveSessionEvents,
  ) {
    this.#requests = new Requests((id, found) => this.#abandon(id, found));
    this.#channel = makeChannel({
      onMessage: (value, exchange) => this.#receive(value, exchange),
      onFault: (id, found) => this.#settle(id, { kind: 'fault', fault: found }),
      onLost: (found) => this.#lose(found),
      onSuspect: () => events.onSuspect(),
      mayConnect: () => events.mayConnect(),
      onWarning: (text) => events.onWarning(text),
    });
  }

  /**
   * Opens the channel and initialises. What was begun is ended again when it fails, before the promise rejects.
   *
   * @param signal gives up, with a FaultError as its reason
   * @throws FaultError
   */
  static async open(
    makeChannel: (events: ChannelEvents) => Channel,
    terms: HandshakeTerms,
    events: LiveSessionEvents,
    signal: AbortSignal,
  ): Promise<LiveSession> {
    const session = new LiveSession(makeChannel, terms.limits, events);
    try {
      await unlessAborted(session.#channel.open(), signal);
      await session.#initialize(terms.client, signal);
      session.#handedOut = true;
      return session;
    } catch (error) {
      await session.close(0);
      // Whatever it refused, be it the connection, the handshake or its last word: it cannot be used.
      throw new FaultError(asHandshakeFault(faultOf(error), signal));
    }
  }

  get agreement(): Agreement {
    if (this.#agreement === undefined) throw new Error('a session is handed out after its handshake only');
    return this.#agreement;
  }

  get pid(): number | undefined {
    return this.#channel.pid;
  }

  /** How many times it has said anything at all. */
  get heard(): number {
    return this.#heard;
  }

  /** What requests hold, answered or not. 0 when the session is at rest. */
  get held(): number {
    return this.#requests.size + this.#channel.exchanges + this.#serverRequests;
  }

  /** Sends one request, once. Never rejects. */
  request(request: BackendRequest, terms: RequestTerms): Promise<Answer> {
    if (this.#over)
      return Promise.resolve({ kind: 'fault', fault: fault('closed', 'its session is closed') });
    const { id, answer } = this.#requests.open(terms);
    if (!terms.signal.aborted) {
      const params = withProgressToken(request.params, terms.onProgress === undefined ? undefined : id);
      this.#channel.request({ jsonrpc: '2.0', id, method: request.method, params });
    }
    return answer;
  }

  /** Sends a notification, where the backend may be turned to; whether it arrives is not known. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#over || !this.events.mayConnect()) return;
    this.#channel.post({ jsonrpc: '2.0', method, params }).catch(() => undefined);
  }

  /** Lets the requests that are out end, and then ends it; resolves when that is done. */
  async retire(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#noteIdle();
    });
    await this.close(0);
  }

  /** Ends it; requests that are out fail as closed, which says nothing about the backend. */
  async close(graceMs: number): Promise<void> {
    this.#over = true;
    this.#endQuestions();
    this.#requests.failAll(fault('closed', 'its session was closed'));
    this.#noteIdle();
    await this.#channel.close(graceMs);
  }

  async #initialize(client: Introduction, signal: AbortSignal): Promise<void> {
    const answer = await this.request(
      {
        method: 'initialize',
        params: initializeParams(client),
      },
      { signal, timeoutMs: Infinity, maxTotalMs: Infinity },
    );
    if (answer.kind === 'fault') throw new FaultError(answer.fault);
    if (answer.kind === 'error') {
      throw new FaultError(fault('handshake-refused', `it refused to initialize (error ${answer.code})`));
    }
    this.#agreement = agreementOf(answer.result);
    this.#channel.initialized(this.#agreement.revision);
    // Some servers turn requests away until they have seen this.
    const posted = this.#channel.post({ jsonrpc: '2.0', method: 'notifications/initialized', params: {} });
    await unlessAborted(posted, signal);
    if (this.#over) throw new FaultError(fault('stream-lost', 'it went away during the handshake'));
  }

  #receive(value: unknown, exchange: number | undefined): void {
    if (this.#over) return;
    this.#heard += 1;
    // Revision 2025-03-26 allowed batches.
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > this.limits.maxBatch) {
      this.#refuse(exchange, 'is a batch of more messages than the limit');
      return;
    }
    for (const each of values) {
      const message = readMessage(each);
      if (!isDeeperThan(each, this.limits.maxDepth)) this.#take(message, exchange);
      else {
        const isAnswer = message.kind !== 'request' && message.kind !== 'notification';
        const id = isAnswer ? (exchange ?? message.id) : undefined;
        this.#refuse(id, 'is nested more deeply than the limit');
      }
    }
  }

  /** Something over a limit, of which nothing is taken. */
  #refuse(id: number | undefined, what: string): void {
    if (id === undefined) this.events.onWarning(`it sent a message that ${what}`);
    else this.#settle(id, { kind: 'fault', fault: fault('too-large', `its answer ${what}`) });
  }

  #take(message: Incoming, exchange: number | undefined): void {
    switch (message.kind) {
      case 'notification':
        this.#takeNotification(message.method, message.params, exchange);
        return;
      case 'request':
        void this.#takeQuestion(message.id, message, exchange);
        return;
      case 'result':
      case 'error':
      case 'malformed':
        this.#takeAnswer(message, exchange);
    }
  }

  #takeAnswer(
    message: Exclude<Incoming, { kind: 'request' | 'notification' }>,
    exchange: number | undefined,
  ): void {
    // `id: null` can only mean the request whose stream this is, or the only one that is out.
    const nameless = message.id === undefined && message.kind === 'error';
    const id = nameless ? (exchange ?? this.#requests.only) : message.id;
    if (exchange !== undefined && id !== exchange) {
      // One request per POST: whatever else comes on its stream, the answer cannot be trusted to follow.
      this.#settle(exchange, malformed('its answer names another request'));
    } else if (id === undefined) {
      this.events.onWarning('it sent something that is no message of the protocol');
    } else if (message.kind === 'malformed') {
      this.#settle(id, malformed('its answer is not a JSON-RPC answer'));
    } else {
      this.#settle(id, answerOf(message));
    }
  }

  #takeNotification(
    method: string,
    params: Readonly<Record<string, unknown>>,
    exchange: number | undefined,
  ): void {
    if (method === 'notifications/cancelled') {
      this.#questions.get(params['requestId'] as string | number)?.abort();
      return;
    }
    if (method !== 'notifications/progress') {
      const caller = exchange === undefined ? undefined : this.#requests.callerOf(exchange);
      this.events.onNotification(method, params, caller);
      return;
    }
    const { progressToken, ...progress } = params;
    // Progress on a request that is over is late, not wrong.
    if (typeof progressToken === 'number') this.#requests.progress(progressToken, progress);
  }

  /** A ping is answered; what else a backend asks is for the client whose request it is working on. */
  async #takeQuestion(id: string | number, question: Question, exchange: number | undefined): Promise<void> {
    if (this.#serverRequests >= this.limits.maxServerRequests) {
      this.events.onWarning('it sends requests faster than it takes their answers');
      return;
    }
    this.#serverRequests += 1;
    try {
      const content = question.method === 'ping' ? { result: {} } : await this.#ask(id, question, exchange);
      if (content !== undefined) await this.#channel.post({ jsonrpc: '2.0', id, ...content });
    } catch {
      // It does not take the answer: how it is shows elsewhere.
    } finally {
      this.#serverRequests -= 1;
    }
  }

  /** The content of the answer; undefined where none is wanted any more. */
  async #ask(
    id: string | number,
    { method, params }: Question,
    exchange: number | undefined,
  ): Promise<Pick<OutgoingAnswer, 'result' | 'error'> | undefined> {
    const { onQuestion } = this.events;
    if (onQuestion === undefined || this.#questions.has(id)) {
      return { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } };
    }
    const abort = new AbortController();
    this.#questions.set(id, abort);
    const letGoOn = this.#requests.hold(exchange);
    const limit = setTimeout(() => abort.abort(), this.limits.maxAskMs).unref();
    const token = isRecord(params['_meta']) ? params['_meta']['progressToken'] : undefined;
    const onProgress = (progress: Readonly<Record<string, unknown>>): void =>
      this.notify('notifications/progress', { ...progress, progressToken: token });
    const options = { signal: abort.signal, ...(token !== undefined && { onProgress }) };
    const reply = await onQuestion({ method, params }, this.#requests.callerOf(exchange), options);
    clearTimeout(limit);
    letGoOn();
    this.#questions.delete(id);
    if (abort.signal.aborted) return undefined;
    if (reply.kind === 'result') return { result: reply.result };
    const { code, message, data } = reply;
    return { error: { code, message, ...(data !== undefined && { data }) } };
  }

  #endQuestions(): void {
    for (const question of this.#questions.values()) question.abort();
  }

  #settle(id: number, answer: Answer): void {
    if (this.#requests.settle(id, answer)) {
      this.#channel.release(id, true);
      this.#noteIdle();
    } else if (answer.kind !== 'fault') this.events.onWarning('it answered a request that is not out');
  }

  #noteIdle(): void {
    if (this.#requests.size === 0) this.#onIdle?.();
  }

  /** A request ended on our side: the backend is told, except of a handshake, which cannot be cancelled. */
  #abandon(id: number, found: Fault): void {
    if (this.#agreement !== undefined) {
      const cancel = (): void =>
        this.notify('notifications/cancelled', { requestId: id, reason: found.reason });
      // Not before its failure has been judged: it may be the one that opens the circuit.
      setImmediate(cancel);
    }
    this.#channel.release(id, false);
    this.#noteIdle();
  }

  #lose(found: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#endQuestions();
    this.#requests.failAll(found);
    if (this.#handedOut) this.events.onLost(found);
  }
}

function malformed(reason: string): Answer {
  return { kind: 'fault', fault: fault('malformed', reason) };
}

function answerOf(message: Extract<Incoming, { kind: 'result' | 'error' }>): Answer {
  if (message.kind === 'result') return { kind: 'result', result: message.result };
  const { code, message: text } = message;
  return message.data === undefined
    ? { kind: 'error', code, message: text }
    : { kind: 'error', code, message: text, data: message.data };
}

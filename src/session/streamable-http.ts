import type { IncomingMessage } from 'node:http';
import type { Channel, ChannelEvents } from './channel.js';
import { EventStream } from './event-stream.js';
import type { Exchange, HttpMethod } from './http-exchange.js';
import {
  discard,
  HttpClient,
  mediaType,
  parseJson,
  readBody,
  requireAccepted,
  requireSuccess,
} from './http-exchange.js';
import type { OutgoingAnswer, OutgoingNotification, OutgoingRequest } from './message.js';
import type { Fault } from './outcome.js';
import { FaultError, fault, faultOf } from './outcome.js';
import type { SessionLimits } from './session-limits.js';
import { readPaced } from './paced-reading.js';
import { StandaloneStream } from './standalone-stream.js';

/** How long a stream may stay open after the answer it was opened for. */
const LINGER_MS = 1_000;
/** Attempts to resume one answer's stream without a new event in between. */
const MAX_RESUMES = 3;
const MAX_RESUME_DELAY_MS = 10_000;
/** Longest session id that is taken over, and what it may consist of. Source: MCP transports, "session management". */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

interface Held {
  exchange: Exchange | undefined;
  linger: NodeJS.Timeout | undefined;
  released: boolean;
}

/**
 * Streamable HTTP: one POST per message, its answer as JSON or as a stream of its own, and one standalone stream for
 * what the server says unasked. A request's stream that ends without its answer is resumed if it can be, and otherwise
 * fails the request at once.
 *
 * Source: MCP 2025-11-25, "Transports", Streamable HTTP.
 */
export class StreamableHttpChannel implements Channel {
  readonly pid = undefined;
  readonly #http: HttpClient;
  readonly #held = new Map<number, Held>();
  #sessionId: string | undefined;
  #revision: string | undefined;
  readonly #standalone: StandaloneStream;
  #closed = false;

  constructor(
    url: URL,
    headers: Readonly<Record<string, string>>,
    readonly limits: SessionLimits,
    readonly events: ChannelEvents,
  ) {
    this.#http = new HttpClient(url, headers, limits);
    this.#standalone = new StandaloneStream(
      () => this.#openStream(),
      (response) => this.#readEvents(response, undefined),
      events,
    );
  }

  get exchanges(): number {
    return this.#held.size;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  request(message: OutgoingRequest): void {
    const held: Held = { exchange: undefined, linger: undefined, released: false };
    this.#held.set(message.id, held);
    this.#exchange(message, held)
      .catch((error: unknown) => this.#fail(message.id, faultOf(error)))
      .finally(() => {
        clearTimeout(held.linger);
        this.#held.delete(message.id);
      });
  }

  post(message: OutgoingNotification | OutgoingAnswer): Promise<void> {
    const exchange = this.#start('POST', JSON.stringify(message));
    return requireAccepted(exchange, this.#sessionId !== undefined, this.limits);
  }

  release(id: number, answered: boolean): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.released = true;
    if (!answered) {
      held.exchange?.destroy();
      return;
    }
    // The server closes the stream after its answer; one that does not may not keep the socket.
    held.linger ??= setTimeout(() => held.exchange?.destroy(), LINGER_MS).unref();
    if (this.#revision !== undefined && this.events.mayConnect()) this.#standalone.keepUp();
  }

  initialized(revision: string): void {
    this.#revision = revision;
    this.#standalone.keepUp();
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#standalone.close();
    for (const held of this.#held.values()) held.exchange?.destroy();
    if (graceMs > 0 && this.#sessionId !== undefined) await this.#endSession(Math.min(graceMs, 1_000));
    this.#http.close();
  }

  async #exchange(message: OutgoingRequest, held: Held): Promise<void> {
    held.exchange = this.#start('POST', JSON.stringify(message));
    const response = await held.exchange.response;
    await requireSuccess(response, this.#sessionId !== undefined, this.limits);
    if (message.method === 'initialize') this.#takeSessionId(response);
    const type = mediaType(response);
    if (type === 'text/event-stream') {
      await this.#readAnswer(message.id, response, held);
    } else if (response.statusCode === 200 && type === 'application/json') {
      const body = await readBody(response, this.limits.maxMessageBytes);
      this.events.onMessage(parseJson(body), message.id);
      if (!held.released) throw new FaultError(fault('malformed', 'its answer does not answer the request'));
    } else {
      discard(response);
      const reason =
        response.statusCode === 200
          ? 'it answered with a content type that MCP does not use'
          : `it answered a request with HTTP ${response.statusCode ?? 0} and no result`;
      throw new FaultError(fault('malformed', reason));
    }
  }

  /** Reads a request's own stream, resuming it while that makes sense, until the request is answered. */
  async #readAnswer(id: number, first: IncomingMessage, held: Held): Promise<void> {
    let response = first;
    let resumes = 0;
    let resumeFrom: string | undefined;
    for (;;) {
      const stream = await this.#readEvents(response, id);
      if (held.released) return;
      if (stream.lastEventId !== undefined && stream.lastEventId !== resumeFrom) {
        resumes = 0;
        resumeFrom = stream.lastEventId;
      }
      const lost = new FaultError(fault('stream-lost', 'the stream of the answer ended without it'));
      if (resumeFrom === undefined || resumes >= MAX_RESUMES) throw lost;
      await pause(Math.min(stream.retryMs ?? resumes * 100, MAX_RESUME_DELAY_MS));
      resumes += 1;
      // The caller may have left during the pause, when there was no exchange to end.
      if (this.#isOver(held)) return;
      held.exchange = this.#openStream(resumeFrom);
      const resumed = await held.exchange.response.catch(() => undefined);
      if (resumed?.statusCode !== 200 || mediaType(resumed) !== 'text/event-stream') {
        if (resumed !== undefined) discard(resumed);
        throw lost;
      }
      response = resumed;
    }
  }

  #isOver(held: Held): boolean {
    return held.released || this.#closed;
  }

  /** Reads one event stream to its end, be it clean or not. @throws FaultError when what comes is no MCP. */
  #readEvents(response: IncomingMessage, exchange: number | undefined): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const refuse = (found: Fault): void => {
        reject(new FaultError(found));
        response.destroy();
      };
      const stream = new EventStream(
        this.limits.maxMessageBytes,
        ({ event, data }) => {
          if (event !== 'message') return;
          try {
            this.events.onMessage(parseJson(data), exchange);
          } catch (error) {
            refuse(faultOf(error));
          }
        },
        () => refuse(fault('too-large', 'its answer is larger than the limit')),
      );
      readPaced(
        response,
        (piece) => stream.push(piece),
        () => resolve(stream),
      );
      // What broke off is over, like what ended.
      response.on('error', () => undefined);
    });
  }

  #openStream(lastEventId?: string): Exchange {
    return this.#start('GET', undefined, lastEventId === undefined ? {} : { 'last-event-id': lastEventId });
  }

  #start(method: HttpMethod, body?: string, more: Record<string, string> = {}): Exchange {
    return this.#http.start(
      method,
      {
        accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#sessionId === undefined ? {} : { 'mcp-session-id': this.#sessionId }),
        ...(this.#revision === undefined ? {} : { 'mcp-protocol-version': this.#revision }),
        ...more,
      },
      body,
    );
  }

  #takeSessionId(response: IncomingMessage): void {
    const given = response.headers['mcp-session-id'];
    if (given === undefined) return;
    if (typeof given !== 'string' || !SESSION_ID.test(given)) {
      throw new FaultError(fault('malformed', 'it sent a session id that is not one'));
    }
    this.#sessionId = given;
  }

  async #endSession(limitMs: number): Promise<void> {
    const exchange = this.#start('DELETE');
    const limit = setTimeout(() => exchange.destroy(), limitMs);
    const response = await exchange.response.catch(() => undefined);
    clearTimeout(limit);
    response?.destroy();
  }

  #fail(id: number, found: Fault): void {
    if (!this.#closed) this.events.onFault(id, found);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

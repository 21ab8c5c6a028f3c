import type { ServerResponse } from 'node:http';
import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCNotification, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { EventStream } from './event-stream.js';
import { GATEWAY_LIMITS } from './limits.js';
import { NOTICES } from './listing.js';
import { PostExchange } from './post-exchange.js';
import { onceOver } from './response-over.js';

/**
 * One client session over Streamable HTTP, as a transport of the SDK.
 *
 * The SDK's own always answers with events or never, keeps the stream of a cancelled request open for ever, and keeps
 * entries of requests whose client went away; a gateway that runs for weeks can afford none of the three.
 *
 * Source: MCP specification 2025-11-25, Transports, Streamable HTTP.
 */
export class HttpChannel implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #exchanges = new Map<RequestId, PostExchange>();
  /** By their ids: those that a client can go on with. */
  readonly #streams = new Map<string, PostExchange>();
  #streamIds = 0;
  /** What the client must learn when it listens again: its lists are out of date. */
  readonly #unsent = new Map<string, JSONRPCMessage>();
  readonly #cancelledEarly = new Map<RequestId, JSONRPCNotification>();
  #standalone: { readonly stream: EventStream; readonly response: ServerResponse } | undefined;
  #closed = false;

  constructor(readonly sessionId: string) {}

  /** Whether a request or a stream is open. */
  get busy(): boolean {
    return this.#exchanges.size > 0 || this.#standalone !== undefined;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Whether a request with this id is being answered: ids name requests, so it may not be used again yet. */
  answers(id: RequestId): boolean {
    return this.#exchanges.has(id);
  }

  /** Takes the messages of one POST; the response is this channel's to end. */
  receive(
    messages: readonly JSONRPCMessage[],
    { batch, isResumable }: { readonly batch: boolean; readonly isResumable: boolean },
    response: ServerResponse,
  ): void {
    const ids = messages.flatMap((message) => ('method' in message && 'id' in message ? [message.id] : []));
    if (ids.length === 0) response.writeHead(202).end();
    else {
      const streamId = isResumable ? String((this.#streamIds += 1)) : undefined;
      const terms = { ids, batch, headers: this.#headers(), streamId };
      const exchange = new PostExchange(response, terms, {
        onEnd: (unanswered) => {
          for (const id of ids) if (this.#exchanges.get(id) === exchange) this.#exchanges.delete(id);
          for (const id of unanswered) this.#giveUp(id);
        },
        onGone: () => {
          if (streamId !== undefined) this.#streams.delete(streamId);
        },
      });
      if (streamId !== undefined) this.#streams.set(streamId, exchange);
      for (const id of ids) this.#exchanges.set(id, exchange);
    }
    for (const message of messages) this.#dispatch(message);
  }

  /**
   * Goes on with the stream of an answer whose connection broke off.
   * @param lastEventId the last that the client has, as it says
   * @returns false where there is no such stream, or not all of the rest
   */
  resume(lastEventId: string, response: ServerResponse): boolean {
    const { stream = '', after = '' } = /^(?<stream>\d+)-(?<after>\d{1,15})$/.exec(lastEventId)?.groups ?? {};
    return this.#streams.get(stream)?.resume(Number(after), response) ?? false;
  }

  /** Opens the stream for what belongs to no request. There is one: an older one ends, its client may be gone. */
  listen(response: ServerResponse): void {
    this.#standalone?.stream.end();
    const standalone = { stream: new EventStream(response, this.#headers()), response };
    this.#standalone = standalone;
    onceOver(response, () => {
      if (this.#standalone === standalone) this.#standalone = undefined;
    });
    for (const notice of this.#unsent.values()) standalone.stream.send(notice);
    this.#unsent.clear();
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (!('method' in message)) {
      if (message.id !== undefined) this.#exchanges.get(message.id)?.answer(message.id, message);
      return Promise.resolve();
    }
    const { relatedRequestId: id } = options ?? {};
    const exchange = id === undefined ? undefined : this.#exchanges.get(id);
    if (exchange) exchange.tell(message);
    else if (this.#standalone && (id === undefined || OUTLIVES_ITS_CALL.has(message.method)))
      this.#standalone.stream.send(message);
    else if ('id' in message) return Promise.reject(new Error('the client does not listen'));
    else if (Object.hasOwn(NOTICES, message.method)) this.#unsent.set(message.method, message);
    return Promise.resolve();
  }

  #dispatch(message: JSONRPCMessage): void {
    this.onmessage?.(message);
    if (!('method' in message)) return;
    if (message.method === 'notifications/cancelled') this.#cancel(message);
    else if ('id' in message && this.#cancelledEarly.has(message.id)) {
      const cancellation = this.#cancelledEarly.get(message.id);
      this.#cancelledEarly.delete(message.id);
      if (cancellation) this.#dispatch(cancellation);
    }
  }

  /** There will be no answer. A cancellation may overtake its request, which comes on a connection of its own. */
  #cancel(message: JSONRPCNotification): void {
    const id = message.params?.['requestId'];
    if (typeof id !== 'string' && typeof id !== 'number') return;
    const exchange = this.#exchanges.get(id);
    if (exchange) exchange.abandon(id);
    else {
      this.#cancelledEarly.set(id, message);
      const [oldest] = this.#cancelledEarly.keys();
      if (this.#cancelledEarly.size > GATEWAY_LIMITS.maxEarlyCancellations && oldest !== undefined)
        this.#cancelledEarly.delete(oldest);
    }
  }

  /** There is no way back to who went away, and the next request of this id must not get this one's answer. */
  #giveUp(requestId: RequestId): void {
    const params = { requestId, reason: 'the client is gone' };
    this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const exchange of new Set([...this.#exchanges.values(), ...this.#streams.values()]))
        exchange.close();
      this.#standalone?.stream.end();
      this.onclose?.();
    }
    return Promise.resolve();
  }

  #headers(): Readonly<Record<string, string>> {
    return { 'Mcp-Session-Id': this.sessionId };
  }
}

/** That a question needs no answer any more: the call it belonged to may be over by then. */
const OUTLIVES_ITS_CALL: ReadonlySet<string> = new Set(['notifications/cancelled']);

import type { IncomingMessage } from 'node:http';
import type { Channel, ChannelEvents } from './channel.js';
import { EventStream } from './event-stream.js';
import type { Exchange } from './http-exchange.js';
import {
  discard,
  HttpClient,
  mediaType,
  parseJson,
  requireAccepted,
  requireSuccess,
} from './http-exchange.js';
import type { OutgoingAnswer, OutgoingNotification, OutgoingRequest } from './message.js';
import { FaultError, fault, faultOf } from './outcome.js';
import type { Fault } from './outcome.js';
import { readPaced } from './paced-reading.js';
import type { SessionLimits } from './session-limits.js';

/** How long a request may stay unaccepted after its answer. */
const LINGER_MS = 1_000;

interface Held {
  readonly exchange: Exchange;
  linger: NodeJS.Timeout | undefined;
}

/**
 * The transport before Streamable HTTP: one stream carries every answer, messages are posted to the address that its
 * first event names. Without the stream there is no session.
 *
 * Source: MCP 2024-11-05, "Transports", HTTP with SSE.
 */
export class LegacySseChannel implements Channel {
  readonly pid = undefined;
  readonly #http: HttpClient;
  readonly #held = new Map<number, Held>();
  #stream: Exchange | undefined;
  #endpoint: URL | undefined;
  #revision: string | undefined;
  #closed = false;

  constructor(
    readonly url: URL,
    headers: Readonly<Record<string, string>>,
    readonly limits: SessionLimits,
    readonly events: ChannelEvents,
  ) {
    this.#http = new HttpClient(url, headers, limits);
  }

  get exchanges(): number {
    return this.#held.size;
  }

  async open(): Promise<void> {
    this.#stream = this.#http.start('GET', { accept: 'text/event-stream' });
    const response = await this.#stream.response;
    await requireSuccess(response, false, this.limits);
    if (mediaType(response) !== 'text/event-stream') {
      discard(response);
      throw new FaultError(fault('malformed', 'it answered with a content type that MCP does not use'));
    }
    await this.#endpointFrom(response);
  }

  request(message: OutgoingRequest): void {
    const exchange = this.#start(message);
    const held: Held = { exchange, linger: undefined };
    this.#held.set(message.id, held);
    // Some servers accept a request only when they have answered it: this takes as long as the request may.
    exchange.response
      .then(async (response) => {
        await requireSuccess(response, true, this.limits);
        discard(response);
      })
      .catch((error: unknown) => {
        if (!this.#closed) this.events.onFault(message.id, faultOf(error));
      })
      .finally(() => {
        clearTimeout(held.linger);
        this.#held.delete(message.id);
      });
  }

  post(message: OutgoingNotification | OutgoingAnswer): Promise<void> {
    return requireAccepted(this.#start(message), true, this.limits);
  }

  release(id: number, answered: boolean): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    if (!answered) held.exchange.destroy();
    // An answered request that is never accepted may not keep the socket.
    else held.linger ??= setTimeout(() => held.exchange.destroy(), LINGER_MS).unref();
  }

  initialized(revision: string): void {
    this.#revision = revision;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#stream?.destroy();
    for (const { exchange } of this.#held.values()) exchange.destroy();
    this.#http.close();
    return Promise.resolve();
  }

  #start(message: OutgoingRequest | OutgoingNotification | OutgoingAnswer): Exchange {
    return this.#http.start(
      'POST',
      {
        'content-type': 'application/json',
        ...(this.#revision === undefined ? {} : { 'mcp-protocol-version': this.#revision }),
      },
      JSON.stringify(message),
      this.#endpoint,
    );
  }

  /** Reads the stream from now on; resolves when it has named the address to post to. */
  #endpointFrom(response: IncomingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (found: Fault): void => {
        reject(new FaultError(found));
        response.destroy();
        if (this.#closed) return;
        this.#closed = true;
        this.events.onLost(found);
      };
      const stream = new EventStream(
        this.limits.maxMessageBytes,
        ({ event, data }) => {
          if (event === 'message') this.#receive(data);
          else if (event === 'endpoint' && this.#endpoint === undefined) {
            const endpoint = URL.canParse(data, this.url.href) ? new URL(data, this.url) : undefined;
            // Credentials would go wherever the server points.
            if (endpoint?.origin !== this.url.origin) {
              end(fault('malformed', 'it named no address of its own to post to'));
              return;
            }
            this.#endpoint = endpoint;
            resolve();
          }
        },
        () => end(fault('too-large', 'a message is larger than the limit')),
      );
      readPaced(
        response,
        (piece) => stream.push(piece),
        () => end(fault('stream-lost', 'its stream ended')),
      );
      // What broke off is over, like what ended.
      response.on('error', () => undefined);
    });
  }

  #receive(data: string): void {
    try {
      this.events.onMessage(parseJson(data));
    } catch (error) {
      this.events.onWarning(faultOf(error).reason);
    }
  }
}

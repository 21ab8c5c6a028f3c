import { performance } from 'node:perf_hooks';
import type { IncomingMessage } from 'node:http';
import type { ChannelEvents } from './channel.js';
import type { Exchange } from './http-exchange.js';
import { discard, mediaType } from './http-exchange.js';
import { faultOf } from './outcome.js';

/** Bounds of the time from the end of one stream to the next; a server's `retry` may not shorten it. */
const MIN_REOPEN_MS = 1_000;
const MAX_REOPEN_MS = 30_000;
/** A stream that lived this long was a good one: the next wait is short again. */
const GOOD_STREAM_MS = 5_000;

/**
 * The stream of what a server says unasked, held open for as long as it is offered.
 *
 * One that ended is opened again on the heels of an answer, never by a timer of its own: a server that does not answer
 * is left alone, and whether it may be asked at all is for its circuit to say (R02).
 */
export class StandaloneStream {
  #exchange: Exchange | undefined;
  #notBefore = -Infinity;
  #waitMs = MIN_REOPEN_MS;
  #over = false;

  /**
   * @param open starts the exchange
   * @param read reads a stream to its end, be it clean or not; rejects when what comes is no MCP
   */
  constructor(
    private readonly open: () => Exchange,
    private readonly read: (response: IncomingMessage) => Promise<unknown>,
    private readonly events: ChannelEvents,
  ) {}

  /** Opens it if it is down, offered, and was not down just now. */
  keepUp(): void {
    if (this.#over || this.#exchange !== undefined || performance.now() < this.#notBefore) return;
    this.#exchange = this.open();
    void this.#follow(this.#exchange);
  }

  close(): void {
    this.#over = true;
    this.#exchange?.destroy();
  }

  async #follow(exchange: Exchange): Promise<void> {
    const openedAt = performance.now();
    const response = await exchange.response.catch(() => undefined);
    const isOpen = response !== undefined && isStream(response);
    const broken = isOpen ? await this.read(response).then(() => undefined, faultOf) : undefined;
    this.#exchange = undefined;
    if (response !== undefined && !isOpen) {
      discard(response);
      // Not offered (405), or not for us any more: requests will tell. A server in trouble may offer it later.
      if ((response.statusCode ?? 0) < 500) this.#over = true;
    }
    if (this.#over) return;
    const now = performance.now();
    this.#waitMs =
      now - openedAt > GOOD_STREAM_MS ? MIN_REOPEN_MS : Math.min(this.#waitMs * 2, MAX_REOPEN_MS);
    this.#notBefore = now + this.#waitMs;
    if (broken) this.events.onWarning(`the stream of notifications broke: ${broken.reason}`);
    if (isOpen) this.events.onSuspect();
  }
}

function isStream(response: IncomingMessage): boolean {
  try {
    return response.statusCode === 200 && mediaType(response) === 'text/event-stream';
  } catch {
    return false;
  }
}

import type { ServerResponse } from 'node:http';
import { GATEWAY_LIMITS } from './limits.js';
import { onceOver } from './response-over.js';

/** One answer as server-sent events, kept alive while there is nothing to say. */
export class EventStream {
  /** Bytes of each piece that the connection has not taken yet, in order. */
  readonly #waiting: number[] = [];
  #waitingBytes = 0;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    headers: Readonly<Record<string, string>>,
  ) {
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    this.#keepAlive = setInterval(() => this.write(': keep-alive\n\n'), GATEWAY_LIMITS.keepAliveMs);
    this.#keepAlive.unref();
    onceOver(response, () => clearInterval(this.#keepAlive));
  }

  /** One or several messages, which count as one piece. */
  send(...messages: readonly object[]): void {
    this.write(messages.map((message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`).join(''));
  }

  end(): void {
    clearInterval(this.#keepAlive);
    this.response.end();
  }

  /**
   * A client that does not read loses its stream, not the gateway its memory. The piece that is being sent does not
   * count, however large: it takes its time with a client that reads well, and what is said meanwhile waits behind it.
   * @param text whole events
   */
  write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.#waitingBytes - (this.#waiting[0] ?? 0) > GATEWAY_LIMITS.maxBufferedBytes) {
      this.response.destroy();
      return;
    }
    const bytes = Buffer.byteLength(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes;
    this.response.write(text, () => {
      this.#waitingBytes -= this.#waiting.shift() ?? 0;
    });
  }
}

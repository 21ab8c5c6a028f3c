import type { ServerResponse } from 'node:http';
import { GATEWAY_LIMITS } from './limits.js';

/** One answer as server-sent events, kept alive while there is nothing to say. */
export class EventStream {
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
    this.#keepAlive = setInterval(() => this.#write(': keep-alive\n\n'), GATEWAY_LIMITS.keepAliveMs);
    this.#keepAlive.unref();
    response.once('close', () => clearInterval(this.#keepAlive));
  }

  send(message: object): void {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  end(): void {
    clearInterval(this.#keepAlive);
    this.response.end();
  }

  /** A client that does not read loses its stream, not the gateway its memory. */
  #write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.writableLength > GATEWAY_LIMITS.maxBufferedBytes) this.response.destroy();
    else this.response.write(text);
  }
}

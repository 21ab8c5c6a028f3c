import type { ServerResponse } from 'node:http';
import { EventStream } from './event-stream.js';
import { GATEWAY_LIMITS } from './limits.js';

/**
 * The events of one answer, each with an id: a client whose connection broke off asks for those after the last it has,
 * on another connection. What was sent is held for that, as much as one connection may leave unread.
 *
 * Source: MCP specification 2025-11-25, Transports, Resumability and Redelivery.
 */
export class ReplayedStream {
  readonly #held: string[] = [];
  /** Number of the first event that is held. */
  #first = 1;
  #heldBytes = 0;
  #connection: EventStream;
  #isOver = false;

  constructor(
    private readonly id: string,
    response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    this.#connection = this.#connect(response);
  }

  send(...messages: readonly object[]): void {
    for (const message of messages) {
      const number = this.#first + this.#held.length;
      const text = `id: ${this.id}-${number}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`;
      this.#held.push(text);
      this.#heldBytes += text.length;
      this.#connection.write(text);
    }
    // The last is always held: most often it is the answer.
    while (this.#heldBytes > GATEWAY_LIMITS.maxBufferedBytes && this.#held.length > 1) {
      this.#heldBytes -= this.#held.shift()?.length ?? 0;
      this.#first += 1;
    }
  }

  /**
   * Goes on over another connection, after the event of that number; 0 is the beginning.
   * @returns false where that cannot be: something after it is not held any more
   */
  resume(after: number, response: ServerResponse): boolean {
    if (after + 1 < this.#first || after >= this.#first + this.#held.length) return false;
    this.#connection.end();
    this.#connection = this.#connect(response, after);
    for (const text of this.#held.slice(after + 1 - this.#first)) this.#connection.write(text);
    if (this.#isOver) this.#connection.end();
    return true;
  }

  end(): void {
    this.#isOver = true;
    this.#connection.end();
  }

  /** An event without data tells the client where it is, before there is anything to say. */
  #connect(response: ServerResponse, after = 0): EventStream {
    const connection = new EventStream(response, this.headers);
    connection.write(`id: ${this.id}-${after}\ndata: \n\n`);
    return connection;
  }
}

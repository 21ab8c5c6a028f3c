import type { ServerResponse } from 'node:http';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { EventStream } from './event-stream.js';
import { GATEWAY_LIMITS } from './limits.js';
import { onceOver } from './response-over.js';

/**
 * The answer to one POST. Plain JSON where only results are to be told; events as soon as something comes before
 * them, or when they take long.
 */
export class PostExchange {
  readonly #waiting: Set<RequestId>;
  readonly #answers: JSONRPCMessage[] = [];
  readonly #patience: NodeJS.Timeout;
  #stream: EventStream | undefined;
  #ended = false;

  /**
   * @param ids of the requests that wait for an answer, at least one
   * @param batch whether the client sent an array, and gets one
   * @param onEnd called once, when all is answered or nobody is there to be answered; then with what was not
   */
  constructor(
    private readonly response: ServerResponse,
    ids: readonly RequestId[],
    private readonly batch: boolean,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly onEnd: (unanswered: readonly RequestId[]) => void,
  ) {
    this.#waiting = new Set(ids);
    this.#patience = setTimeout(() => this.#streamed(), GATEWAY_LIMITS.streamAfterMs);
    this.#patience.unref();
    onceOver(response, () => this.#end());
  }

  /** What a request brings about before its answer: progress, logs, requests to the client. */
  tell(message: JSONRPCMessage): void {
    if (!this.#ended) this.#streamed().send(message);
  }

  answer(id: RequestId, message: JSONRPCMessage): void {
    if (this.#ended || !this.#waiting.delete(id)) return;
    if (this.#stream) this.#stream.send(message);
    else this.#answers.push(message);
    this.#endIfDone();
  }

  /** The request was cancelled: there will be no answer to it. */
  abandon(id: RequestId): void {
    if (!this.#ended && this.#waiting.delete(id)) this.#endIfDone();
  }

  /** Ends it with what there is. */
  close(): void {
    this.#waiting.clear();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#ended || this.#waiting.size > 0) return;
    // Without any answer there is no body that JSON could be: an empty stream of events says it.
    if (this.#stream || this.#answers.length === 0) this.#streamed().end();
    else this.#sendJson();
    this.#end();
  }

  #sendJson(): void {
    const body = Buffer.from(JSON.stringify(this.batch ? this.#answers : this.#answers[0]));
    this.response.writeHead(200, {
      ...this.headers,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    this.response.end(body);
  }

  #streamed(): EventStream {
    if (!this.#stream) {
      this.#stream = new EventStream(this.response, this.headers);
      if (this.#answers.length > 0) this.#stream.send(...this.#answers.splice(0));
    }
    return this.#stream;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#patience);
    this.onEnd([...this.#waiting]);
  }
}

import type { ServerResponse } from 'node:http';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { EventStream } from './event-stream.js';
import { GATEWAY_LIMITS } from './limits.js';
import { ReplayedStream } from './replayed-stream.js';
import { onceOver } from './response-over.js';

export interface PostTerms {
  /** Of the requests that wait for an answer, at least one. */
  readonly ids: readonly RequestId[];
  /** Whether the client sent an array, and gets one. */
  readonly batch: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Names its stream, which the client can go on with after its connection broke off; undefined: it cannot. */
  readonly streamId: string | undefined;
}

export interface PostEvents {
  /** Once, when all is answered or nobody is there to be answered; then with what was not. */
  onEnd(unanswered: readonly RequestId[]): void;
  /** Once, when its stream cannot be gone on with any more. */
  onGone(): void;
}

/**
 * The answer to one POST. Plain JSON where only results are to be told; events as soon as something comes before
 * them, or when they take long.
 */
export class PostExchange {
  readonly #waiting: Set<RequestId>;
  readonly #answers: JSONRPCMessage[] = [];
  readonly #patience: NodeJS.Timeout;
  #response: ServerResponse;
  #stream: EventStream | ReplayedStream | undefined;
  /** Until when the client may come back. */
  #grace: NodeJS.Timeout | undefined;
  #ended = false;
  #gone = false;

  constructor(
    response: ServerResponse,
    private readonly terms: PostTerms,
    private readonly events: PostEvents,
  ) {
    this.#response = response;
    this.#waiting = new Set(terms.ids);
    this.#patience = setTimeout(() => this.#streamed(), GATEWAY_LIMITS.streamAfterMs);
    this.#patience.unref();
    onceOver(response, () => this.#lose(response));
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

  /**
   * The client has come back, and has the events up to this number.
   * @returns false where it cannot be told the rest
   */
  resume(after: number, response: ServerResponse): boolean {
    if (this.#gone || !(this.#stream instanceof ReplayedStream)) return false;
    const before = this.#response;
    this.#response = response;
    if (!this.#stream.resume(after, response)) {
      this.#response = before;
      return false;
    }
    clearTimeout(this.#grace);
    onceOver(response, () => this.#lose(response));
    return true;
  }

  /** Ends it with what there is, for good. */
  close(): void {
    this.#waiting.clear();
    this.#endIfDone();
    this.#forget();
  }

  /** A connection is over. One that broke off may be followed by another; the calls that are out go on until then. */
  #lose(response: ServerResponse): void {
    if (response !== this.#response || this.#gone) return;
    const mayComeBack = this.#stream instanceof ReplayedStream && !response.writableFinished;
    if (mayComeBack) this.#grace = setTimeout(() => this.#forget(), GATEWAY_LIMITS.resumeMs).unref();
    else this.#forget();
  }

  #forget(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#grace);
    this.#end();
    this.events.onGone();
  }

  #endIfDone(): void {
    if (this.#ended || this.#waiting.size > 0) return;
    // Without any answer there is no body that JSON could be: an empty stream of events says it.
    if (this.#stream || this.#answers.length === 0) this.#streamed().end();
    else this.#sendJson();
    this.#end();
  }

  #sendJson(): void {
    const body = Buffer.from(JSON.stringify(this.terms.batch ? this.#answers : this.#answers[0]));
    this.#response.writeHead(200, {
      ...this.terms.headers,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    this.#response.end(body);
  }

  #streamed(): EventStream | ReplayedStream {
    if (!this.#stream) {
      const { streamId, headers } = this.terms;
      this.#stream =
        streamId === undefined
          ? new EventStream(this.#response, headers)
          : new ReplayedStream(streamId, this.#response, headers);
      if (this.#answers.length > 0) this.#stream.send(...this.#answers.splice(0));
    }
    return this.#stream;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#patience);
    this.events.onEnd([...this.#waiting]);
  }
}

import { LineReader } from './line-reader.js';

export interface ServerSentEvent {
  /** `message` where the server named none. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads `text/event-stream`, with lines ended by `\n` or `\r\n`. An event without its closing blank line is dropped,
 * as is one without data. Source: WHATWG HTML, section 9.2.6.
 */
export class EventStream {
  /** The last `id:` seen; from here a stream may be resumed. */
  lastEventId: string | undefined;
  /** The last `retry:` seen, in milliseconds. */
  retryMs: number | undefined;

  readonly #lines: LineReader;
  #event = '';
  #data: string[] = [];
  #bytes = 0;
  #stopped = false;

  /** @param maxBytes of the data of one event; over it `onTooLarge` is called once and nothing more is read. */
  constructor(
    maxBytes: number,
    onEvent: (event: ServerSentEvent) => void,
    readonly onTooLarge: () => void,
  ) {
    // `data: ` and a `\r` come on top of what is counted below.
    this.#lines = new LineReader(
      maxBytes + 7,
      (line) => this.#field(line, maxBytes, onEvent),
      () => this.#stop(),
    );
  }

  push(chunk: Buffer): void {
    if (!this.#stopped) this.#lines.push(chunk);
  }

  #stop(): 'stop' {
    if (!this.#stopped) {
      this.#stopped = true;
      this.onTooLarge();
    }
    return 'stop';
  }

  #field(line: string, maxBytes: number, onEvent: (event: ServerSentEvent) => void): void {
    if (this.#stopped) return;
    if (line === '') {
      this.#dispatch(onEvent);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = (colon === -1 ? line : line.slice(0, colon)).replace(/^\uFEFF/, '');
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.#bytes += Buffer.byteLength(value) + 1;
      if (this.#bytes > maxBytes + 1) this.#stop();
      else this.#data.push(value);
    } else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.lastEventId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(onEvent: (event: ServerSentEvent) => void): void {
    const data = this.#data.join('\n');
    const event = this.#event === '' ? 'message' : this.#event;
    this.#event = '';
    this.#data = [];
    this.#bytes = 0;
    if (data !== '') onEvent({ event, data });
  }
}

import { INSPECT_LIMITS } from './limits.js';

/** What is to be told; made into text once for all who are told, and only then. */
export class Message {
  #text: string | undefined;

  constructor(private readonly write: () => string) {}

  get text(): string {
    return (this.#text ??= this.write());
  }
}

/** The part of a web socket that a viewer is behind. */
export interface Socket {
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** One who watches the actors. What waits for it is bounded: it is dropped, and then told anew as a whole. */
export class Viewer {
  #waiting: Message[] = [];
  #steps = 0;
  /** Whether it has to be told how everything stands before it can follow. */
  #isLost = true;

  constructor(private readonly socket: Socket) {}

  /** Whether it is to be told how everything stands: it has been told nothing yet, or too much to keep up. */
  get wantsAll(): boolean {
    return this.#isLost && this.socket.bufferedAmount === 0;
  }

  /** How everything stands now. */
  introduce(all: Message[]): void {
    this.#waiting = all;
    this.#steps = 0;
    this.#isLost = false;
  }

  /** One more step, in order. */
  note(message: Message): void {
    if (this.#isLost) return;
    this.#steps += 1;
    this.#waiting.push(message);
    if (this.#steps <= INSPECT_LIMITS.maxWaiting) return;
    this.#waiting = [];
    this.#isLost = true;
  }

  /** Sends what waits, as long as it reads and `hasTime` says so. */
  send(hasTime: () => boolean): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#isReading && hasTime()) {
      this.socket.send(this.#waiting[sent]?.text ?? '');
      sent += 1;
    }
    this.#waiting.splice(0, sent);
    if (this.#waiting.length === 0) this.#steps = 0;
  }

  get #isReading(): boolean {
    return this.socket.bufferedAmount <= INSPECT_LIMITS.maxUnreadBytes;
  }
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts a stream of bytes into lines in linear time, holding never more than one line of `maxBytes`. */
export class LineReader {
  #parts: Buffer[] = [];
  #size = 0;
  #cut = false;
  #stopped = false;

  /**
   * @param maxBytes longest line, a `\r` at its end counted; a line of exactly that many bytes is delivered whole
   * @param onLine one line, decoded, without its `\n` or `\r\n`; `cut` when its end was dropped
   * @param onOverlong called as soon as a line grows over the limit; what it returns becomes of the line: `cut`
   *   delivers its beginning when it ends, `stop` ends reading for good
   */
  constructor(
    readonly maxBytes: number,
    readonly onLine: (line: string, cut: boolean) => void,
    readonly onOverlong: () => 'cut' | 'stop',
  ) {}

  push(chunk: Buffer): void {
    let from = 0;
    while (!this.#stopped && from < chunk.length) {
      const end = chunk.indexOf(NEWLINE, from);
      this.#keep(chunk.subarray(from, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#deliver();
      from = end + 1;
    }
  }

  /** Delivers an unfinished last line, if there is one. */
  flush(): void {
    if (this.#size > 0) this.#deliver();
  }

  /** Reads no further and forgets what it holds. */
  stop(): void {
    this.#stopped = true;
    this.#parts = [];
    this.#size = 0;
  }

  #keep(part: Buffer): void {
    const room = this.maxBytes - this.#size;
    if (part.length > room && !this.#cut) {
      this.#cut = true;
      if (this.onOverlong() === 'stop') this.stop();
    }
    if (this.#stopped || room === 0 || part.length === 0) return;
    this.#parts.push(part.subarray(0, room));
    this.#size += Math.min(part.length, room);
  }

  #deliver(): void {
    if (this.#stopped) return;
    const [first, ...rest] = this.#parts;
    const bytes = first === undefined || rest.length > 0 ? Buffer.concat(this.#parts) : first;
    const cut = this.#cut;
    this.#parts = [];
    this.#size = 0;
    this.#cut = false;
    const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    this.onLine(bytes.toString('utf8', 0, end), cut);
  }
}

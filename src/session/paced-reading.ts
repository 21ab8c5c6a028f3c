import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';

/** What is taken in one go: even of the shortest lines it holds so few that they take no longer than a turn. */
const PIECE_BYTES = 1_024;
/** How long one stream is read in one turn of the event loop. A turn that is over ends after the piece it is at. */
const TURN_MS = 1;
/** Share of the time that one stream may take for long; what is over rests. */
const SHARE = 0.2;
/** What it may take at once beyond its share, and what it may be behind: one large message is no flood. */
const BURST_MS = 10;
const DEBT_MS = 3;

/**
 * Reads a stream piece by piece. Where that takes long, the rest waits for the next turn, and where it takes more than its
 * share for longer than a moment, it rests: what floods us with ever so many small things, each cheap, keeps nobody else
 * waiting (R35).
 *
 * @param onOver called once, when the stream has ended or broken off and all that came has been taken
 */
export function readPaced(stream: Readable, take: (piece: Buffer) => void, onOver: () => void): void {
  /** What the stream has given and is not taken yet: it may give one more when it is paused, and then end. */
  const waiting: Buffer[] = [];
  let isDue = false;
  let isOver = false;
  /** How long it may be read now; what is taken is paid from it, and its share comes in with time. */
  let creditMs = BURST_MS;
  let readAt = performance.now();
  const pay = (): number => {
    const now = performance.now();
    const tookMs = now - readAt;
    readAt = now;
    creditMs = Math.max(creditMs - tookMs, -DEBT_MS);
    return tookMs;
  };
  const rest = (): void => {
    isDue = true;
    stream.pause();
    if (creditMs > 0) setImmediate(read);
    else setTimeout(read, (TURN_MS - creditMs) / SHARE);
  };
  const read = (): void => {
    isDue = false;
    const now = performance.now();
    creditMs = Math.min(creditMs + (now - readAt) * SHARE, BURST_MS);
    readAt = now;
    let turnMs = 0;
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      take(chunk.subarray(0, PIECE_BYTES));
      if (chunk.length > PIECE_BYTES) waiting.unshift(chunk.subarray(PIECE_BYTES));
      turnMs += pay();
      if (waiting.length > 0 && turnMs >= TURN_MS) {
        rest();
        return;
      }
    }
    if (creditMs <= 0 && !isOver) {
      rest();
      return;
    }
    if (isOver) onOver();
    else if (stream.isPaused()) stream.resume();
  };
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    if (!isDue) onOver();
  };
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    if (!isDue) read();
  });
  stream.once('end', end);
  stream.once('close', end);
}

import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';

/** What is taken in one go: even of the shortest lines it holds so few that they take no longer than a turn. */
const PIECE_BYTES = 1_024;
/** How long one stream is read in one turn of the event loop. A turn that is over ends after the piece it is at. */
const TURN_MS = 2;

/**
 * Reads a stream piece by piece. Where that takes long, the rest waits for the next turn, so that what floods us with
 * ever so many small things, each cheap, keeps nobody else waiting (R35).
 *
 * @param onOver called once, when the stream has ended or broken off and all that came has been taken
 */
export function readPaced(stream: Readable, take: (piece: Buffer) => void, onOver: () => void): void {
  /** What the stream has given and is not taken yet: it may give one more when it is paused, and then end. */
  const waiting: Buffer[] = [];
  let isDue = false;
  let isOver = false;
  const read = (): void => {
    isDue = false;
    const endsAt = performance.now() + TURN_MS;
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      take(chunk.subarray(0, PIECE_BYTES));
      if (chunk.length > PIECE_BYTES) waiting.unshift(chunk.subarray(PIECE_BYTES));
      if (waiting.length > 0 && performance.now() >= endsAt) {
        isDue = true;
        setImmediate(read);
        stream.pause();
        return;
      }
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

import type { Writable } from 'node:stream';

/** What may wait for a reader that does not read, in bytes; lines beyond it are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

export interface LogSink {
  /** One line with its newline. Never throws, never waits. */
  write(line: string): void;
  /** Resolves when everything is written, or cannot be within `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
}

/**
 * Writes lines to a stream that may be blocked, closed or broken: that costs lines, never the process. When
 * lines get through again, one says how many did not.
 *
 * The stream is Node's own rather than the file descriptor: a write that hangs in the thread pool would keep
 * the process from ending.
 */
export function createLogSink(stream: Writable, droppedLine: (dropped: number) => string): LogSink {
  let dropped = 0;
  const tellDropped = (): void => {
    if (dropped > 0) stream.write(droppedLine(dropped));
    dropped = 0;
  };
  // EPIPE and the like: there is nobody left to tell.
  stream.on('error', () => undefined);
  stream.on('drain', tellDropped);
  return {
    write: (line) => {
      if (!stream.writable) return;
      if (stream.writableLength > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      tellDropped();
      stream.write(line);
    },
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        if (!stream.writable || stream.writableLength === 0) {
          resolve();
          return;
        }
        const timer = setTimeout(resolve, timeoutMs);
        stream.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

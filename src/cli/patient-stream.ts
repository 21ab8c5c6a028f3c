import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Between two attempts to write what the disk had no room for, in milliseconds. */
const RETRY_MS = 1000;

export type WriteSync = (descriptor: number, bytes: Uint8Array, offset: number) => number;

/**
 * A stream to a file or a device that keeps what cannot be written, and writes it when that is possible again.
 * Node's own is broken for good by its first error: a disk that was full for a moment would end the log.
 *
 * What waits is bounded by whoever writes, see `createLogSink`. A disk is not waited for when the process ends.
 */
export function createPatientStream(descriptor: number, write: WriteSync = writeSync): Writable {
  const attempt = (bytes: Uint8Array, offset: number, done: () => void): void => {
    let written = offset;
    try {
      for (let more = 1; more > 0 && written < bytes.length; written += more) {
        more = write(descriptor, bytes, written);
      }
    } catch {
      // ENOSPC, EDQUOT, EIO: how much of it was written is known.
    }
    if (written === bytes.length) done();
    else setTimeout(() => attempt(bytes, written, done), RETRY_MS).unref();
  };
  return new Writable({
    write: (chunk: Uint8Array, _, done) => attempt(chunk, 0, done),
  });
}

import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { createPatientStream } from './patient-stream.js';
import type { Host } from './run.js';

/** How long what was written to stdout may take to be read, in milliseconds. */
const FLUSH_MS = 1000;

/** This process as a server uses it. A reader of stdout or stderr that goes away costs what it would have read. */
export function processHost(): Host & { end(exitCode: number): Promise<void> } {
  const { env, stdin, stdout } = process;
  const stderr = isFile(process.stderr) ? createPatientStream(process.stderr.fd) : process.stderr;
  stdout.on('error', () => undefined);
  stderr.on('error', () => undefined);
  return {
    env,
    stdin,
    stdout,
    stderr,
    events: process,
    exit: (code) => process.exit(code),
    // Not left to the event loop: a handle that somebody forgot must not keep the process.
    end: async (exitCode) => {
      await Promise.race([
        Promise.all([written(stdout), written(stderr)]),
        new Promise((resolve) => setTimeout(resolve, FLUSH_MS)),
      ]);
      process.exit(exitCode);
    },
  };
}

/** A file, or a device that is no terminal: its disk may be full, and have room again. */
function isFile({ fd, isTTY }: NodeJS.WriteStream & { readonly fd: number }): boolean {
  if (isTTY) return false;
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || stats.isCharacterDevice();
  } catch {
    // It is closed.
    return false;
  }
}

function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

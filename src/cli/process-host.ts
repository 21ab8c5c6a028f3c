import type { Host } from './run.js';

/** How long what was written to stdout may take to be read, in milliseconds. */
const FLUSH_MS = 1000;

/** This process as a server uses it. A reader of stdout or stderr that goes away costs what it would have read. */
export function processHost(): Host & { end(exitCode: number): Promise<void> } {
  const { env, stdin, stdout, stderr } = process;
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

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

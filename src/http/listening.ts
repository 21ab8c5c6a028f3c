import type { Server } from 'node:http';
import { ListenError } from './listen-error.js';

/** What is still being written when a server closes gets so many milliseconds. */
const CLOSE_GRACE_MS = 250;

/**
 * @param option of the command line, which names the port
 * @returns the port, also where 0 was asked for
 * @throws {ListenError}
 */
export function listenOn(server: Server, port: number, host: string, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException): void =>
      reject(new ListenError(host, port, option, cause));
    server.once('error', refused);
    server.listen({ port, host }, () => {
      server.off('error', refused);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Listens no more; resolves when every connection is closed, streams and idle ones by force. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}

import type { Log } from '../logging/log.js';

/** One line per interval at most: what goes on and on must not fill the log. Each says how many were left out. */
export function pacedWarning(log: Log, message: string, intervalMs: number): (fields: object) => void {
  let loggedAt = -Infinity;
  let unlogged = 0;
  return (fields) => {
    const now = performance.now();
    if (now - loggedAt < intervalMs) {
      unlogged += 1;
      return;
    }
    log.warn({ ...fields, unlogged }, message);
    loggedAt = now;
    unlogged = 0;
  };
}

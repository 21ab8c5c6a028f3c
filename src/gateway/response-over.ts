import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Responses that wait for another one on the same connection to be sent, by that connection. */
const queued = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back once, when a response is over: sent, broken off, or never to be sent because its connection has ended.
 * Of that last one Node says nothing to a response that a pipelining client has put behind another.
 */
export function onceOver(response: ServerResponse, over: () => void): void {
  if (response.socket !== null) {
    response.once('close', over);
    return;
  }
  const waiting = queueOf(response.req.socket);
  const end = (): void => {
    if (waiting.delete(end)) over();
  };
  waiting.add(end);
  response.once('close', end);
}

function queueOf(socket: Socket): Set<() => void> {
  const known = queued.get(socket);
  if (known) return known;
  const waiting = new Set<() => void>();
  queued.set(socket, waiting);
  // One listener for all: one each would pile up.
  socket.once('close', () => {
    for (const end of waiting) end();
  });
  return waiting;
}

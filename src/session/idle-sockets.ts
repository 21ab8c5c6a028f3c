import type * as http from 'node:http';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';

/**
 * Has the idle sockets of an agent ended before their server ends them, so that no request meets a closing one: after
 * `maxIdleMs`, or half the shortest time after which the server was seen to end one. What a server announces in
 * `Keep-Alive` the agent heeds by itself.
 */
export function guardIdleSockets(agent: http.Agent, maxIdleMs: number): void {
  const idleSince = new WeakMap<Duplex, number>();
  const watched = new WeakSet<Duplex>();
  let limitMs = maxIdleMs;
  const learn = (socket: Duplex): void => {
    const since = idleSince.get(socket);
    if (since === undefined) return;
    const idleMs = performance.now() - since;
    // Ended any later it was we who did it. 0 would be no limit at all.
    if (idleMs < limitMs) limitMs = Math.max(idleMs / 2, 1);
  };
  // Declared without its result, which is whether the socket may be kept.
  const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    const kept = keep(socket);
    idleSince.set(socket, performance.now());
    if (socket instanceof Socket && (socket.timeout ?? Infinity) > limitMs) socket.setTimeout(limitMs);
    if (!watched.has(socket)) {
      watched.add(socket);
      socket.once('close', () => learn(socket));
    }
    return kept;
  };
  const reuse = agent.reuseSocket.bind(agent);
  agent.reuseSocket = (socket, request) => {
    idleSince.delete(socket);
    reuse(socket, request);
  };
}

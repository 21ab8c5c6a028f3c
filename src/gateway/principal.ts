import type { IncomingMessage } from 'node:http';

/** By request: who sent it, as whoever let it in found out. No field of the request, so no header can stand in for it. */
const principals = new WeakMap<IncomingMessage, string>();

/** Says who sent a request, before it is handed to the gateway. */
export function setPrincipal(request: IncomingMessage, principal: string): void {
  principals.set(request, principal);
}

/** Who sent a request; undefined where nobody has to say, and so the same for all. */
export function principalOf(request: IncomingMessage): string | undefined {
  return principals.get(request);
}

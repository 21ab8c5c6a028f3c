import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';

/**
 * Cancels requests whose id is `0` or `""`. These are ids like any other, but the SDK takes a cancellation of one of
 * them for one that names no request. Keeps two entries at most.
 */
export class FalsyIds {
  readonly #controllers = new Map<RequestId, AbortController>();

  /** Sees every message of the client before the SDK does. */
  notice(message: JSONRPCMessage): void {
    if (!('method' in message)) return;
    if ('id' in message) {
      if (isFalsy(message.id)) this.#controllers.set(message.id, new AbortController());
    } else if (message.method === 'notifications/cancelled') {
      const { requestId, reason } = message.params ?? {};
      if (isFalsy(requestId)) this.#controllers.get(requestId)?.abort(reason);
    }
  }

  /** Aborted when the request is cancelled, whatever its id; `sdks` is for all other ends of it. */
  signalOf(id: RequestId, sdks: AbortSignal): AbortSignal {
    const own = isFalsy(id) ? this.#controllers.get(id) : undefined;
    return own ? AbortSignal.any([sdks, own.signal]) : sdks;
  }

  /** The answer to a request. To one that was cancelled there is none, for which the SDK would wait like for any other. */
  unlessCancelled<T>(id: RequestId, signal: AbortSignal, answer: Promise<T>): Promise<T> {
    if (!isFalsy(id)) return answer;
    const hush = (value: T): T | Promise<never> => (signal.aborted ? never() : value);
    return answer.then(hush, (error: unknown) => {
      if (signal.aborted) return never();
      throw error;
    });
  }
}

/** Clients that use the SDK would not hear that a request of ours with the id 0 is cancelled: ours begin at 1. */
export function countFromOne(server: object): void {
  Object.assign(server, { _requestMessageId: 1 });
}

/** One for each: what waits for a promise is kept for as long as the promise. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

function isFalsy(id: unknown): id is RequestId {
  return id === 0 || id === '';
}

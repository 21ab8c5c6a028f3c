import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { RPC } from './rpc-error.js';
import { UNAVAILABLE_META } from './unavailable.js';

/** What a request of a client came to. A result with `isError` of a tool's own is `ok`. */
export type RequestResult = 'ok' | 'error' | 'unavailable' | 'cancelled';

/** Is told of each request of a client when it has ended, once. */
export type OnRequest = (method: string, result: RequestResult, elapsedMs: number) => void;

/** How the host of a gateway watches what clients ask. */
export interface RequestHooks {
  readonly onRequest: OnRequest;
  /** Does what is done for a request; what it resolves to or throws is the answer. */
  traced<T>(method: string, params: Readonly<Record<string, unknown>>, run: () => Promise<T>): Promise<T>;
}

export const UNWATCHED: RequestHooks = {
  onRequest: () => undefined,
  traced: (_method, _params, run) => run(),
};

interface Request {
  readonly method: string;
  readonly startedAt: number;
}

/** Sees the messages of one client session on their way, and tells what became of its requests. */
export class RequestMeter {
  readonly #out = new Map<RequestId, Request>();

  /** @param labelOf what a method is told as; of unbounded methods it must make few */
  constructor(
    private readonly onRequest: OnRequest,
    private readonly labelOf: (method: string) => string,
  ) {}

  /** Sees what is sent from now on. */
  follow(transport: Transport): void {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if (!('method' in message)) this.#answered(message);
      return send(message, options);
    };
  }

  received(message: JSONRPCMessage): void {
    if (!('method' in message)) return;
    if ('id' in message) {
      const method = this.labelOf(message.method);
      this.#out.set(message.id, { method, startedAt: performance.now() });
    } else if (message.method === 'notifications/cancelled') {
      this.#end(message.params?.['requestId'] as RequestId, 'cancelled');
    }
  }

  /** The client is gone: nothing that is out will be answered. */
  close(): void {
    for (const id of this.#out.keys()) this.#end(id, 'cancelled');
  }

  #answered(message: Exclude<JSONRPCMessage, { method: string }>): void {
    if (message.id === undefined) return;
    if ('error' in message) {
      const isUnavailable = message.error.code === RPC.backendUnavailable;
      this.#end(message.id, isUnavailable ? 'unavailable' : 'error');
    } else {
      const isUnavailable = message.result._meta?.[UNAVAILABLE_META] !== undefined;
      this.#end(message.id, isUnavailable ? 'unavailable' : 'ok');
    }
  }

  #end(id: RequestId, result: RequestResult): void {
    const request = this.#out.get(id);
    if (!request) return;
    this.#out.delete(id);
    this.onRequest(request.method, result, performance.now() - request.startedAt);
  }
}

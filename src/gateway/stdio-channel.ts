import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { GATEWAY_LIMITS } from './limits.js';

/**
 * One client over a pair of streams, as a transport of the SDK that is bounded: as long as the client does not read
 * what has been written to it, nothing more is read from it, and it is told nothing that it can do without.
 */
export class StdioChannel extends StdioServerTransport {
  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
  ) {
    super(input, output);
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    const isFull = this.output.writableLength > GATEWAY_LIMITS.maxBufferedBytes;
    if (isFull && 'method' in message && DISPENSABLE.has(message.method)) return;
    const sent = super.send(message);
    if (this.output.writableLength > GATEWAY_LIMITS.maxBufferedBytes && !this.input.isPaused()) {
      this.input.pause();
      this.output.once('drain', () => this.input.resume());
    }
    await sent;
  }
}

/** Once missed, these do not matter: later ones tell more. */
const DISPENSABLE: ReadonlySet<string> = new Set(['notifications/message', 'notifications/progress']);

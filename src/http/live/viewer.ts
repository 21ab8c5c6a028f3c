import type { ServerResponse } from 'node:http';
import { LIVE_LIMITS } from './limits.js';

/** One open stream of server-sent events. It holds nothing for a viewer that does not read. */
export class Viewer {
  /** Whether it was left out, and is to be told what it missed. */
  isBehind = true;

  constructor(
    private readonly response: ServerResponse,
    /** The newest event it knows. */
    public knows: number,
    readonly wantsStatus: boolean,
  ) {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
  }

  /** Whether it can be sent something: one that is behind only when it has read everything. */
  get isReading(): boolean {
    const unread = this.response.writableLength;
    return this.isBehind ? unread === 0 : unread <= LIVE_LIMITS.maxUnreadBytes;
  }

  write(text: string): void {
    if (text !== '' && !this.response.destroyed) this.response.write(text);
  }

  end(): void {
    this.response.end();
  }
}

import type { OutgoingAnswer, OutgoingNotification, OutgoingRequest } from './message.js';
import type { Fault } from './outcome.js';

/** The way to one backend, below MCP: carries messages, knows nothing of their meaning. Used once, never reopened. */
export interface Channel {
  /** Of the child process, while it runs. */
  readonly pid: number | undefined;
  /** Requests that still hold a socket. 0 on transports where all share one. */
  readonly exchanges: number;
  /** Makes it ready to send. @throws FaultError */
  open(): Promise<void>;
  /** Sends a request. Its answer, or the fault of this exchange alone, comes through the events. */
  request(message: OutgoingRequest): void;
  /** Sends a message that has no answer, and waits until it is accepted. @throws FaultError */
  post(message: OutgoingNotification | OutgoingAnswer): Promise<void>;
  /** The request needs no answer any more: what it holds is let go. `answered`: it had one. */
  release(id: number, answered: boolean): void;
  /** The handshake is done; from here on the backend may speak unasked. */
  initialized(revision: string): void;
  /** Ends it within `graceMs`, leaving no socket, timer or process. Never rejects; no event comes after it. */
  close(graceMs: number): Promise<void>;
}

export interface ChannelEvents {
  /** One decoded JSON value. `exchange`: id of the request on whose own stream it came, where there is such a thing. */
  onMessage(value: unknown, exchange?: number): void;
  /** One request can have no answer any more; the channel goes on. */
  onFault(id: number, found: Fault): void;
  /** The channel is gone, by itself. At most once. */
  onLost(found: Fault): void;
  /** Something ended that may be a sign of trouble: worth a health check. */
  onSuspect(): void;
  /** Whether the backend may be turned to for more than the requests that are out. */
  mayConnect(): boolean;
  /** Something odd that needs no action. */
  onWarning(text: string): void;
}

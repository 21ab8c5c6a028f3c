import type { Log } from '../logging/log.js';
import type { Caller, OnQuestion } from './caller.js';
import type { Channel, ChannelEvents } from './channel.js';
import { ChildProcessChannel } from './child-process.js';
import { ourselves } from './handshake.js';
import { LegacySseChannel } from './legacy-sse.js';
import { unlessAborted, withinLimit } from './limit.js';
import { LiveSession } from './live-session.js';
import type { Fault } from './outcome.js';
import { FaultError, fault, faultOf } from './outcome.js';
import type { SessionLimits } from './session-limits.js';
import type { SessionSettings } from './session-settings.js';
import { StreamableHttpChannel } from './streamable-http.js';

/** What becomes of the sessions that a connector opens. */
export interface ConnectorEvents {
  /** A session is ready. Called before anybody who waits for it goes on. */
  onOpened(session: LiveSession): void;
  onRefused(found: Fault): void;
  /** A session that was handed out ended by itself. At most once for each. */
  onLost(session: LiveSession, found: Fault): void;
  onSuspect(session: LiveSession): void;
  mayConnect(): boolean;
  onNotification(
    session: LiveSession,
    method: string,
    params: Readonly<Record<string, unknown>>,
    caller: Caller | undefined,
  ): void;
  readonly onQuestion?: OnQuestion | undefined;
  onWarning(text: string): void;
}

interface Connecting {
  readonly session: Promise<LiveSession>;
  readonly abort: AbortController;
  /** Who waits for it; when nobody does any more it is given up. */
  waiters: number;
}

/** Opens sessions with one backend, one at a time: who asks while one is being opened waits for that one. */
export class Connector {
  readonly #ending = new Set<Promise<unknown>>();
  #connecting: Connecting | undefined;
  #closed = false;

  constructor(
    readonly settings: SessionSettings,
    readonly limits: SessionLimits,
    readonly log: Log,
    readonly events: ConnectorEvents,
  ) {}

  /**
   * Waits for the session being opened, beginning where none is. When the last who waits gives up, so does it.
   *
   * @param timeoutMs of this wait; Infinity for none
   * @throws FaultError
   */
  connect(signal: AbortSignal, timeoutMs: number): Promise<LiveSession> {
    if (this.#closed) return Promise.reject(new FaultError(fault('closed', 'its session is closed')));
    const connecting = (this.#connecting ??= this.#begin());
    return withinLimit(signal, timeoutMs, async (limit) => {
      connecting.waiters += 1;
      try {
        return await unlessAborted(connecting.session, limit);
      } finally {
        connecting.waiters -= 1;
        if (connecting.waiters === 0 && limit.aborted) this.#giveUp(connecting, limit.reason);
      }
    });
  }

  /** Gives up what is being opened: who waits for it fails with this fault. */
  abandon(found: Fault): void {
    if (this.#connecting !== undefined) this.#giveUp(this.#connecting, new FaultError(found));
  }

  /** Opens nothing more; resolves when what was being opened is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.abandon(fault('closed', 'its session was closed'));
    await Promise.all(this.#ending);
  }

  #giveUp(connecting: Connecting, reason: unknown): void {
    // Whoever comes next begins afresh and does not join what is being taken down.
    if (this.#connecting === connecting) this.#connecting = undefined;
    connecting.abort.abort(reason);
  }

  #begin(): Connecting {
    const abort = new AbortController();
    const connecting: Connecting = { session: this.#open(abort.signal), abort, waiters: 0 };
    const ended: Promise<unknown> = connecting.session
      .catch(() => undefined)
      .finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
        this.#ending.delete(ended);
      });
    this.#ending.add(ended);
    return connecting;
  }

  async #open(signal: AbortSignal): Promise<LiveSession> {
    let opened: LiveSession | undefined;
    const whenOpened = (tell: (session: LiveSession) => void): void => {
      if (opened !== undefined) tell(opened);
    };
    try {
      const session = await LiveSession.open(
        (events) => this.#channel(events),
        {
          client: this.settings.client ?? ourselves(this.settings.clientVersion ?? '0.0.0'),
          limits: this.limits,
        },
        {
          onLost: (found) => whenOpened((it) => this.events.onLost(it, found)),
          onSuspect: () => whenOpened((it) => this.events.onSuspect(it)),
          mayConnect: () => this.events.mayConnect(),
          onNotification: (method, params, caller) =>
            whenOpened((it) => this.events.onNotification(it, method, params, caller)),
          onQuestion: this.events.onQuestion,
          onWarning: (text) => this.events.onWarning(text),
        },
        signal,
      );
      // It may have opened in the very moment in which nobody wanted it any more.
      if (signal.aborted) {
        await session.close(0);
        throw signal.reason;
      }
      opened = session;
      this.events.onOpened(session);
      return session;
    } catch (error) {
      this.events.onRefused(faultOf(error));
      throw error;
    }
  }

  #channel(events: ChannelEvents): Channel {
    const { connection, name } = this.settings;
    if (connection.transport === 'stdio') {
      return new ChildProcessChannel(connection, this.limits, backendLog(this.log, name), events);
    }
    const url = new URL(connection.url);
    return connection.transport === 'sse'
      ? new LegacySseChannel(url, connection.headers, this.limits, events)
      : new StreamableHttpChannel(url, connection.headers, this.limits, events);
  }
}

/** A log whose every line names the backend. */
function backendLog(log: Log, backend: string): Log {
  return {
    debug: (fields, message) => log.debug({ backend, ...fields }, message),
    info: (fields, message) => log.info({ backend, ...fields }, message),
    warn: (fields, message) => log.warn({ backend, ...fields }, message),
    error: (fields, message) => log.error({ backend, ...fields }, message),
  };
}

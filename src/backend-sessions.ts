import { mayConnect } from '../machines/policy.js';
import type { BackendEntry } from './config/config.js';
import type { Engine } from './engine/engine.js';
import type { Client } from './gateway/backend.js';
import type { Gateway } from './gateway/gateway.js';
import type { Limits } from './limits.js';
import type { Log } from './logging/log.js';
import { SessionsOfClients } from './own-sessions.js';
import { BackendSession } from './session/backend-session.js';
import type { SessionHooks } from './session/session-hooks.js';

/** What the sessions with one backend are made in. */
export interface SessionsWorld {
  readonly engine: Pick<Engine<never>, 'backend' | 'check'>;
  readonly log: Log;
  /** Our own version, as told to the backend. */
  readonly version: string;
  readonly limits: Limits;
  readonly gateway: () => Gateway;
}

/** All sessions with one backend: that which clients share and which is checked, and those of single clients. */
export class BackendSessions {
  readonly shared: BackendSession;
  readonly own: SessionsOfClients;

  constructor({ name, connection, hasAuth, sessions }: BackendEntry, world: SessionsWorld) {
    const { engine, log, version, limits, gateway } = world;
    const settings = { name, connection, hasAuth, clientVersion: version, limits };
    const mayOpen = () => mayConnect(engine.backend(name).standing);
    this.shared = new BackendSession(settings, {
      log,
      onLost: () => {
        engine.backend(name).sessionLost();
      },
      onSuspect: () => {
        engine.check(name);
      },
      admits: () => engine.backend(name).refusal() === undefined,
      mayConnect: mayOpen,
      onOpened: () => {
        gateway().sessionOpened(name);
      },
      onCatalog: () => {
        gateway().changed();
      },
      onNotification: (method, params, caller) => {
        gateway().notification(name, method, params, { caller });
      },
    });
    this.own = new SessionsOfClients({
      mode: sessions,
      maxSessions: limits.maxOwnSessions,
      backend: name,
      log,
      make: (client) => {
        const { info, capabilities } = client;
        const hooks = hooksOf(name, client, { log, mayConnect: mayOpen, gateway, own: () => this.own });
        return new BackendSession({ ...settings, client: { info, capabilities } }, hooks);
      },
    });
  }

  /** No session may be opened any more: those that are being opened are given up. */
  abandonConnecting(): void {
    this.shared.abandonConnecting();
    this.own.abandonConnecting();
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([this.shared.close(graceMs), this.own.close(graceMs)]);
  }
}

/**
 * Of the session that is one client's. That it is lost says nothing of the backend: calls that were out have failed, and
 * the session that is checked tells the rest.
 */
function hooksOf(
  name: string,
  client: Client,
  world: Pick<SessionsWorld, 'log' | 'gateway'> & {
    readonly mayConnect: () => boolean;
    readonly own: () => SessionsOfClients;
  },
): SessionHooks {
  const { log, mayConnect: mayOpen, gateway, own } = world;
  return {
    log,
    onLost: () => {
      gateway().sessionLost(name, client);
    },
    onSuspect: () => undefined,
    mayConnect: mayOpen,
    onOpened: () => {
      own().levelChanged(client);
      gateway().sessionOpened(name, client);
    },
    onCatalog: () => undefined,
    onNotification: (method, params, caller) => {
      gateway().notification(name, method, params, { client, caller });
    },
    onQuestion: (question, caller, options) => (caller ?? client).ask(question, options),
  };
}

import type { RefusalCode } from '../engine/permit.js';
import type { Caller } from '../session/caller.js';
import type { Catalog } from '../session/catalog.js';
import type { LogLevel } from './log-level.js';

/** One backend as the gateway sees it. The composition root implements it over the engine and a session. */
export interface GatewayBackend {
  readonly name: string;
  /** The last known catalog: kept through outages; undefined until the first enumeration succeeded. */
  readonly catalog: Catalog | undefined;
  /** Whether it has been heard from since the start: its catalog is known, or a health check has ended. */
  readonly heard: boolean;
  /** Whether its entries are listed now (`shouldAdvertise`). */
  readonly advertised: boolean;
  /** Why it is out of service; undefined while it serves, or nothing is known yet. Consumes nothing. */
  unavailable(): Unavailable | undefined;
  /** One guarded call: admitted by the circuit, timed, classified and settled. Never rejects. */
  call(request: BackendRequest, options: CallOptions): Promise<Answer>;
  /** What single clients have of it by themselves. */
  readonly own: OwnSessions;
}

/** One client of the gateway, for as long as its session lasts; the same object each time. */
export interface Client extends Caller {
  /** As it introduced itself: its name and version. */
  readonly info: Readonly<Record<string, unknown>>;
  /** As it declared them. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** The level of log messages that it asked for; undefined until it does. */
  readonly logLevel: LogLevel | undefined;
}

/**
 * Sessions with one backend that belong to one client each. A client that can be asked something has its own, opened by
 * its first call: of a session that many share nobody could tell whom the backend asks.
 */
export interface OwnSessions {
  /** Whether what this client calls goes, or would go, over a session of its own. */
  isFor(client: Client): boolean;
  /** Sends a notification of the client, where it has a live session of its own. */
  notify(client: Client, method: string, params: Readonly<Record<string, unknown>>): void;
  /** The client has asked for another level of log messages. */
  levelChanged(client: Client): void;
  /** The client is gone, and its session with it. */
  end(client: Client): void;
}

/** Where all clients share what there is. */
export const NO_OWN_SESSIONS: OwnSessions = {
  isFor: () => false,
  notify: () => undefined,
  levelChanged: () => undefined,
  end: () => undefined,
};

export interface BackendRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  /** Aborted when the caller gives up: the backend is told, the permit is released. */
  readonly signal: AbortSignal;
  /** Progress of the backend on this call, its params without the token; it keeps the call alive. */
  readonly onProgress?: (params: Readonly<Record<string, unknown>>) => void;
  /** Whose call it is; absent: nobody's, the gateway asks for itself. */
  readonly client?: Client;
  /** The way to that client while this very call is out. */
  readonly caller?: Caller;
}

/** What became of a call. `result` and `error` are the backend's own words, passed through whole. */
export type Answer =
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data?: unknown }
  | { readonly kind: 'unavailable'; readonly unavailable: Unavailable }
  | { readonly kind: 'cancelled' };

/** The one typed answer for "this backend cannot be used now", as an agent can act on it. */
export interface Unavailable {
  readonly backend: string;
  /** A refusal of the engine, an ill backend, or the failure of this very call. */
  readonly code: RefusalCode | 'BACKEND_UNHEALTHY' | 'BACKEND_UNAUTHENTICATED' | 'CALL_FAILED';
  /** A plain clause: `its circuit is open after 5 failures`, `the call timed out after 30 s`. No secret, no URL. */
  readonly reason: string;
  /** Of a call that failed and may have taken effect all the same: made again, it could be made twice. */
  readonly mayHaveRun?: true;
  /** Failure category where there is one, e.g. `timeout`. */
  readonly category?: string;
  /** Whole milliseconds until trying again makes sense; absent when nobody can tell. */
  readonly retryAfterMs?: number;
}

import type { Failure, FailureCategory, Outcome } from '../../machines/failure.js';

/**
 * What every way to fail says of the backend (R08): a failure category, that it works (`succeeded`), or nothing
 * (`released`). `by-authentication` depends on whether we sent credentials. Decided by what happened on the socket or
 * the pipe, never by the words of an error.
 */
export const MECHANISMS = {
  'connection-refused': 'connection_failed',
  'connection-reset': 'connection_failed',
  'connect-timeout': 'connection_failed',
  'unknown-host': 'connection_failed',
  tls: 'connection_failed',
  unreachable: 'connection_failed',
  'spawn-failed': 'connection_failed',
  deadline: 'timeout',
  'http-server-error': 'backend_unavailable',
  'child-exited': 'backend_unavailable',
  'stream-lost': 'backend_unavailable',
  'input-blocked': 'backend_unavailable',
  'session-refused': 'backend_unavailable',
  'http-too-many-requests': 'overloaded',
  'http-unauthorized': 'by-authentication',
  'http-client-error': 'succeeded',
  'handshake-refused': 'protocol_error',
  'unknown-revision': 'protocol_error',
  redirect: 'protocol_error',
  malformed: 'protocol_error',
  'too-large': 'protocol_error',
  shortage: 'released',
  unanswered: 'released',
  cancelled: 'released',
  closed: 'released',
} as const satisfies Record<string, FailureCategory | 'succeeded' | 'released' | 'by-authentication'>;

export type Mechanism = keyof typeof MECHANISMS;

/** Ways to fail that leave no doubt: the request never got to where it could have been processed. */
const UNPROCESSED: ReadonlySet<Mechanism> = new Set([
  'connection-refused',
  'connect-timeout',
  'unknown-host',
  'tls',
  'spawn-failed',
  'shortage',
  'input-blocked',
  'session-refused',
  'http-too-many-requests',
  'http-unauthorized',
  'handshake-refused',
  'unknown-revision',
  'redirect',
]);

/** Why there is no answer: one mechanism of the closed list, and what to tell people about it. */
export interface Fault {
  readonly mechanism: Mechanism;
  /** A plain clause about the backend or the call, e.g. `it answered HTTP 503`. Holds no URL, header or secret. */
  readonly reason: string;
  /** From a Retry-After header, bounded. */
  readonly retryAfterMs?: number;
  /** The request itself was never sent: there was no session to send it on. */
  readonly unsent?: true;
  /** HTTP status, where one was seen. */
  readonly status?: number;
  /** A JSON-RPC error that came in the body of a refusal by HTTP status. */
  readonly rpcError?: RpcError;
}

export interface RpcError {
  readonly code: number;
  /** As the backend wrote it, without a prefix. */
  readonly message: string;
  readonly data?: unknown;
}

/** Carries a fault through code that awaits. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  constructor(readonly fault: Fault) {
    super(fault.reason);
  }
}

export function fault(mechanism: Mechanism, reason: string): Fault {
  return { mechanism, reason };
}

/** The end of one request, as the backend or the lack of an answer made it. */
export type Answer =
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  | ({ readonly kind: 'error' } & RpcError)
  | { readonly kind: 'fault'; readonly fault: Fault };

/** The end of one request, with what it says of the backend. */
export type Reply = { readonly outcome: Outcome } & (
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  | ({ readonly kind: 'error' } & RpcError)
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly reason: string;
      /** False where the backend has certainly not processed the request, so that it may be made again. */
      readonly mayHaveRun: boolean;
    }
  | { readonly kind: 'cancelled' }
);

const SUCCEEDED: Outcome = { kind: 'succeeded' };
const RELEASED: Outcome = { kind: 'released' };
/** JSON-RPC "internal error": what a caller gets for a refusal that HTTP alone expressed. */
const INTERNAL_ERROR = -32603;

/** What a fault says of the backend. `hasAuth`: whether outgoing authentication is configured. */
export function outcomeOf(found: Fault, hasAuth: boolean): Outcome {
  const verdict = MECHANISMS[found.mechanism];
  if (verdict === 'released') return RELEASED;
  if (verdict === 'succeeded') return SUCCEEDED;
  if (verdict !== 'by-authentication') return failed(verdict, found);
  // The backend is up and turned our own credentials away: the reference counts that as reachable.
  return hasAuth ? SUCCEEDED : failed('authentication_failed', found);
}

/** What the caller of a request gets. Any answer in JSON-RPC is evidence that the backend works, an error too. */
export function replyOf(answer: Answer, hasAuth: boolean): Reply {
  if (answer.kind !== 'fault') return { outcome: SUCCEEDED, ...answer };
  const found = answer.fault;
  const outcome = outcomeOf(found, hasAuth);
  if (found.mechanism === 'cancelled') return { outcome, kind: 'cancelled' };
  if (outcome.kind !== 'succeeded') {
    const category = found.mechanism === 'unanswered' ? 'timeout' : 'backend_unavailable';
    const failure: Failure = outcome.kind === 'failed' ? outcome.failure : { category };
    const mayHaveRun = !(found.unsent === true || UNPROCESSED.has(found.mechanism));
    return { outcome, kind: 'failed', failure, reason: found.reason, mayHaveRun };
  }
  const refusal = found.rpcError ?? {
    code: INTERNAL_ERROR,
    message: found.reason,
    ...(found.status === undefined ? {} : { data: { httpStatus: found.status } }),
  };
  return { outcome, kind: 'error', ...refusal };
}

/** The fault behind anything thrown in this folder; what is not ours is a broken connection. */
export function faultOf(error: unknown): Fault {
  return error instanceof FaultError ? error.fault : faultOfSocketError(error);
}

/** The code of our own error where a connection is neither made nor refused; Node has none for it. */
export const CONNECT_TIMEOUT = 'ERR_CONNECT_TIMEOUT';

/** By the error code of Node's socket, resolver, TLS and HTTP parser. */
export function faultOfSocketError(error: unknown): Fault {
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return fault('connection-refused', 'it refused the connection');
    case CONNECT_TIMEOUT:
      return fault('connect-timeout', 'no connection to it could be made in time');
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return fault('connection-reset', 'it reset the connection');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return fault('unknown-host', 'its host name could not be resolved');
  }
  if (SHORTAGES.has(code)) {
    return fault('shortage', `the gateway has run out of what it takes to reach it (${code})`);
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|EPROTO)/.test(code)) {
    return fault('tls', `the TLS handshake failed (${code})`);
  }
  if (code.startsWith('HPE_')) return fault('malformed', 'it did not answer in HTTP');
  return fault('unreachable', code === '' ? 'it could not be reached' : `it could not be reached (${code})`);
}

/**
 * What this machine, and not the backend, has run out of. A child that cannot be started for want of it is another thing:
 * there is no backend then.
 */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

/** By the error code of `spawn`; names the command, never its arguments or environment. */
export function faultOfSpawnError(error: unknown, command: string, cwdMissing: boolean): Fault {
  const code = codeOf(error);
  if (cwdMissing) return fault('spawn-failed', 'its working directory does not exist');
  if (code === 'ENOENT') return fault('spawn-failed', `the command "${command}" was not found`);
  if (code === 'EACCES') return fault('spawn-failed', `the command "${command}" may not be executed`);
  return fault('spawn-failed', `the command "${command}" could not be started (${code || 'unknown'})`);
}

export interface HttpRefusal {
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly rpcError?: RpcError;
  /** Whether the request named a session. */
  readonly inSession: boolean;
}

/** By HTTP status of an answer that is not a success. */
export function faultOfStatus(refusal: HttpRefusal): Fault {
  const { status, retryAfterMs, rpcError } = refusal;
  return {
    mechanism: mechanismOfStatus(refusal),
    reason: `it answered HTTP ${status}`,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(rpcError === undefined ? {} : { rpcError }),
  };
}

function mechanismOfStatus({ status, rpcError, inSession }: HttpRefusal): Mechanism {
  if (status >= 500) return 'http-server-error';
  // 408: it has waited too long for the request, and processed nothing of it.
  if (status === 429 || status === 408) return 'http-too-many-requests';
  if (status === 401 || status === 403) return 'http-unauthorized';
  // A lost session: 404 by the specification, 410 by proxies, 400 with -32000 by the official reference servers.
  if (inSession && (status === 404 || status === 410 || (status === 400 && rpcError?.code === -32000))) {
    return 'session-refused';
  }
  if (status >= 400) return 'http-client-error';
  return status >= 300 ? 'redirect' : 'malformed';
}

/**
 * A Retry-After header in milliseconds: seconds or an HTTP date, within [0, maxMs]; undefined when it is neither.
 * Source: RFC 9110 section 10.2.3.
 */
export function retryAfterMs(header: string | undefined, maxMs: number, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  // Every HTTP date begins with the day of the week; without it `Date.parse` takes `1.5` for a day in January.
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  const wanted = /^\d+$/.test(text) ? Number(text) * 1_000 : date - nowMs;
  return Number.isNaN(wanted) ? undefined : Math.min(Math.max(wanted, 0), maxMs);
}

function failed(category: FailureCategory, found: Fault): Outcome {
  const failure: Failure =
    found.retryAfterMs === undefined ? { category } : { category, retryAfterMs: found.retryAfterMs };
  return { kind: 'failed', failure };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

import * as http from 'node:http';
import * as https from 'node:https';
import { isRecord } from './message.js';
import { readMessage } from './message.js';
import type { RpcError } from './outcome.js';
import { FaultError, fault, faultOfSocketError, faultOfStatus, retryAfterMs } from './outcome.js';
import type { SessionLimits } from './session-limits.js';

/** An idle socket is closed before common servers close theirs, so that no request meets a closing one. */
const IDLE_SOCKET_MS = 1_000;
/** Bytes read of an answer of which only an error message may be of use. */
const MAX_REFUSAL_BYTES = 64 * 1024;

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

/** One HTTP exchange under way. */
export interface Exchange {
  /** Resolves with the head of the answer, whatever its status. @throws FaultError */
  readonly response: Promise<http.IncomingMessage>;
  /** Ends it; an answer still being read breaks off. */
  destroy(): void;
}

/**
 * The HTTP side of one session: own sockets, own headers. Redirects are not followed, bodies are not decompressed,
 * so what is counted is what is read.
 */
export class HttpClient {
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;

  /** @param headers sent with every request; the protocol's own headers win over them */
  constructor(
    readonly url: URL,
    readonly headers: Readonly<Record<string, string>>,
    readonly limits: SessionLimits,
  ) {
    const options = { keepAlive: true, timeout: IDLE_SOCKET_MS };
    const secure = url.protocol === 'https:';
    this.#agent = secure ? new https.Agent(options) : new http.Agent(options);
    this.#request = secure ? https.request : http.request;
  }

  /** Starts an exchange with the session's URL, or another one of the same origin. */
  start(method: HttpMethod, headers: Record<string, string>, body?: string, url = this.url): Exchange {
    const merged: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(this.headers)) merged[name.toLowerCase()] = value;
    Object.assign(merged, { 'accept-encoding': 'identity' }, headers);
    if (body !== undefined) merged['content-length'] = Buffer.byteLength(body);
    let request: http.ClientRequest;
    try {
      request = this.#request(url, { method, headers: merged, agent: this.#agent });
    } catch {
      // What Node says here may quote the header.
      const broken = fault('unreachable', 'its address or a configured header is not usable in HTTP');
      return { response: Promise.reject(new FaultError(broken)), destroy: () => undefined };
    }
    const response = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', (error) => reject(new FaultError(faultOfSocketError(error))));
    });
    request.end(body);
    return { response, destroy: () => request.destroy() };
  }

  /** Ends every socket. */
  close(): void {
    this.#agent.destroy();
  }
}

/**
 * Reads a whole body.
 * @throws FaultError when it is longer than `maxBytes` or breaks off
 */
export function readBody(response: http.IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) {
        reject(new FaultError(fault('too-large', 'its answer is larger than the limit')));
        response.destroy();
      } else parts.push(part);
    });
    response.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    // An IncomingMessage may break off with or without an error; after `end` both change nothing.
    response.on('error', (error) => reject(new FaultError(faultOfSocketError(error))));
    response.once('close', () =>
      reject(new FaultError(fault('connection-reset', 'it reset the connection'))),
    );
  });
}

/** Lets an answer end that nobody needs, so that its socket can be used again. */
export function discard(response: http.IncomingMessage): void {
  readBody(response, MAX_REFUSAL_BYTES).catch(() => undefined);
}

/**
 * Passes an answer with a status of success.
 * @throws FaultError for every other status, with Retry-After and a JSON-RPC error of the body
 */
export async function requireSuccess(
  response: http.IncomingMessage,
  inSession: boolean,
  limits: SessionLimits,
): Promise<void> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const wait = retryAfterMs(response.headers['retry-after'], limits.maxRetryAfterMs, Date.now());
  const rpcError = rpcErrorIn(await readBody(response, MAX_REFUSAL_BYTES).catch(() => ''));
  throw new FaultError(
    faultOfStatus({
      status,
      inSession,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
      ...(rpcError === undefined ? {} : { rpcError }),
    }),
  );
}

/**
 * The media type of a body, in lower case without parameters.
 * @throws FaultError when the body is compressed, which we never ask for
 */
export function mediaType(response: http.IncomingMessage): string {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    response.destroy();
    throw new FaultError(fault('malformed', 'it compressed its answer unasked'));
  }
  return (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** @throws FaultError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    throw new FaultError(fault('malformed', 'its answer is not JSON'));
  }
}

function rpcErrorIn(body: string): RpcError | undefined {
  try {
    const value: unknown = JSON.parse(body);
    // The SDK's servers leave the id out or null here; some leave `jsonrpc` out too.
    const read = readMessage(isRecord(value) ? { ...value, jsonrpc: '2.0', id: null } : value);
    if (read.kind !== 'error') return undefined;
    const { code, message, data } = read;
    return data === undefined ? { code, message } : { code, message, data };
  } catch {
    return undefined;
  }
}

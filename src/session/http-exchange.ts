import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { guardIdleSockets } from './idle-sockets.js';
import { isRecord } from './message.js';
import { readMessage } from './message.js';
import type { Fault, RpcError } from './outcome.js';
import {
  CONNECT_TIMEOUT,
  FaultError,
  fault,
  faultOfSocketError,
  faultOfStatus,
  retryAfterMs,
} from './outcome.js';
import type { SessionLimits } from './session-limits.js';

/** An idle socket is closed before common servers close theirs, so that no request meets a closing one. */
const IDLE_SOCKET_MS = 1_000;
/** After a pause this long the ends of idle sockets are read before one of them is used. */
const RESTED_MS = 10;
/** Bytes read of an answer of which only an error message may be of use. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** How long such an answer may take to end. */
const REFUSAL_BODY_MS = 500;
/** How long a message that has no answer may wait to be accepted. */
const ACCEPT_MS = 5_000;

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

/** One HTTP exchange under way. */
export interface Exchange {
  /** Resolves with the head of the answer, whatever its status. @throws FaultError */
  readonly response: Promise<http.IncomingMessage>;
  /** Ends it; an answer still being read breaks off. */
  destroy(): void;
}

interface Sending {
  request: http.ClientRequest | undefined;
  over: boolean;
}

/**
 * The HTTP side of one session: own sockets, own headers. Redirects are not followed, bodies are not decompressed,
 * so what is counted is what is read.
 */
export class HttpClient {
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  #usedAt = -Infinity;
  #closed = false;

  /** @param headers sent with every request; the protocol's own headers win over them */
  constructor(
    readonly url: URL,
    readonly headers: Readonly<Record<string, string>>,
    readonly limits: SessionLimits,
  ) {
    const options = { keepAlive: true, timeout: IDLE_SOCKET_MS };
    const secure = url.protocol === 'https:';
    this.#agent = secure ? new https.Agent(options) : new http.Agent(options);
    guardIdleSockets(this.#agent, IDLE_SOCKET_MS);
    this.#request = secure ? https.request : http.request;
  }

  /** Starts an exchange with the session's URL, or another one of the same origin. */
  start(method: HttpMethod, headers: Record<string, string>, body?: string, url = this.url): Exchange {
    const merged: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(this.headers)) merged[name.toLowerCase()] = value;
    Object.assign(merged, { 'accept-encoding': 'identity' }, headers);
    if (body !== undefined) merged['content-length'] = Buffer.byteLength(body);
    const sending: Sending = { request: undefined, over: false };
    const send = (): Promise<http.IncomingMessage> =>
      this.#send(url, { method, headers: merged, agent: this.#agent }, body, sending);
    const response = this.#isRested() ? nextPoll().then(send) : send();
    const destroy = (): void => {
      sending.over = true;
      sending.request?.destroy();
    };
    return { response, destroy };
  }

  #send(
    url: URL,
    options: http.RequestOptions,
    body: string | undefined,
    sending: Sending,
  ): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const refuse = (found: Fault): void => reject(new FaultError(found));
      if (sending.over || this.#closed) {
        refuse(fault('closed', 'its session was closed'));
        return;
      }
      try {
        const request = this.#request(url, options);
        sending.request = request;
        request.once('socket', (socket) => limitConnecting(request, socket, this.limits.maxConnectMs));
        request.once('response', resolve);
        request.once('upgrade', (_, socket) => {
          socket.destroy();
          refuse(fault('malformed', 'it changed to another protocol unasked'));
        });
        request.on('error', (error) => refuse(faultOfSocketError(error)));
        request.end(body);
      } catch {
        // What Node says here may quote the header.
        refuse(fault('unreachable', 'its address or a configured header is not usable in HTTP'));
      }
    });
  }

  /** Whether its idle sockets have idled for so long that their server may have closed them. */
  #isRested(): boolean {
    const now = performance.now();
    const rested = now - this.#usedAt > RESTED_MS;
    this.#usedAt = now;
    return rested;
  }

  /** Ends every socket. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }
}

/** A host that takes no connection and refuses none would cost each call its whole time. */
function limitConnecting(request: http.ClientRequest, socket: Socket, limitMs: number): void {
  if (!socket.connecting) return;
  const tooLong = Object.assign(new Error('connecting took too long'), { code: CONNECT_TIMEOUT });
  const limit = setTimeout(() => request.destroy(tooLong), limitMs);
  const connected = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
  for (const over of [connected, 'close']) socket.once(over, () => clearTimeout(limit));
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
    response.once('close', () => {
      if (!response.readableEnded)
        reject(new FaultError(fault('connection-reset', 'it reset the connection')));
    });
  });
}

/** Lets an answer end that nobody needs, so that its socket can be used again. */
export function discard(response: http.IncomingMessage): void {
  void readRefusal(response);
}

/** What there is of a body that need not come whole; one that does not end costs no more than its limits. */
async function readRefusal(response: http.IncomingMessage): Promise<string> {
  const limit = setTimeout(() => response.destroy(), REFUSAL_BODY_MS).unref();
  const body = await readBody(response, MAX_REFUSAL_BYTES).catch(() => '');
  clearTimeout(limit);
  return body;
}

/**
 * Waits until a message that has no answer is accepted; a server that takes too long over it loses it.
 * @throws FaultError
 */
export async function requireAccepted(
  exchange: Exchange,
  inSession: boolean,
  limits: SessionLimits,
): Promise<void> {
  const limit = setTimeout(() => exchange.destroy(), ACCEPT_MS).unref();
  try {
    const response = await exchange.response;
    await requireSuccess(response, inSession, limits);
    discard(response);
  } finally {
    clearTimeout(limit);
  }
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
  const rpcError = rpcErrorIn(await readRefusal(response));
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

/** Resolves when the sockets have been looked at, and what they showed has been taken in. */
function nextPoll(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

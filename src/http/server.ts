import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { IncomingAuth } from '../config/config.js';
import { setPrincipal } from '../gateway/principal.js';
import type { Log } from '../logging/log.js';
import type { Vmcp } from '../vmcp.js';
import { judgeAccess, urlHost } from './access.js';
import type { AccessRules } from './access.js';
import { createGate } from './auth/gate.js';
import type { Gate } from './auth/gate.js';
import { createEndpoints, notAllowed, problem, READ_METHODS } from './endpoints.js';
import type { Endpoints, JsonAnswer, TextAnswer } from './endpoints.js';
import { closeServer, listenOn } from './listening.js';
import { createLive } from './live/routes.js';
import type { Live } from './live/routes.js';
import type { Page } from './page.js';
import { pacedWarning } from './paced-warning.js';
import { MCP_PATH, pathOf, queryOf } from './request-target.js';

/** Bounds of one connection and of all of them. Times in milliseconds. */
const HTTP_LIMITS = {
  /** Until the request line and all headers are in. */
  headersTimeoutMs: 10_000,
  /** Until the whole request is in; an answer may stream for as long as it likes. */
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 120_000,
  /** How late the two timeouts above may be noticed. */
  checkingIntervalMs: 2000,
  maxHeaderBytes: 16_384,
  maxConnections: 4096,
} as const;

const MCP_METHODS = ['GET', 'POST', 'DELETE'];
const DENIAL_LOG_INTERVAL_MS = 1000;
/** The longest that a timer takes: 24 days, after which a stream may well begin anew. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface HttpServerOptions {
  readonly vmcp: Vmcp;
  readonly name: string;
  readonly groupRef: string;
  readonly version: string;
  /** Names beside loopback and the bound host: `name` (any port) or `name:port`. */
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins?: readonly string[];
  /** How clients prove who they are; absent: anonymous. */
  readonly incomingAuth?: IncomingAuth;
  /** The live page; absent: there is none. */
  readonly page?: Page;
  /** What opens the controls of an operator; absent: nothing does. */
  readonly adminToken?: string;
  readonly log: Log;
}

export interface HttpServer {
  /**
   * Listens on one port for MCP and all endpoints; port 0 takes a free one.
   *
   * @returns where it listens, e.g. `http://127.0.0.1:4483`.
   * @throws {ListenError} port in use, no right to it, or no such address.
   */
  listen(port: number, host: string): Promise<string>;
  /** From now on `/readyz` answers 503 and connections are not kept; everything else goes on. */
  drain(): void;
  /** Stops listening; resolves when every connection is closed, streams and idle ones by force. */
  close(): Promise<void>;
}

/**
 * The HTTP side of a virtual MCP server: `/mcp` and the endpoints, behind the Host and Origin checks and, where
 * clients have to prove who they are, behind a gate.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { vmcp, log } = options;
  let isDraining = false;
  let base = '';
  // Until it listens nobody is let in.
  let rules: AccessRules = { boundHost: '', port: -1, allowedHosts: [], allowedOrigins: [] };
  const endpoints = createEndpoints({
    ...options,
    mcpUrl: () => base + MCP_PATH,
    isDraining: () => isDraining,
  });
  const live = createLive(options);
  const { incomingAuth: auth = { type: 'anonymous' }, adminToken } = options;
  const gate = createGate({ auth, adminToken, log });
  const denied = pacedWarning(log, 'request turned away', DENIAL_LOG_INTERVAL_MS);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (pathOf(request) === MCP_PATH && MCP_METHODS.includes(request.method ?? '')) {
      void handleMcp(vmcp, request, response, log);
      return;
    }
    void respond(request, response, { endpoints, live }, log);
  };
  const server = boundedServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    if (isDraining) response.setHeader('Connection', 'close');
    const denial = judgeAccess(claimsOf(request), rules);
    if (denial !== undefined) {
      const { host, origin } = request.headers;
      denied({ code: denial.code, host, origin, path: pathOf(request) });
      send(request, response, problem(403, denial.code, denial.message));
      return;
    }
    if (gate) void pass(gate, request, response, serve, log);
    else serve(request, response);
  });
  return {
    listen: async (port, host) => {
      gate?.prepare();
      const boundPort = await listenOn(server, port, host, '--port');
      server.on('error', (error) => log.error({ error }, 'http server error'));
      base = `http://${urlHost(host)}:${boundPort}`;
      const { allowedHosts = [], allowedOrigins = [] } = options;
      rules = { boundHost: host, port: boundPort, allowedHosts, allowedOrigins };
      return base;
    },
    drain: () => {
      isDraining = true;
    },
    close: () => {
      endpoints.close();
      live.close();
      return closeServer(server);
    },
  };
}

function boundedServer(listener: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      headersTimeout: HTTP_LIMITS.headersTimeoutMs,
      requestTimeout: HTTP_LIMITS.requestTimeoutMs,
      keepAliveTimeout: HTTP_LIMITS.keepAliveTimeoutMs,
      connectionsCheckingInterval: HTTP_LIMITS.checkingIntervalMs,
      maxHeaderSize: HTTP_LIMITS.maxHeaderBytes,
      // An absent Host is answered by our own check, with a body that says what is wrong.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = HTTP_LIMITS.maxConnections;
  return server;
}

async function handleMcp(
  vmcp: Vmcp,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  try {
    await vmcp.handleMcp(request, response);
  } catch (error) {
    log.error({ error }, 'an MCP request failed inside the gateway');
    if (response.headersSent) response.destroy();
    else send(request, response, problem(500, 'INTERNAL_ERROR', 'the gateway failed to handle this request'));
  }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Hands a request on to who answers it, unless the gate does. */
async function pass(
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
  serve: Serve,
  log: Log,
): Promise<void> {
  try {
    const answered = gate.answer(request) ?? (await stopped(gate, request, response));
    if (answered) {
      send(request, response, answered);
      return;
    }
  } catch (error) {
    log.error({ error }, 'a token could not be judged');
    send(request, response, problem(500, 'INTERNAL_ERROR', 'the gateway failed to judge the token'));
    return;
  }
  serve(request, response);
}

/** @returns how a request that may not come in is answered; one that may has its principal from here on. */
async function stopped(
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<JsonAnswer | undefined> {
  if (gate.isOpen(request)) return undefined;
  const verdict = await gate.judge(request);
  if (!('principal' in verdict)) return verdict;
  setPrincipal(request, verdict.principal);
  if (request.method === 'GET' && verdict.expiresInMs !== undefined) endIn(verdict.expiresInMs, response);
  return undefined;
}

/** A stream lasts no longer than the token that opened it; who still may comes back with a new one. */
function endIn(ms: number, response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), Math.min(ms, MAX_TIMER_MS)).unref();
  response.once('close', () => clearTimeout(timer));
}

/** What there is beside MCP. */
interface Sides {
  readonly endpoints: Endpoints;
  readonly live: Live;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  sides: Sides,
  log: Log,
): Promise<void> {
  try {
    const own = sides.live.answer(request, response);
    if (own !== 'answered') send(request, response, own ?? (await answer(request, sides)));
  } catch (error) {
    log.error({ error }, 'an endpoint failed');
    send(request, response, problem(500, 'INTERNAL_ERROR', 'the gateway failed to answer this request'));
  }
}

function answer(
  request: IncomingMessage,
  { endpoints: { routes }, live }: Sides,
): JsonAnswer | Promise<TextAnswer> {
  const path = pathOf(request);
  const endpoint = routes.get(path);
  if (endpoint === undefined && path !== MCP_PATH) {
    const known = [MCP_PATH, ...routes.keys(), ...live.paths].join(', ');
    return problem(404, 'NOT_FOUND', `nothing here; this server answers on ${known}`);
  }
  const methods = endpoint === undefined ? MCP_METHODS : READ_METHODS;
  if (endpoint === undefined || !methods.includes(request.method ?? '')) {
    return notAllowed(methods);
  }
  return endpoint(queryOf(request));
}

/** Sends a whole answer; a HEAD request gets its headers only. */
function send(request: IncomingMessage, response: ServerResponse, answered: JsonAnswer | TextAnswer): void {
  const text = 'text' in answered ? answered.text : JSON.stringify(answered.body);
  response.writeHead(answered.status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...answered.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function claimsOf(request: IncomingMessage): { hosts: readonly string[]; origins: readonly string[] } {
  const { host = [], origin = [] } = request.headersDistinct;
  return { hosts: host, origins: origin };
}

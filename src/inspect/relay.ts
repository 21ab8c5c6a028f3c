import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { judgeAccess } from '../http/access.js';
import type { AccessRules } from '../http/access.js';
import { isSameToken } from '../http/admin-token.js';
import { closeServer, listenOn } from '../http/listening.js';
import { pageHeaders } from '../http/page.js';
import type { Page } from '../http/page.js';
import { pathOf, queryOf } from '../http/request-target.js';
import type { Log } from '../logging/log.js';
import { Audience } from './audience.js';
import type { AudienceWorld } from './audience.js';
import { INSPECT_LIMITS } from './limits.js';

/** Who is not on this machine cannot even connect. */
const HOST = '127.0.0.1';

export interface RelayOptions extends AudienceWorld {
  /** Whoever watches must have it. */
  readonly token: string;
  /** Shows Stately's inspector in a frame, and hands it what this relay tells. */
  readonly page: Page;
  readonly log: Log;
}

/** Offers the actors to Stately's inspector, on this machine only. */
export interface Relay {
  /**
   * @param port 0 takes a free one
   * @returns where it listens, e.g. `http://127.0.0.1:4484`; viewers open `ws://127.0.0.1:4484/?token=…`
   * @throws {ListenError}
   */
  listen(port: number): Promise<string>;
  /** Lets every viewer go, and listens no more. */
  close(): Promise<void>;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const NOT_FOUND: Refusal = {
  status: 404,
  code: 'NOT_FOUND',
  message: 'nothing here; the page is at /, and web sockets are opened there too',
};

/** A page that shows Stately's inspector, and a web socket in the wire format of `@statelyai/inspect` behind it. */
export function createRelay({ token, page, log, ...world }: RelayOptions): Relay {
  const audience = new Audience(world);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: INSPECT_LIMITS.maxSaidBytes,
    perMessageDeflate: false,
  });
  let rules: AccessRules = { boundHost: HOST, port: -1, allowedHosts: [], allowedOrigins: [] };

  const server = createServer((request, response) => {
    const refusal = refusalOf(request, rules) ?? (request.method === 'GET' ? undefined : NOT_FOUND);
    if (refusal) refuse(response, refusal);
    else response.writeHead(200, { ...pageHeaders(page), 'Cache-Control': 'no-store' }).end(page.html);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refusal = refusalOf(request, rules) ?? admission(request, token, audience.size);
    if (refusal) {
      const { code } = refusal;
      log.warn({ code, address: request.socket.remoteAddress }, 'a viewer of the inspector was turned away');
      turnAway(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => {
      viewer.on('error', () => viewer.terminate());
      viewer.once('close', () => {
        audience.remove(viewer);
        log.info({ viewers: audience.size }, 'a viewer of the inspector has left');
      });
      audience.add(viewer);
      log.info({ viewers: audience.size }, 'the inspector is watched: every step of a machine costs more');
    });
  });

  return {
    listen: async (port) => {
      const bound = await listenOn(server, port, HOST, '--inspect');
      server.on('error', (error) => log.error({ error }, 'inspector relay error'));
      rules = { ...rules, port: bound };
      return `http://${HOST}:${bound}`;
    },
    close: async () => {
      for (const viewer of sockets.clients) viewer.close(1001);
      const closed = closeServer(server);
      for (const viewer of sockets.clients) viewer.terminate();
      await new Promise((resolve) => sockets.close(resolve));
      await closed;
    },
  };
}

/** Whether it comes from elsewhere, or is for something else. */
function refusalOf(request: IncomingMessage, rules: AccessRules): Refusal | undefined {
  const { host = [], origin = [] } = request.headersDistinct;
  const denial = judgeAccess({ hosts: host, origins: origin }, rules);
  if (denial) {
    const message = 'the inspector is for this machine: for its own names, and for pages that it serves';
    return { status: 403, code: denial.code, message };
  }
  return pathOf(request) === '/' ? undefined : NOT_FOUND;
}

/** Whether one more may watch. */
function admission(request: IncomingMessage, token: string, viewers: number): Refusal | undefined {
  const given = queryOf(request).get('token') ?? '';
  if (!isSameToken(given, token)) {
    const message =
      'add ?token= with the admin token, which serve prints or reads from BREAKWATER_ADMIN_TOKEN';
    return { status: 403, code: 'ADMIN_TOKEN_REQUIRED', message };
  }
  if (viewers < INSPECT_LIMITS.maxViewers) return undefined;
  return { status: 503, code: 'TOO_MANY_VIEWERS', message: 'as many viewers as there may be are watching' };
}

function bodyOf({ code, message }: Refusal): string {
  return JSON.stringify({ error: { code, message } });
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { 'Content-Type': 'application/json' }).end(bodyOf(refusal));
}

/** The same before a connection has become a web socket. */
function turnAway(socket: Duplex, refusal: Refusal): void {
  const body = bodyOf(refusal);
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} Refused`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

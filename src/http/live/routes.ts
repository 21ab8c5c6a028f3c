import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../logging/log.js';
import type { Vmcp } from '../../vmcp.js';
import { backendReports } from '../backend-report.js';
import { notAllowed, problem, READ_METHODS } from '../endpoints.js';
import type { JsonAnswer, TextAnswer } from '../endpoints.js';
import { pageHeaders } from '../page.js';
import type { Page } from '../page.js';
import { pathOf, queryOf } from '../request-target.js';
import { cardOf } from './card.js';
import { ACTIONS, AdminDesk, unknownBackend } from './controls.js';
import { Feed } from './feed.js';

export interface LiveOptions {
  readonly vmcp: Vmcp;
  /** Of the server, as the page shows it. */
  readonly name: string;
  /** Absent: there is no page, and the rest works. */
  readonly page?: Page;
  /** What opens the controls; absent: nothing does. */
  readonly adminToken?: string;
  readonly log: Log;
}

/** The live page, the stream behind it, and the controls. */
export interface Live {
  /** Paths as a 404 names them. */
  readonly paths: readonly string[];
  /** Answers by itself, or returns what is to be sent; undefined for a path of others. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): JsonAnswer | TextAnswer | 'answered' | undefined;
  close(): void;
}

const OF_BACKEND = /^\/api\/backends\/(?<backend>[^/]+)\/(?<what>[^/]+)$/;
const DETAILS = 'details';
const RETRY_AFTER_S = 5;

export function createLive({ vmcp, name, page, adminToken, log }: LiveOptions): Live {
  const feed = new Feed({
    subscribe: (listener) => vmcp.subscribe(listener),
    look: () => {
      const status = vmcp.status();
      const cards = backendReports(status, vmcp.backends()).map((report) => {
        const { latency, states } = vmcp.glance(report.status.name);
        return cardOf(report, latency, states);
      });
      return { summary: { server: name, phase: status.phase, at: new Date().toISOString() }, cards };
    },
  });
  const desk = new AdminDesk(vmcp, log, adminToken);
  const names = () => vmcp.backends().map((backend) => backend.name);

  const events = (request: IncomingMessage, response: ServerResponse): JsonAnswer | 'answered' => {
    if (request.method !== 'GET') return notAllowed(['GET']);
    if (feed.open(request, response, queryOf(request))) return 'answered';
    const message = 'as many viewers as there may be are watching';
    return problem(503, 'TOO_MANY_VIEWERS', message, { 'Retry-After': String(RETRY_AFTER_S) });
  };
  const front = (shown: Page, request: IncomingMessage): JsonAnswer | TextAnswer => {
    if (!READ_METHODS.includes(request.method ?? '')) return notAllowed(READ_METHODS);
    return { status: 200, text: shown.html, headers: pageHeaders(shown) };
  };
  const details = (backend: string, request: IncomingMessage): JsonAnswer => {
    if (!READ_METHODS.includes(request.method ?? '')) return notAllowed(READ_METHODS);
    if (names().includes(backend)) return { status: 200, body: vmcp.closeUp(backend) };
    const { code, message } = unknownBackend(backend, names());
    return problem(404, code, message);
  };
  const control = (backend: string, action: string, request: IncomingMessage): JsonAnswer => {
    if (request.method !== 'POST') return notAllowed(['POST']);
    const { authorization, 'user-agent': userAgent } = request.headers;
    const asker = { address: request.socket.remoteAddress, userAgent, authorization };
    const verdict = desk.ask(backend, action, names(), asker);
    if (verdict.kind === 'done') return { status: 200, body: { backend, action } };
    if (verdict.kind === 'unknown') return problem(404, verdict.code, verdict.message);
    return problem(401, verdict.code, verdict.message, {
      'WWW-Authenticate': 'Bearer realm="breakwater admin"',
    });
  };

  return {
    paths: [
      ...(page ? ['/'] : []),
      '/api/events',
      `/api/backends/<name>/${DETAILS}`,
      `/api/backends/<name>/<${ACTIONS.join('|')}>`,
    ],
    answer: (request, response) => {
      const path = pathOf(request);
      if (path === '/' && page) return front(page, request);
      if (path === '/api/events') return events(request, response);
      const { backend, what } = OF_BACKEND.exec(path)?.groups ?? {};
      if (backend === undefined || what === undefined) return undefined;
      const decoded = decode(backend);
      if (decoded === undefined)
        return problem(400, 'BAD_PATH', 'the name of the backend is not well encoded');
      return what === DETAILS ? details(decoded, request) : control(decoded, what, request);
    },
    close: () => feed.close(),
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { onTestFinished } from 'vitest';
import type { IncomingAuth } from '../../../src/config/config.js';
import { createHttpServer } from '../../../src/http/server.js';
import type { HttpServerOptions } from '../../../src/http/server.js';
import type { Log } from '../../../src/logging/log.js';
import { backendStatus, engineStatus, FakeVmcp, info } from '../fake-vmcp.js';

/** Keeps what is logged. */
export class Logged implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[] = [];
  debug = (fields: object, message: string) => void this.lines.push({ level: 'debug', message, fields });
  info = (fields: object, message: string) => void this.lines.push({ level: 'info', message, fields });
  warn = (fields: object, message: string) => void this.lines.push({ level: 'warn', message, fields });
  error = (fields: object, message: string) => void this.lines.push({ level: 'error', message, fields });

  of(level: string, message: string): readonly object[] {
    return this.lines
      .filter((line) => line.level === level && line.message === message)
      .map(({ fields }) => fields);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `error.code` of the body. */
  readonly code: unknown;
}

/** An HTTP server behind a gate, in front of one backend that is none, for as long as the test runs. */
export async function guarded(auth: IncomingAuth, options: Partial<HttpServerOptions> = {}) {
  const vmcp = new FakeVmcp();
  vmcp.engine = engineStatus(backendStatus('secret-backend'));
  vmcp.infos = [info('secret-backend')];
  let calls = 0;
  vmcp.onMcp = (_, response) => {
    calls += 1;
    response.end('mcp');
    return Promise.resolve();
  };
  const log = new Logged();
  const base = { vmcp, name: 'demo', groupRef: 'group', version: '1.2.3', log, incomingAuth: auth };
  const server = createHttpServer({ ...base, ...options });
  const url = await server.listen(0, '127.0.0.1');
  onTestFinished(() => server.close());
  return {
    vmcp,
    log,
    url,
    /** How many requests came through to MCP. */
    calls: () => calls,
    ask: (path: string, method = 'GET', headers: OutgoingHttpHeaders = {}) => ask(url, path, method, headers),
    /** One request to MCP with a token. */
    mcp: (token: string, method = 'POST') => ask(url, '/mcp', method, { Authorization: `Bearer ${token}` }),
  };
}

/** One request on a connection of its own, with headers as they are given. */
function ask(base: string, path: string, method: string, headers: OutgoingHttpHeaders): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(base);
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('error', reject);
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text, code: codeOf(text) });
      });
    });
    request.on('error', reject).end();
  });
}

function codeOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { error?: { code?: unknown } }).error?.code;
  } catch {
    return undefined;
  }
}

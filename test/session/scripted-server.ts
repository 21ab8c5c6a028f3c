import { once } from 'node:events';
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A JSON-RPC message as the server read it; `id` is undefined for a notification. */
export interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One POST under way: what was asked, and ways to answer it, good and bad. */
export class Post {
  constructor(
    readonly message: Message,
    readonly request: http.IncomingMessage,
    readonly response: http.ServerResponse,
  ) {}

  /** Ends the answer with bytes of any kind. */
  raw(body: string | Buffer, status = 200, headers: http.OutgoingHttpHeaders = {}): void {
    this.response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  }

  json(body: unknown, status = 200, headers: http.OutgoingHttpHeaders = {}): void {
    this.raw(JSON.stringify(body), status, headers);
  }

  result(result: object, headers: http.OutgoingHttpHeaders = {}): void {
    this.json(this.answer({ result }), 200, headers);
  }

  /** A JSON-RPC message that answers this request. */
  answer(content: object): object {
    return { jsonrpc: '2.0', id: this.message.id, ...content };
  }

  /** Begins an event stream, with these messages as its first events. */
  stream(...messages: readonly object[]): http.ServerResponse {
    return beginStream(this.response, messages.map(event).join(''));
  }

  reset(): void {
    this.request.socket.resetAndDestroy();
  }
}

export function event(message: object): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

export function beginStream(response: http.ServerResponse, text = ''): http.ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  if (text !== '') response.write(text);
  return response;
}

export type Handler = (post: Post) => void;

interface Seen extends Message {
  readonly headers: http.IncomingHttpHeaders;
}

/**
 * An MCP server over Streamable HTTP that does what the test tells it, per JSON-RPC method, and behaves otherwise.
 * It is ended when the test is.
 */
export class ScriptedServer {
  /** What arrived by POST, in order. */
  readonly seen: Seen[] = [];
  /** The HTTP requests that arrived, as `GET /mcp`. */
  readonly requests: string[] = [];
  readonly sockets = new Set<Socket>();
  /** Connections taken, ever. */
  accepted = 0;
  tools: object[] = [{ name: 'echo', inputSchema: { type: 'object' } }];
  capabilities: object = { tools: { listChanged: true } };
  /** Whether it gives out session ids. */
  stateful = true;
  onGet: (request: http.IncomingMessage, response: http.ServerResponse) => void = (_, response) => {
    response.writeHead(405).end();
  };
  onDelete: (response: http.ServerResponse) => void = (response) => response.writeHead(200).end();
  readonly #handlers = new Map<string, Handler>();
  readonly #sessions = new Set<string>();
  #sessionCount = 0;
  #port = 0;

  private constructor(readonly http: http.Server) {
    http.on('connection', (socket) => {
      this.accepted += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  static async start(options: http.ServerOptions = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(http.createServer(options));
    server.http.on('request', (request, response) => void server.#take(request, response));
    await server.listen();
    onTestFinished(() => server.stop());
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `${this.origin}/mcp`;
  }

  /** From now on a method is answered so. */
  on(method: string, handler: Handler): this {
    this.#handlers.set(method, handler);
    return this;
  }

  /** How often a method arrived. */
  count(method: string): number {
    return this.seen.filter((message) => message.method === method).length;
  }

  /** Forgets every session, as a restarted server does. */
  forget(): void {
    this.#sessions.clear();
  }

  async listen(): Promise<void> {
    this.http.listen(this.#port, '127.0.0.1');
    await once(this.http, 'listening');
    const address = this.http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.on('error', () => undefined);
    if (request.method === 'GET') {
      this.onGet(request, response);
      return;
    }
    if (request.method === 'DELETE') {
      this.onDelete(response);
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const message = JSON.parse(Buffer.concat(parts).toString()) as Message;
    this.seen.push({ ...message, headers: request.headers });
    const post = new Post(message, request, response);
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string' && !this.#sessions.has(id)) {
      post.json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }, 404);
      return;
    }
    (this.#handlers.get(message.method) ?? ((it: Post) => this.behave(it)))(post);
  }

  /** The answer of a server that means well. */
  behave(post: Post): void {
    const { id, method, params } = post.message;
    if (id === undefined) post.raw('', 202);
    else if (method === 'initialize') this.#initialize(post);
    else if (method === 'tools/list') post.result({ tools: this.tools });
    else if (method === 'tools/call') {
      post.result({ content: [{ type: 'text', text: JSON.stringify(params['arguments']) }] });
    } else post.result({});
  }

  #initialize(post: Post): void {
    const id = `session-${(this.#sessionCount += 1)}`;
    this.#sessions.add(id);
    post.result(
      {
        protocolVersion: '2025-11-25',
        capabilities: this.capabilities,
        serverInfo: { name: 'scripted', version: '1' },
      },
      this.stateful ? { 'mcp-session-id': id } : {},
    );
  }
}

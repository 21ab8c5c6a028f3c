import { once } from 'node:events';
import * as http from 'node:http';
import { onTestFinished } from 'vitest';
import type { Message } from './scripted-server.js';
import { beginStream } from './scripted-server.js';

/** A server of the transport before Streamable HTTP, which does what the test tells it and behaves otherwise. */
export class LegacyServer {
  readonly seen: Message[] = [];
  readonly streams: http.ServerResponse[] = [];
  readonly posts: http.ServerResponse[] = [];
  accepted = 0;
  open = 0;
  /** What its first event names. */
  endpoint = '/messages?sessionId=1';
  /** Whether it accepts what is posted. */
  accepts = true;
  onCall: (message: Message) => void = ({ id }) => this.send({ jsonrpc: '2.0', id, result: { content: [] } });
  #origin = '';

  private constructor(readonly http: http.Server) {
    http.on('connection', (socket) => {
      this.accepted += 1;
      this.open += 1;
      socket.on('close', () => (this.open -= 1));
    });
  }

  static async start(): Promise<LegacyServer> {
    const server = new LegacyServer(http.createServer());
    server.http.on('request', (request, response) => void server.#take(request, response));
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    const address = server.http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    server.#origin = `http://127.0.0.1:${address.port}`;
    onTestFinished(() => {
      server.http.closeAllConnections();
      server.http.close();
    });
    return server;
  }

  get url(): string {
    return `${this.#origin}/sse`;
  }

  count(method: string): number {
    return this.seen.filter((message) => message.method === method).length;
  }

  /** Sends an event on the newest stream. */
  send(message: object): void {
    this.streams.at(-1)?.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      this.streams.push(beginStream(response, `event: endpoint\ndata: ${this.endpoint}\n\n`));
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const message = JSON.parse(Buffer.concat(parts).toString()) as Message;
    this.seen.push(message);
    this.posts.push(response);
    if (this.accepts) response.writeHead(202).end();
    const { id, method } = message;
    const serverInfo = { name: 'legacy', version: '1' };
    if (method === 'initialize') {
      const result = { protocolVersion: '2024-11-05', capabilities: { tools: {}, prompts: {} }, serverInfo };
      this.send({ jsonrpc: '2.0', id, result });
    } else if (method === 'tools/list')
      this.send({ jsonrpc: '2.0', id, result: { tools: [{ name: 'echo' }] } });
    else if (method === 'prompts/list')
      this.send({ jsonrpc: '2.0', id, result: { prompts: [{ name: 'p' }] } });
    else if (method === 'tools/call') this.onCall(message);
    else if (id !== undefined) this.send({ jsonrpc: '2.0', id, result: {} });
  }
}

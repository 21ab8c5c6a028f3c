import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished, vi } from 'vitest';
import { Gateway } from '../../src/gateway/gateway.js';
import { silent } from '../../src/logging/log.js';
import type { FakeBackend } from './fake-backend.js';
import { settings } from './fake-backend.js';

export const ACCEPT = 'application/json, text/event-stream';
export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

/** Waits until the claim holds; fails with its error after a while. */
export const until = <T>(claim: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(claim, { timeout: 5000, interval: 5 });

/** A server on a port of its own for as long as the test runs. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  end: () => Promise<void>,
): Promise<URL> {
  const listener: RequestListener = (request, response) => void handle(request, response);
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(async () => {
    await end();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

/** A gateway over these backends, and its address. */
export async function gatewayOver(
  backends: readonly FakeBackend[],
  whole = settings(),
): Promise<{ gateway: Gateway; url: URL }> {
  const gateway = new Gateway(whole, backends, silent);
  const url = await serve(
    (request, response) => gateway.handleHttp(request, response),
    () => {
      for (const backend of backends) backend.letGo();
      return gateway.close();
    },
  );
  return { gateway, url };
}

/** A gateway over these backends with one client over a pair of streams. */
export function stdioOver(backends: readonly FakeBackend[], whole = settings()) {
  const gateway = new Gateway(whole, backends, silent);
  const [input, output] = [new PassThrough(), new PassThrough()];
  const messages: Wired[] = [];
  let text = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    messages.push(...lines.map((line) => JSON.parse(line) as Wired));
  });
  const served = gateway.serveStdio(input, output);
  onTestFinished(() => {
    for (const backend of backends) backend.letGo();
    return gateway.close();
  });
  const write = (...lines: object[]) =>
    input.write(lines.map((line) => JSON.stringify({ jsonrpc: '2.0', ...line }) + '\n').join(''));
  return { gateway, input, output, messages, served, write };
}

/** A client of the SDK, connected. */
export async function sdkClient(
  url: URL,
  client = new Client({ name: 'sdk', version: '1' }),
): Promise<Client> {
  // Its optional fields are declared so that exactOptionalPropertyTypes refuses them.
  await client.connect(new StreamableHTTPClientTransport(url));
  onTestFinished(() => client.close());
  return client;
}

/** A message as it came over the wire. */
export interface Wired {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** One client session by `fetch` alone. */
export class RawClient {
  private constructor(
    private readonly url: URL,
    readonly sessionId: string,
  ) {}

  static async open(url: URL): Promise<RawClient> {
    const response = await rawPost(url, INITIALIZE);
    await response.text();
    const id = response.headers.get('mcp-session-id');
    if (id === null) throw new Error(`no session: HTTP ${response.status}`);
    return new RawClient(url, id);
  }

  post(body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return rawPost(this.url, body, { 'Mcp-Session-Id': this.sessionId, ...headers }, signal);
  }

  /** The answer to one request, from plain JSON. */
  async ask(method: string, params: object = {}, id: string | number = 1): Promise<Wired> {
    const response = await this.post({ jsonrpc: '2.0', id, method, params });
    return (await response.json()) as Wired;
  }

  send(method: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    const all = { 'Mcp-Session-Id': this.sessionId, Accept: 'text/event-stream', ...headers };
    return fetch(this.url, { method, headers: all, ...(signal && { signal }) });
  }

  /** The messages of its own stream, as they come. */
  async listen(): Promise<Wired[]> {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const response = await this.send('GET', {}, controller.signal);
    const messages: Wired[] = [];
    void readEvents(response, messages);
    return messages;
  }
}

export function rawPost(
  url: URL,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: ACCEPT, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** Collects the messages of a stream of events until it ends or breaks. */
export async function readEvents(response: Response, into: Wired[] = []): Promise<Wired[]> {
  let text = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = block.split('\n').find((line) => line.startsWith('data: '));
        if (data) into.push(JSON.parse(data.slice(6)) as Wired);
      }
    }
  } catch {
    // Aborted or cut: what came before is what there is.
  }
  return into;
}

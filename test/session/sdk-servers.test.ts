import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { expect, onTestFinished, test } from 'vitest';
import { SessionProbe, summary, until } from './session-probe.js';

// eslint-disable-next-line @typescript-eslint/no-deprecated -- servers that still use it are the point
const LegacyTransport = SSEServerTransport;

function mcpServer(): McpServer {
  const server = new McpServer({ name: 'sdk', version: '1.0.0' }, { instructions: 'be kind' });
  server.registerTool('slow', { description: 'reports progress' }, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken;
    for (let progress = 1; progress <= 3 && progressToken !== undefined; progress += 1) {
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
    }
    return { content: [{ type: 'text', text: 'done' }] };
  });
  server.registerTool('fail', {}, () => ({ content: [], isError: true }));
  server.registerTool('hang', {}, () => new Promise(() => undefined));
  server.registerResource('r', 'test://r', {}, () => ({ contents: [] }));
  return server;
}

/** The SDK's types and `exactOptionalPropertyTypes` disagree about its own transports. */
async function attach(server: McpServer, transport: unknown): Promise<void> {
  await server.connect(transport as Transport);
}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>;

async function serve(listener: Listener): Promise<{ origin: string; connections: () => Promise<number> }> {
  const server = http.createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
  };
}

async function exercise(probe: SessionProbe): Promise<void> {
  expect(probe.session.catalog).toMatchObject({
    tools: [{ name: 'slow' }, { name: 'fail' }, { name: 'hang' }],
    resources: [{ uri: 'test://r' }],
    resourceTemplates: [],
    serverInfo: { name: 'sdk', version: '1.0.0' },
    instructions: 'be kind',
  });
  const heard: object[] = [];
  const slow = await probe.ask(
    'tools/call',
    { name: 'slow' },
    { onProgress: (params) => heard.push(params) },
  );
  expect(slow).toMatchObject({ result: { content: [{ type: 'text', text: 'done' }] } });
  expect(heard).toEqual([{ progress: 1 }, { progress: 2 }, { progress: 3 }]);
  expect(await probe.ask('tools/call', { name: 'fail' })).toMatchObject({ result: { isError: true } });
  expect(summary(await probe.ask('no/such', {}))).toBe('succeeded: error -32601 Method not found');
  const hang = probe.ask('tools/call', { name: 'hang' }, { timeoutMs: 50 });
  expect(summary(await hang)).toBe('timeout: the call timed out after 0.05 s');
  expect(await probe.check()).toBe('succeeded');
  await until(() => probe.session.held === 0, 'nothing is held');
}

test("the SDK's Streamable HTTP server is served whole, and found again after it forgot us [R26]", async () => {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const { origin, connections } = await serve(async (request, response) => {
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? transports.get(id) : undefined;
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void transports.set(session, made),
      });
      await attach(mcpServer(), made);
      transport = made;
    }
    await transport.handleRequest(request, response);
  });
  const probe = await new SessionProbe(`${origin}/mcp`).open();
  await exercise(probe);
  expect(transports.size).toBe(1);
  // A request on a session that it does not know gets a 400 of the SDK's own.
  transports.clear();
  expect(summary(await probe.ask('tools/call', { name: 'slow' }))).toBe('succeeded: result');
  expect(transports.size).toBe(1);
  expect(probe.lost).toEqual([]);
  await probe.session.close(1_000);
  await expect.poll(connections).toBe(0);
});

test("the SDK's server without sessions is served too [R26]", async () => {
  const { origin, connections } = await serve(async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    await attach(mcpServer(), transport);
    await transport.handleRequest(request, response);
  });
  const probe = await new SessionProbe(`${origin}/mcp`).open();
  expect(await probe.ask('tools/call', { name: 'fail' })).toMatchObject({ result: { isError: true } });
  await probe.session.close(1_000);
  await expect.poll(connections).toBe(0);
});

test("the SDK's legacy SSE server is served whole [R26]", async () => {
  const transports = new Map<string, InstanceType<typeof LegacyTransport>>();
  const { origin, connections } = await serve(async (request, response) => {
    if (request.method === 'GET') {
      const transport = new LegacyTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      await attach(mcpServer(), transport);
      return;
    }
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId') ?? '';
    await transports.get(id)?.handlePostMessage(request, response);
  });
  const probe = await new SessionProbe(`${origin}/sse`, { transport: 'sse' }).open();
  await exercise(probe);
  await probe.session.close(1_000);
  await expect.poll(connections).toBe(0);
});

/**
 * An MCP server whose tools ask the client something, over stdio or, with a port as argument, over Streamable HTTP with a
 * session for each client.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
const COUNTER = 'test://counter';
const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});
function createAskingServer() {
  const server = new McpServer(
    { name: 'asking', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true, listChanged: true } } },
  );
  const { server: raw } = server;
  const subscribed = new Set();
  raw.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  raw.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  let count = 0;
  server.registerResource('counter', COUNTER, {}, () => ({
    contents: [{ uri: COUNTER, text: String(count) }],
  }));
  server.registerTool('touch', {}, async () => {
    count += 1;
    if (subscribed.has(COUNTER)) await raw.sendResourceUpdated({ uri: COUNTER });
    return text([...subscribed]);
  });
  server.registerTool('who', {}, () =>
    text({ client: raw.getClientVersion(), capabilities: raw.getClientCapabilities(), pid: process.pid }),
  );
  server.registerTool(
    'log',
    { inputSchema: { data: z.string() } },
    async ({ data }, { sendNotification }) => {
      await sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      return text('logged');
    },
  );
  server.registerTool(
    'sample',
    { inputSchema: { prompt: z.string() } },
    async ({ prompt }, { sendRequest }) => {
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
      const params = { messages, maxTokens: 10 };
      return text(await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema));
    },
  );
  server.registerTool('elicit', {}, async ({ sendRequest, signal }) => {
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } };
    const params = { message: 'Who are you?', requestedSchema };
    const options = { signal, timeout: 60_000 };
    return text(await sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema, options));
  });
  server.registerTool('roots', {}, async ({ sendRequest }) =>
    text(await sendRequest({ method: 'roots/list' }, ListRootsResultSchema)),
  );
  /** Not with the call, but beside it: on a session that many share nobody could tell for whom. */
  server.registerTool('roots-aside', {}, async () => text(await raw.listRoots()));
  return server;
}
const [port] = process.argv.slice(2).map(Number);
if (port === undefined) await createAskingServer().connect(new StdioServerTransport());
else {
  const transports = new Map();
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    });
    await createAskingServer().connect(transport);
    return transport;
  };
  const handle = async (request, response) => {
    if (request.url === '/sessions') {
      response.end(String(transports.size));
      return;
    }
    const id = request.headers['mcp-session-id'];
    const transport = typeof id === 'string' ? transports.get(id) : await open();
    if (transport) await transport.handleRequest(request, response);
    else response.writeHead(404).end();
  };
  createServer((request, response) => void handle(request, response)).listen(port, '127.0.0.1');
}

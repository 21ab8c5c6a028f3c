/**
 * What anybody would write first: the SDK's client behind the SDK's server. Each client session has a session of its own
 * with each backend; names get the backend's name before them.
 *
 * Usage: node naive-proxy.mjs <port> <name>=<url or command as JSON array>...
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const [port, ...specs] = process.argv.slice(2);
const backends = specs.map((spec) => {
  const [name, ...rest] = spec.split('=');
  return { name, at: rest.join('=') };
});
const sessions = new Map();

async function connect({ name, at }) {
  const client = new Client({ name: 'naive', version: '1.0.0' });
  const [command, ...args] = at.startsWith('[') ? JSON.parse(at) : [];
  const transport = command
    ? new StdioClientTransport({ command, args })
    : new StreamableHTTPClientTransport(new URL(at));
  await client.connect(transport);
  return { name, client };
}

async function all(client) {
  const tools = [];
  let cursor;
  do {
    const page = await client.listTools({ cursor });
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tools;
}

async function open() {
  const connected = await Promise.all(backends.map(connect));
  const server = new Server({ name: 'naive', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const lists = await Promise.all(
      connected.map(async ({ name, client }) =>
        (await all(client)).map((tool) => ({ ...tool, name: `${name}_${tool.name}` })),
      ),
    );
    return { tools: lists.flat() };
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const backend = connected.find(({ name }) => params.name.startsWith(`${name}_`));
    return backend.client.callTool({ ...params, name: params.name.slice(backend.name.length + 1) });
  });
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  transport.onclose = () => {
    sessions.delete(transport.sessionId);
    for (const { client } of connected) void client.close();
  };
  await server.connect(transport);
  return transport;
}

createServer(async (request, response) => {
  try {
    const transport = sessions.get(request.headers['mcp-session-id']) ?? (await open());
    await transport.handleRequest(request, response);
  } catch {
    response.destroy();
  }
}).listen(Number(port), '127.0.0.1');

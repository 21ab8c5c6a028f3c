/**
 * Many MCP servers on one port, at `/<number>/mcp`: number 0 is always well, the others are up and down by turns, each at
 * its own time. Its own process, so that what it does costs neither the gateway nor who measures it.
 *
 * Usage: node flapping-server.mjs <port> <milliseconds of one turn>
 */
import { createServer } from 'node:http';

const [port, turnMs] = process.argv.slice(2).map(Number);
const TOOL = { name: 'echo', inputSchema: { type: 'object' } };

const RESULTS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'flapping', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [TOOL] }),
  'tools/call': () => ({ content: [{ type: 'text', text: 'well' }] }),
};

function isUp(number) {
  const offset = (number * 7919) % (2 * turnMs);
  return number === 0 || Math.floor((performance.now() + offset) / turnMs) % 2 === 0;
}

createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const number = Number(request.url.split('/')[1]);
    if (!isUp(number)) return response.writeHead(503).end();
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params } = JSON.parse(text);
    if (id === undefined) return response.writeHead(202).end();
    const result = RESULTS[method]?.(params);
    const answer = result ? { result } : { error: { code: -32601, message: 'not here' } };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
}).listen(port, '127.0.0.1', () => process.send?.('listening'));

// Who started it is gone.
process.on('disconnect', () => process.exit());

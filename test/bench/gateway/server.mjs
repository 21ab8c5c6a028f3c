/**
 * The backends of the benchmark: MCP servers that cost next to nothing, so that what is measured is what stands before
 * them. Its own process, many servers on one port:
 *
 * - `/mcp` has the tool `echo`, `/<n>/mcp` has n tools, of which `echo` is the first;
 * - `/hostile/<mode>/mcp` does harm: see MODES.
 *
 * Usage: node server.mjs http | stdio. Over HTTP it tells its parent the port that it took.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const PAGE = 1000;
/** Longer than any gateway should take. */
const HUGE_BYTES = 64 * 1024 * 1024;
const FLOOD_CHUNK = 64;
/** How long a flood goes on after a call. */
const FLOOD_MS = 150;

const JSON_TYPE = { 'Content-Type': 'application/json' };
const EVENTS_TYPE = { 'Content-Type': 'text/event-stream' };

const event = (message) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const messageEvent = event({
  method: 'notifications/message',
  params: { level: 'error', logger: 'flood', data: 'x'.repeat(200) },
});
const changedEvent = event({ method: 'notifications/tools/list_changed' });

/** Answers that are none, one after the other. */
const MALFORMED = [
  () => [200, JSON_TYPE, '{"jsonrpc":"2.0","id":'],
  (id) => [
    200,
    JSON_TYPE,
    JSON.stringify({ jsonrpc: '2.0', id, result: {}, error: { code: 1, message: '' } }),
  ],
  (id) => [200, JSON_TYPE, JSON.stringify({ jsonrpc: '2.0', id })],
  (id) => [200, JSON_TYPE, JSON.stringify({ jsonrpc: '2.0', id: `${id}?`, result: {} })],
  () => [200, JSON_TYPE, JSON.stringify({ jsonrpc: '2.0', id: null, result: {} })],
  () => [200, JSON_TYPE, '[]'],
  () => [202, {}, ''],
  () => [200, { 'Content-Type': 'text/html' }, '<p>hello</p>'],
  () => [200, EVENTS_TYPE, ': nothing\n\n'],
  () => [200, EVENTS_TYPE, 'data: {"jsonrpc":"2.0"\n\n'],
];
let malformed = 0;
let huge;

/** What is done instead of answering a call. */
const MODES = {
  flood: (id, response) => sendResult(response, id, call('flood')),
  changes: (id, response) => sendResult(response, id, call('changes')),
  huge(id, response) {
    huge ??= Buffer.from('x'.repeat(HUGE_BYTES));
    response.writeHead(200, JSON_TYPE);
    response.write(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":"`,
    );
    response.end(huge);
  },
  malformed(id, response) {
    const [status, headers, body] = MALFORMED[malformed++ % MALFORMED.length](id);
    response.writeHead(status, headers).end(body);
  },
  hang() {},
  503: (id, response) => response.writeHead(503).end(),
};
/** What is said without being asked. */
const FLOODS = { flood: messageEvent.repeat(FLOOD_CHUNK), changes: changedEvent.repeat(FLOOD_CHUNK) };
const calledAt = { flood: -Infinity, changes: -Infinity };

const call = (text) => ({ content: [{ type: 'text', text }] });

function toolAt(number) {
  const name = number === 0 ? 'echo' : `tool_${String(number).padStart(5, '0')}`;
  return {
    name,
    description: `Number ${number} of many tools: says again what it is told, as often as it is asked to.`,
    inputSchema: {
      type: 'object',
      properties: {
        message: { type: 'string', description: 'What to say' },
        times: { type: 'integer', minimum: 1, maximum: 10, description: 'How often to say it' },
      },
      required: ['message'],
    },
  };
}

const pages = new Map();
/** One page of so many tools; made once. */
function page(count, cursor) {
  const from = cursor === undefined ? 0 : Number(cursor);
  const key = `${count} ${from}`;
  if (!pages.has(key)) {
    const next = Math.min(count, from + PAGE);
    const tools = Array.from({ length: next - from }, (_, index) => toolAt(from + index));
    pages.set(key, { tools, ...(next < count && { nextCursor: String(next) }) });
  }
  return pages.get(key);
}

function resultOf({ method, params = {} }, count) {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: { listChanged: true }, logging: {} },
        serverInfo: { name: 'bench', version: '1.0.0' },
      };
    case 'ping':
    case 'logging/setLevel':
      return {};
    case 'tools/list':
      return page(count, params.cursor);
    case 'tools/call':
      return call(`Echo: ${params.arguments?.message}`);
  }
  return undefined;
}

function answerTo(message, count) {
  const { id } = message;
  const result = resultOf(message, count);
  return result
    ? { jsonrpc: '2.0', id, result }
    : { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } };
}

function sendResult(response, id, result) {
  send(response, { jsonrpc: '2.0', id, result });
}

function send(response, answer) {
  const body = JSON.stringify(answer);
  response.writeHead(200, { ...JSON_TYPE, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

/** As fast as it is taken, while the server is called; so whoever measures says when. */
function flood(response, mode) {
  response.writeHead(200, EVENTS_TYPE);
  response.flushHeaders();
  const write = () => {
    while (!response.destroyed) {
      if (performance.now() - calledAt[mode] > FLOOD_MS) return setTimeout(write, FLOOD_MS / 10);
      if (!response.write(FLOODS[mode])) return response.once('drain', () => setImmediate(write));
    }
  };
  write();
}

function serveHttp() {
  const server = createServer((request, response) => {
    const [first, mode] = request.url.split('/').slice(1);
    const hostile = first === 'hostile' ? mode : undefined;
    if (request.method === 'GET' && hostile in FLOODS) return flood(response, hostile);
    if (request.method !== 'POST') return response.writeHead(405).end();
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      if (message.id === undefined) response.writeHead(202).end();
      else if (hostile && message.method === 'tools/call') {
        calledAt[hostile] = performance.now();
        MODES[hostile](message.id, response);
      } else send(response, answerTo(message, Number(first) || 1));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
}

function serveStdio() {
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const message = JSON.parse(line);
      if (message.id !== undefined) process.stdout.write(`${JSON.stringify(answerTo(message, 1))}\n`);
    })
    .on('close', () => process.exit());
}

// Who started it is gone.
process.on('disconnect', () => process.exit());
if (process.argv[2] === 'stdio') serveStdio();
else serveHttp();

/**
 * A backend that says aloud whatever it is told, wherever the gateway may pick it up: on stderr, in the bodies of refusals,
 * in headers, in log messages. `node leaking-server.mjs` speaks over stdio, and says its environment; with a port it
 * speaks over HTTP, and says the headers of each request.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const CAPABILITIES = { tools: {}, logging: {} };
let isIll = false;

function resultOf({ method, params }) {
  if (method === 'initialize') {
    const serverInfo = { name: 'leaking', version: '1.0.0' };
    return { protocolVersion: params.protocolVersion, capabilities: CAPABILITIES, serverInfo };
  }
  if (method === 'tools/list') return { tools: [{ name: 'say', inputSchema: { type: 'object' } }] };
  return method === 'tools/call' ? { content: [{ type: 'text', text: 'said' }] } : {};
}

const [port] = process.argv.slice(2);
if (port === undefined) {
  const secrets = JSON.stringify(process.env);
  process.stderr.write(`started with ${secrets}\n`);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const message = JSON.parse(line);
    // Not what it was told: who can know what of that is secret?
    process.stderr.write(`told: ${message.method}\nin ${secrets}\n`);
    if (message.id === undefined) return;
    if (message.method === 'tools/call' && isIll) process.exit(1);
    isIll ||= message.method === 'tools/call';
    process.stdout.write(`garbage: ${secrets}\n`);
    process.stdout.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: resultOf(message) })}\n`,
    );
  });
} else {
  createServer((request, response) => {
    const told = JSON.stringify([request.url, request.headers]);
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end(told);
      const message = JSON.parse(text);
      if (message.id === undefined) return response.writeHead(202).end();
      if (message.method === 'tools/call' && isIll) {
        return response.writeHead(500, { 'X-Told': encodeURIComponent(told) }).end(told);
      }
      isIll ||= message.method === 'tools/call';
      const answer = { jsonrpc: '2.0', id: message.id, result: resultOf(message) };
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  }).listen(Number(port), '127.0.0.1');
}

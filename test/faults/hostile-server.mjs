/**
 * An MCP server over stdio with faults that `test/session/stdio-server.mjs` has not: `node hostile-server.mjs PIDS
 * [gated GATE | stubborn]`. The name of a called tool says what goes wrong. Into the file PIDS it writes its pid. Gated,
 * it answers nothing until the file GATE exists. Its end comes with the end of its input; stubborn, with SIGKILL only.
 */
import { appendFileSync, existsSync } from 'node:fs';

const [pidFile, manner, gate] = process.argv.slice(2);
const write = (text) => process.stdout.write(text);
const answer = (id, result) => write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
const text = (said) => ({ content: [{ type: 'text', text: said }] });

const CALLS = {
  echo: (id) => answer(id, text('echo')),
  /** Half of an answer without the end of its line; what comes next is glued to it. */
  'half-stay': (id) => write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"te`),
  huge: (id, { bytes }) => answer(id, text('x'.repeat(bytes))),
  never: () => undefined,
};

const METHODS = {
  initialize: (id, { protocolVersion }) =>
    answer(id, {
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'hostile', version: '1.0.0' },
    }),
  ping: (id) => answer(id, {}),
  'tools/list': (id) =>
    answer(id, { tools: Object.keys(CALLS).map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  'tools/call': (id, params) => CALLS[params.name](id, params.arguments ?? {}),
};

appendFileSync(pidFile, `${process.pid}\n`);
if (manner === 'stubborn') {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 1_000);
} else process.stdin.on('end', () => process.exit(0));
while (gate !== undefined && !existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10));

let held = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = `${held}${chunk}`.split('\n');
  held = lines.pop();
  for (const line of lines) {
    const { id, method, params = {} } = JSON.parse(line);
    if (id !== undefined) METHODS[method]?.(id, params);
  }
});

/**
 * An MCP server over stdio that fails on purpose: `node stdio-server.mjs MODE PIDS [ARGUMENT…]`. The mode says how it
 * starts, shakes hands and lists; the name of a called tool says how that call goes wrong. Into the file PIDS it
 * writes the pid of every process it consists of, one per line.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync } from 'node:fs';

const [mode, pidFile, ...rest] = process.argv.slice(2);
const counts = {};
const asked = new Map();
let listings = 0;

const write = (text) => process.stdout.write(text);
const send = (message) => write(`${JSON.stringify(message)}\n`);
const answer = (id, result) => send({ jsonrpc: '2.0', id, result });
const refuse = (id, code, message, data) => send({ jsonrpc: '2.0', id, error: { code, message, data } });
const tell = (method, params = {}) => send({ jsonrpc: '2.0', method, params });
const tool = (name, more = {}) => ({ name, inputSchema: { type: 'object' }, ...more });
const result = (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { text: 'grüße' } });
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

/** Starts a process that sleeps and holds our output open. */
function grandchild(options = {}) {
  const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.error("up")';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 1, 'pipe'], ...options });
  appendFileSync(pidFile, `${child.pid}\n`);
  return new Promise((resolve) => child.stderr.once('data', () => resolve(child.pid)));
}

/** What a list request is answered with in a mode; every other list is one page with one entry. */
const TOOL_LISTS = {
  pages: ({ cursor = '0' }) => ({
    tools: [tool(`page-${cursor}`)],
    ...(cursor < '4' && { nextCursor: `${Number(cursor) + 1}` }),
  }),
  'list-loop': ({ cursor = 'first' }) => ({ tools: [tool(`from-${cursor}`)], nextCursor: 'again' }),
  'list-endless': ({ cursor = '0' }) => ({
    tools: [tool(`page-${cursor}`)],
    nextCursor: `${Number(cursor) + 1}`,
  }),
  'list-many': () => ({ tools: Array.from({ length: 10_000 }, (_, index) => tool(`tool-${index}`)) }),
  'list-odd': () => ({
    tools: [tool('a'), {}, null, 7, { name: 8 }, tool('a', { second: true }), tool('b')],
  }),
  'list-null': () => ({ tools: null }),
  'list-changing': () => ({ tools: [tool(`listing-${++listings}`)] }),
  'list-proto': () => ({ tools: [JSON.parse('{"name":"__proto__","__proto__":{"polluted":1}}')] }),
  'list-schema': () => ({
    tools: [
      tool('text', {
        outputSchema: { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } },
      }),
      tool('broken', { outputSchema: { type: 'nonsense', $ref: 'http://127.0.0.1:1/schema' } }),
    ],
  }),
};

const CAPABILITIES = { tools: { listChanged: true }, resources: {}, prompts: {} };
const DECLARED = { 'tools-only': { tools: {} }, nothing: {}, 'nothing-not-even-ping': {} };

const PINGLESS = ['no-ping', 'nothing-not-even-ping'];

const LISTS = {
  'tools/list': (id, params) => {
    if (mode === 'list-broken-later' && ++listings > 1) refuse(id, -32603, 'the database is locked');
    else if (mode === 'list-null-later' && ++listings > 1) answer(id, { tools: null });
    else if (mode === 'list-deep') {
      // The listings differ at the very bottom only, where a comparison has to go.
      const text = nested(Number(rest[0])).replace('[]', `[${++listings}]`);
      write(`{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"deep","x":${text}}]}}\n`);
    } else if (mode === 'list-changed-while-listed' && ++listings === 1) {
      tell('notifications/tools/list_changed');
      answer(id, { tools: [tool('before')] });
    } else if (mode !== 'list-never')
      answer(id, (TOOL_LISTS[mode] ?? (() => ({ tools: [tool('echo')] })))(params));
  },
  'resources/list': (id) => answer(id, { resources: [{ uri: 'test://one', name: 'one' }] }),
  'resources/templates/list': (id) =>
    mode === 'no-templates'
      ? refuse(id, -32601, 'Method not found')
      : answer(id, { resourceTemplates: [{ uriTemplate: 'test://{x}', name: 'x' }] }),
  'prompts/list': (id) =>
    mode === 'prompts-broken' ? refuse(id, -32603, 'broken') : answer(id, { prompts: [{ name: 'hello' }] }),
};

const CALLS = {
  echo: (id, args) => answer(id, { content: [], ...args }),
  counts: (id) => answer(id, { counts }),
  arguments: (id) => answer(id, { arguments: rest, cwd: process.cwd() }),
  environment: (id) => answer(id, { environment: process.env }),
  exit: () => process.exit(7),
  'half-line-exit': (id) => process.stdout.write(`{"jsonrpc":"2.0","id":${id},"res`, () => process.exit(0)),
  'answer-exit': (id) => process.stdout.write(`${result(id)}\n`, () => process.exit(0)),
  'close-stdout': () => closeSync(1),
  'close-stdin': (id) => {
    closeSync(0);
    answer(id, {});
    setInterval(() => undefined, 1_000);
  },
  'stop-reading': (id) => {
    process.stdin.pause();
    setInterval(() => undefined, 1_000);
    answer(id, {});
  },
  never: () => undefined,
  late: (id, { ms }) => setTimeout(() => answer(id, { late: true }), ms),
  garbage: (id, { lines }) => {
    write('\n  \nListening on port 3000\n{"half": \n'.repeat(lines));
    answer(id, { text: 'after the garbage' });
  },
  'batch-of': (id, { size }) => {
    const notices = Array.from({ length: size - 1 }, () => ({ jsonrpc: '2.0', method: 'notifications/x' }));
    send([...notices, JSON.parse(result(id))]);
  },
  'infinite-line': () => {
    const more = () => process.stdout.write('x'.repeat(65_536), () => setImmediate(more));
    more();
  },
  huge: (id, { bytes }) => answer(id, { text: 'x'.repeat(bytes) }),
  deep: (id, { depth }) => write(`{"jsonrpc":"2.0","id":${id},"result":{"x":${nested(depth)}}}\n`),
  both: (id) => send({ jsonrpc: '2.0', id, result: {}, error: { code: 1, message: 'and an error' } }),
  neither: (id) => send({ jsonrpc: '2.0', id }),
  'no-jsonrpc': (id) => send({ id, result: {} }),
  'result-array': (id) => send({ jsonrpc: '2.0', id, result: [] }),
  'error-without-code': (id) => send({ jsonrpc: '2.0', id, error: { message: 'no code' } }),
  'string-id': (id) => send({ jsonrpc: '2.0', id: `${id}`, result: {} }),
  'null-id': () => send({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } }),
  'unknown-id': (id) => answer(id + 1_000, {}),
  'duplicate-id': (id) => {
    answer(id, { first: true });
    answer(id, { first: false });
  },
  batch: (id) => send([{ jsonrpc: '2.0', method: 'notifications/x' }, JSON.parse(result(id))]),
  bom: (id) => write(`\uFEFF${result(id)}\n`),
  crlf: (id) => write(`${result(id)}\r\n`),
  bytewise: async (id) => {
    for (const byte of Buffer.from(`${result(id)}\n`)) {
      write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
  },
  'bad-utf8': (id) => {
    const [before, after] = result(id).split('ü');
    write(Buffer.concat([Buffer.from(before), Buffer.of(0xc3, 0x28, 0xff), Buffer.from(`${after}\n`)]));
  },
  'is-error': (id) => answer(id, { isError: true, content: [{ type: 'text', text: 'it failed' }] }),
  error: (id) => refuse(id, -32050, 'not today', { retry: 'tomorrow' }),
  progress: (id, { times, everyMs }, token) => {
    let done = 0;
    const timer = setInterval(() => {
      tell('notifications/progress', { progressToken: token, progress: ++done });
      if (done < times) return;
      clearInterval(timer);
      answer(id, { done });
    }, everyMs);
  },
  'progress-after': (id, args, token) => {
    answer(id, {});
    tell('notifications/progress', { progressToken: token, progress: 1 });
    tell('notifications/progress', { progressToken: 'unheard-of', progress: 1 });
  },
  notify: (id, { method, times }) => {
    for (let index = 0; index < times; index += 1) tell(method, { index });
    answer(id, { times });
  },
  ask: (id, { method, params, times = 1 }) => {
    const answers = [];
    for (let index = 0; index < times; index += 1) {
      asked.set(`ours-${index}`, (message) => {
        answers.push(message);
        if (answers.length === times) answer(id, { answers });
      });
    }
    // In one piece, so that they are read at once.
    write(
      [...asked.keys()]
        .map((key) => `${JSON.stringify({ jsonrpc: '2.0', id: key, method, params })}\n`)
        .join(''),
    );
  },
  /** Asks, and then wants no answer any more. */
  'ask-and-cancel': (id, { method }) => {
    asked.set('ours', () => answer(id, { answered: true }));
    send({ jsonrpc: '2.0', id: 'ours', method });
    setTimeout(() => tell('notifications/cancelled', { requestId: 'ours', reason: 'enough' }), 20);
    setTimeout(() => answer(id, { answered: false }), 200);
  },
  stderr: (id, { text, times = 1 }) => {
    for (let index = 0; index < times; index += 1) process.stderr.write(text);
    answer(id, {});
  },
  grandchild: async (id) => answer(id, { pid: await grandchild() }),
  'exit-with-grandchild': async () => {
    await grandchild();
    process.exit(7);
  },
  'exit-with-escaped-grandchild': async () => {
    await grandchild({ detached: true });
    process.exit(7);
  },
};

const INITIALIZE = {
  'init-exit': () => process.exit(4),
  'init-never': () => undefined,
  'init-garbage-exit': () => {
    write('Usage: server [options]\n');
    process.exit(2);
  },
  'init-no-result': (id) => send({ jsonrpc: '2.0', id }),
  'init-empty': (id) => answer(id, {}),
  'init-version': (id) => answer(id, { protocolVersion: '1999-01-01', capabilities: {}, serverInfo: {} }),
  'init-refused': (id) => refuse(id, -32001, 'no licence'),
};

function initialize(id, params) {
  if (INITIALIZE[mode]) INITIALIZE[mode](id);
  else if (counts['initialize'] > 1) refuse(id, -32600, 'initialised already');
  else
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: DECLARED[mode] ?? CAPABILITIES,
      serverInfo: { name: 'hostile', version: '1.0.0' },
      instructions: `mode ${mode}`,
    });
}

function receive({ id, method, params = {}, ...answered }) {
  if (method === undefined) return asked.get(id)?.({ id, ...answered });
  counts[method] = (counts[method] ?? 0) + 1;
  if (id === undefined) return;
  if (method === 'initialize') initialize(id, params);
  else if (method === 'ping' && !PINGLESS.includes(mode)) answer(id, {});
  else if (LISTS[method]) LISTS[method](id, params);
  else if (method === 'tools/call') {
    CALLS[params.name](id, params.arguments ?? {}, params._meta?.progressToken);
  } else refuse(id, -32601, 'Method not found');
}

appendFileSync(pidFile, `${process.pid}\n`);
if (mode === 'exit-at-start') process.exit(3);
if (mode === 'stubborn') {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 1_000);
} else if (mode === 'ends-on-term') setInterval(() => undefined, 1_000);
else process.stdin.on('end', () => process.exit(0));

let held = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = `${held}${chunk}`.split('\n');
  held = lines.pop();
  for (const line of lines) receive(JSON.parse(line));
});

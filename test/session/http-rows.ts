import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Mechanism } from '../../src/session/outcome.js';
import type { Handler } from './scripted-server.js';
import { event } from './scripted-server.js';

/** Limit of the sessions that meet these rows, in bytes of a message. */
export const MAX_BYTES = 4_096;
const NOT_JSON_RPC = 'protocol_error: its answer is not a JSON-RPC answer';
const OTHER_REQUEST = 'protocol_error: its answer names another request';
const NOT_JSON = 'protocol_error: its answer is not JSON';
const WRONG_TYPE = 'protocol_error: it answered with a content type that MCP does not use';
const RESET = 'connection_failed: it reset the connection';
const STREAM_LOST = 'backend_unavailable: the stream of the answer ended without it';
const TOO_LARGE = 'protocol_error: its answer is larger than the limit';
/** `said` is the summary of the reply. */
export type Row = readonly [title: string, mechanism: Mechanism | 'answered', said: string, handler: Handler];

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (post) =>
    post.raw('<html>', code, { 'content-type': 'text/html', ...headers });
const body =
  (make: (id: number) => unknown): Handler =>
  (post) =>
    post.json(make(post.message.id!));
const half =
  (how: (socket: Socket) => void): Handler =>
  (post) => {
    post.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    post.response.write('{"jsonrpc"', () => how(post.request.socket));
  };
const bare =
  (text: string): Handler =>
  (post) =>
    void post.request.socket.end(text);
const sse =
  (text: (id: number) => string, reset = false): Handler =>
  (post) => {
    const stream = post.stream();
    stream.write(text(post.message.id!), () => (reset ? post.reset() : stream.end()));
  };
const data = (id: number, length: number): string => {
  const empty = JSON.stringify({ jsonrpc: '2.0', id, result: { pad: '' } });
  return JSON.stringify({ jsonrpc: '2.0', id, result: { pad: 'x'.repeat(length - empty.length) } });
};
const refusal = { jsonrpc: '2.0', error: { code: -32000, message: 'Bad Request' }, id: null };

/** What a call on a live session meets. */
export const CALLS: readonly Row[] = [
  ['a reset before the answer', 'connection-reset', RESET, (post) => post.reset()],
  ['an end before the answer', 'connection-reset', RESET, (post) => void post.request.socket.end()],
  ['a reset in mid headers', 'connection-reset', RESET, bare('HTTP/1.1 200 OK\r\ncontent-ty')],
  ['a reset in mid body', 'connection-reset', RESET, half((socket) => socket.resetAndDestroy())],
  ['an end in mid body', 'connection-reset', RESET, half((socket) => void socket.end())],
  [
    'another protocol',
    'malformed',
    'protocol_error: it changed to another protocol unasked',
    bare('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  ],
  ['no HTTP', 'malformed', 'protocol_error: it did not answer in HTTP', bare('220 smtp ready\r\n')],
  [
    'a bad chunk',
    'connection-reset',
    RESET,
    bare('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
  ],
  ['500', 'http-server-error', 'backend_unavailable: it answered HTTP 500', status(500)],
  ['502', 'http-server-error', 'backend_unavailable: it answered HTTP 502', status(502)],
  ['503', 'http-server-error', 'backend_unavailable: it answered HTTP 503', status(503)],
  ['504', 'http-server-error', 'backend_unavailable: it answered HTTP 504', status(504)],
  ['429', 'http-too-many-requests', 'overloaded: it answered HTTP 429', status(429)],
  ['408', 'http-too-many-requests', 'overloaded: it answered HTTP 408', status(408)],
  ['401 without auth', 'http-unauthorized', 'authentication_failed: it answered HTTP 401', status(401)],
  ['403 without auth', 'http-unauthorized', 'authentication_failed: it answered HTTP 403', status(403)],
  ['400', 'http-client-error', 'succeeded: error -32603 it answered HTTP 400', status(400)],
  ['405', 'http-client-error', 'succeeded: error -32603 it answered HTTP 405', status(405)],
  ['413', 'http-client-error', 'succeeded: error -32603 it answered HTTP 413', status(413)],
  [
    '400 with a JSON-RPC error',
    'http-client-error',
    'succeeded: error -32602 no such tool',
    (post) => post.json(post.answer({ error: { code: -32602, message: 'no such tool' } }), 400),
  ],
  [
    '404 on every session',
    'session-refused',
    'backend_unavailable: it answered HTTP 404',
    (post) => post.json(refusal, 404),
  ],
  ['a redirect', 'redirect', 'protocol_error: it answered HTTP 302', status(302, { location: '/other' })],
  ['HTML', 'malformed', WRONG_TYPE, status(200)],
  ['no content type', 'malformed', WRONG_TYPE, (post) => void post.response.writeHead(200).end('{}')],
  ['invalid JSON', 'malformed', NOT_JSON, (post) => post.raw('{"jsonrpc":')],
  ['HTML that claims to be JSON', 'malformed', NOT_JSON, (post) => post.raw('<html>')],
  ['an empty 200', 'malformed', NOT_JSON, (post) => post.raw('')],
  [
    '202 to a request',
    'malformed',
    'protocol_error: it answered a request with HTTP 202 and no result',
    (post) => post.raw('', 202),
  ],
  [
    '204 to a request',
    'malformed',
    'protocol_error: it answered a request with HTTP 204 and no result',
    (post) => void post.response.writeHead(204).end(),
  ],
  [
    'gzip unasked',
    'malformed',
    'protocol_error: it compressed its answer unasked',
    (post) => post.raw(gzipSync(Buffer.alloc(1_000_000)), 200, { 'content-encoding': 'gzip' }),
  ],
  [
    'a body at the limit',
    'answered',
    'succeeded: result',
    (post) => post.raw(data(post.message.id!, MAX_BYTES)),
  ],
  [
    'a body over the limit',
    'too-large',
    TOO_LARGE,
    (post) => post.raw(data(post.message.id!, MAX_BYTES + 1)),
  ],
  ['a body far over the limit', 'too-large', TOO_LARGE, (post) => post.raw(' '.repeat(5_000_000))],
  ['an event at the limit', 'answered', 'succeeded: result', sse((id) => `data: ${data(id, MAX_BYTES)}\n\n`)],
  ['an event over the limit', 'too-large', TOO_LARGE, sse((id) => `data: ${data(id, MAX_BYTES + 1)}\n\n`)],
  ['an event far over the limit', 'too-large', TOO_LARGE, sse(() => `data: ${' '.repeat(5_000_000)}`)],
  ['a stream closed before the result', 'stream-lost', STREAM_LOST, sse(() => ': nothing\n\n')],
  ['a stream reset before the result', 'stream-lost', STREAM_LOST, sse(() => ': nothing\n\n', true)],
  ['an event cut in the middle', 'stream-lost', STREAM_LOST, sse((id) => data(id, 100).slice(0, 50))],
  ['an event without its blank line', 'stream-lost', STREAM_LOST, sse((id) => `data: ${data(id, 100)}\n`)],
  ['an event that is not JSON', 'malformed', NOT_JSON, sse(() => 'data: {"jsonrpc":\n\n')],
  ['the id of another request', 'malformed', OTHER_REQUEST, body((id) => JSON.parse(data(id + 1, 100)))],
  [
    'an event with the id of another request',
    'malformed',
    OTHER_REQUEST,
    sse((id) => event(JSON.parse(data(id + 1, 100)) as object)),
  ],
  [
    'the id as a string',
    'malformed',
    NOT_JSON_RPC,
    body((id) => ({ jsonrpc: '2.0', id: `${id}`, result: {} })),
  ],
  [
    'both result and error',
    'malformed',
    NOT_JSON_RPC,
    body((id) => ({ jsonrpc: '2.0', id, result: {}, error: { code: 1, message: '' } })),
  ],
  ['neither result nor error', 'malformed', NOT_JSON_RPC, body((id) => ({ jsonrpc: '2.0', id }))],
  ['no jsonrpc', 'malformed', NOT_JSON_RPC, body((id) => ({ id, result: {} }))],
  [
    'a result that is no object',
    'malformed',
    NOT_JSON_RPC,
    body((id) => ({ jsonrpc: '2.0', id, result: [] })),
  ],
  [
    'a notification for an answer',
    'malformed',
    'protocol_error: its answer does not answer the request',
    body(() => ({ jsonrpc: '2.0', method: 'notifications/message', params: {} })),
  ],
  [
    'an empty batch',
    'malformed',
    'protocol_error: its answer does not answer the request',
    body((): unknown[] => []),
  ],
  ['a batch', 'answered', 'succeeded: result', body((id) => [JSON.parse(data(id, 100)) as object])],
  [
    'a byte order mark',
    'answered',
    'succeeded: result',
    (post) => post.raw(`\uFEFF${data(post.message.id!, 99)}`),
  ],
  [
    'an error with id null',
    'answered',
    'succeeded: error -32700 Parse error',
    body(() => ({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } })),
  ],
];

/** What the handshake meets. */
export const HANDSHAKES: readonly Row[] = [
  [
    'a revision that we do not speak',
    'unknown-revision',
    'protocol_error: it speaks a protocol revision that is not supported',
    (post) => post.result({ protocolVersion: '1999-01-01', capabilities: {} }),
  ],
  [
    'no revision',
    'malformed',
    'protocol_error: its answer to initialize names no protocol revision',
    (post) => post.result({}),
  ],
  [
    'a JSON-RPC error',
    'handshake-refused',
    'protocol_error: it refused to initialize (error -32603)',
    (post) => post.json(post.answer({ error: { code: -32603, message: 'no' } })),
  ],
  [
    '400',
    'handshake-refused',
    'protocol_error: it answered HTTP 400 to the handshake',
    (post) => post.json(refusal, 400),
  ],
  ['404', 'handshake-refused', 'protocol_error: it answered HTTP 404 to the handshake', status(404)],
  ['503', 'http-server-error', 'backend_unavailable: it answered HTTP 503', status(503)],
  ['401', 'http-unauthorized', 'authentication_failed: it answered HTTP 401', status(401)],
  [
    'a session id that is not one',
    'malformed',
    'protocol_error: it sent a session id that is not one',
    (post) => post.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'with space' }),
  ],
];

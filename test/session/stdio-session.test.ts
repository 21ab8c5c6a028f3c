import { describe, expect, it } from 'vitest';
import type { Mechanism } from '../../src/session/outcome.js';
import { MECHANISMS } from '../../src/session/outcome.js';
import { isAlive, stdioBackend, timed, until } from './stdio-backend.js';

/** What a session over stdio cannot show: it has no sockets, no HTTP, and no stream apart from the process. */
const NOT_OF_STDIO: readonly Mechanism[] = [
  ...(['connection-refused', 'connection-reset', 'unknown-host', 'tls', 'unreachable', 'redirect'] as const),
  ...(['http-server-error', 'http-too-many-requests', 'http-unauthorized', 'http-client-error'] as const),
  ...(['session-refused', 'stream-lost'] as const),
];
/** Shown in files of their own. */
const SHOWN_ELSEWHERE: readonly Mechanism[] = [
  'connect-timeout',
  'shortage',
  'unanswered',
  'spawn-failed',
  'cancelled',
  'closed',
];
const shown = new Set<Mechanism>([...NOT_OF_STDIO, ...SHOWN_ELSEWHERE]);

const PROMPT_MS = 1_000;
const NOT_AN_ANSWER = 'its answer is not a JSON-RPC answer';

describe('a call on a live session', () => {
  const rows: readonly (readonly [string, Mechanism, string])[] = [
    ['exit', 'child-exited', 'its process exited with code 7'],
    ['half-line-exit', 'child-exited', 'its process exited with code 0'],
    ['close-stdout', 'child-exited', 'its process closed its output'],
    ['infinite-line', 'too-large', 'it wrote a message larger than the limit'],
    ['deep', 'too-large', 'its answer is nested more deeply than the limit'],
    ['both', 'malformed', NOT_AN_ANSWER],
    ['neither', 'malformed', NOT_AN_ANSWER],
    ['no-jsonrpc', 'malformed', NOT_AN_ANSWER],
    ['result-array', 'malformed', NOT_AN_ANSWER],
    ['error-without-code', 'malformed', NOT_AN_ANSWER],
    ['string-id', 'malformed', NOT_AN_ANSWER],
  ];
  it.each(rows)('that ends in %s fails at once as %s: %s [R36]', async (name, mechanism, reason) => {
    const { ready, call, session } = stdioBackend('normal', { limits: { maxMessageBytes: 1_000_000 } });
    await ready();
    const { value, ms } = await timed(() => call(name, { depth: 100_000 }));
    const category = MECHANISMS[mechanism];
    expect(value).toEqual({
      outcome: { kind: 'failed', failure: { category } },
      kind: 'failed',
      failure: { category },
      reason,
      mayHaveRun: true,
    });
    expect(ms).toBeLessThan(PROMPT_MS);
    shown.add(mechanism);
    expect(await call('echo', { after: true })).toMatchObject({ result: { after: true } });
    expect(session.held).toBe(0);
  });

  it('whose answer has an unknown id ends by its own deadline [R36]', async () => {
    const { ready, call, warnings, session } = stdioBackend();
    await ready();
    expect(await call('unknown-id', {}, { timeoutMs: 150 })).toMatchObject({
      failure: { category: 'timeout' },
      reason: 'the call timed out after 0.15 s',
    });
    expect(warnings()).toEqual(['it answered a request that is not out']);
    expect(session.live).toBe(true);
    shown.add('deadline');
  });

  it('whose child closed its input fails at once, and the next one starts a new child [R08]', async () => {
    const { ready, call, lost } = stdioBackend();
    const pid = await ready();
    await call('close-stdin');
    const { value, ms } = await timed(() => call('echo'));
    expect(value).toMatchObject({
      failure: { category: 'backend_unavailable' },
      reason: 'its process no longer reads',
    });
    expect(ms).toBeLessThan(PROMPT_MS);
    expect(lost.length).toBe(1);
    expect((await call('echo')).kind).toBe('result');
    await until(() => !isAlive(pid));
  });

  it('to a child that does not read is refused when too much waits for it [R36]', async () => {
    const { ready, call, session } = stdioBackend('normal', { limits: { maxMessageBytes: 200_000 } });
    await ready();
    await call('stop-reading');
    const waiting = call('echo', { text: 'x'.repeat(1_000_000) });
    const { value, ms } = await timed(() => call('echo'));
    expect(value).toMatchObject({
      failure: { category: 'backend_unavailable' },
      reason: 'its process does not read its input',
    });
    expect(ms).toBeLessThan(PROMPT_MS);
    shown.add('input-blocked');
    await session.close(0);
    expect(await waiting).toMatchObject({ outcome: { kind: 'released' } });
  });
});

describe('an odd answer that can be read', () => {
  it.each([
    ['null-id', { kind: 'error', code: -32700, message: 'Parse error' }],
    ['duplicate-id', { kind: 'result', result: { first: true } }],
    ['batch', { kind: 'result', result: { text: 'grüße' } }],
    ['bom', { kind: 'result', result: { text: 'grüße' } }],
    ['crlf', { kind: 'result', result: { text: 'grüße' } }],
    ['bytewise', { kind: 'result', result: { text: 'grüße' } }],
    ['bad-utf8', { kind: 'result', result: { text: 'gr\uFFFD(\uFFFDße' } }],
    [
      'is-error',
      { kind: 'result', result: { isError: true, content: [{ type: 'text', text: 'it failed' }] } },
    ],
    ['error', { kind: 'error', code: -32050, message: 'not today', data: { retry: 'tomorrow' } }],
  ])('%s is taken, and is evidence that the backend works [R08]', async (name, reply) => {
    const { ready, call } = stdioBackend();
    await ready();
    expect(await call(name)).toEqual({ outcome: { kind: 'succeeded' }, ...reply });
    expect((await call('echo')).kind).toBe('result');
  });

  it('is taken from a child that exits right after it [R08]', async () => {
    const { ready, call, lost } = stdioBackend();
    await ready();
    expect(await call('answer-exit')).toMatchObject({ kind: 'result', result: { text: 'grüße' } });
    await until(() => lost.length === 1);
  });

  it('with id null belongs to nobody when several requests are out [R36]', async () => {
    const { ready, call, warnings } = stdioBackend();
    await ready();
    const other = call('late', { ms: 100 });
    expect(await call('null-id', {}, { timeoutMs: 300 })).toMatchObject({ failure: { category: 'timeout' } });
    expect((await other).kind).toBe('result');
    expect(warnings()[0]).toBe('it sent something that is no message of the protocol');
  });
});

describe('a handshake', () => {
  const rows: readonly (readonly [string, Mechanism, string])[] = [
    ['exit-at-start', 'child-exited', 'its process exited with code 3'],
    ['init-exit', 'child-exited', 'its process exited with code 4'],
    ['init-garbage-exit', 'child-exited', 'its process exited with code 2'],
    ['init-no-result', 'malformed', NOT_AN_ANSWER],
    ['init-empty', 'malformed', 'its answer to initialize names no protocol revision'],
    ['init-version', 'unknown-revision', 'it speaks a protocol revision that is not supported'],
    ['init-refused', 'handshake-refused', 'it refused to initialize (error -32001)'],
  ];
  it.each(rows)('%s fails at once as %s: %s [R36]', async (mode, mechanism, reason) => {
    const { call, check, session, lines, lost, pids } = stdioBackend(mode);
    const { value, ms } = await timed(() => call('echo'));
    const category = MECHANISMS[mechanism];
    const outcome = { kind: 'failed', failure: { category } };
    expect(value).toMatchObject({ outcome, reason, mayHaveRun: false });
    expect(ms).toBeLessThan(PROMPT_MS);
    expect(await check()).toMatchObject({ failure: { category } });
    expect(lines.filter(({ message }) => message === 'the backend session could not be opened')).toEqual(
      Array(2).fill({
        level: 'warn',
        fields: { backend: 'one', mechanism, reason },
        message: 'the backend session could not be opened',
      }),
    );
    expect(session.live).toBe(false);
    expect(lost).toEqual([]);
    expect(pids().length).toBe(2);
    await until(() => !pids().some(isAlive));
    shown.add(mechanism);
  });

  it('that is never answered ends by the deadline of the call, and the child with it [R25]', async () => {
    const { call, pids } = stdioBackend('init-never');
    const { value, ms } = await timed(() => call('echo', {}, { timeoutMs: 400 }));
    expect(value).toMatchObject({
      failure: { category: 'timeout' },
      reason: 'connecting timed out after 0.4 s',
    });
    expect(ms).toBeLessThan(PROMPT_MS);
    await until(() => pids().length === 1 && !pids().some(isAlive));
  });
});

it('every mechanism is shown over stdio, or belongs elsewhere [R08]', () => {
  expect([...shown].sort()).toEqual(Object.keys(MECHANISMS).sort());
});

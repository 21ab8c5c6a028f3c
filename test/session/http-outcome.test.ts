import { describe, expect, test } from 'vitest';
import type { Mechanism } from '../../src/session/outcome.js';
import { MECHANISMS } from '../../src/session/outcome.js';
import { CALLS, HANDSHAKES, MAX_BYTES } from './http-rows.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const SECRET = 'hunter2';
const PROMPT_MS = 1_000;
/** What HTTP alone cannot show: the faults of pipes and of this machine, a listener that stands still, and a client that leaves a question unanswered. */
const ELSEWHERE: readonly Mechanism[] = [
  'spawn-failed',
  'child-exited',
  'input-blocked',
  'connect-timeout',
  'shortage',
  'unanswered',
];
const visited = new Set<Mechanism>();

const options = {
  headers: { authorization: `Bearer ${SECRET}` },
  limits: { maxMessageBytes: MAX_BYTES },
};

/** One call, which settles promptly and tells no secret. */
async function prompt(probe: SessionProbe): Promise<string> {
  const startedAt = performance.now();
  const reply = await probe.call();
  expect(performance.now() - startedAt).toBeLessThan(PROMPT_MS);
  expect(JSON.stringify([reply, probe.lines])).not.toMatch(new RegExp(`${SECRET}|://|127\\.0|invalid`));
  return summary(reply);
}

function note(mechanism: Mechanism | 'answered', said: string): void {
  if (mechanism === 'answered') return;
  visited.add(mechanism);
  const verdict = MECHANISMS[mechanism];
  if (verdict !== 'by-authentication') expect(said.split(':')[0]).toBe(verdict);
}

describe('a call on a live session settles at once', () => {
  test.each(CALLS)('%s is %s: %s [R36]', async (_, mechanism, said, handler) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(`${server.url}?key=${SECRET}`, options).open();
    server.on('tools/call', handler);
    expect(await prompt(probe)).toBe(said);
    note(mechanism, said);
    // What the call met is the end of nothing but this call.
    server.on('tools/call', (post) => server.behave(post));
    expect(await prompt(probe)).toBe('succeeded: result');
    await until(() => probe.session.held === 0, 'nothing is held');
  });
});

describe('a handshake that fails is evidence at once', () => {
  test.each(HANDSHAKES)('%s is %s: %s [R08]', async (_, mechanism, said, handler) => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(`${server.url}?key=${SECRET}`, options);
    server.on('initialize', handler);
    expect(await prompt(probe)).toBe(said);
    expect(await probe.check()).toBe(said.split(':')[0]);
    expect(probe.session.live).toBe(false);
    expect(probe.lines).toHaveLength(2);
    for (const { fields } of probe.lines) expect(fields).toMatchObject({ mechanism });
    note(mechanism, said);
  });
});

test('a server that refuses the last word of the handshake has no session with us [R08]', async () => {
  const server = await ScriptedServer.start();
  server.on('notifications/initialized', (post) => post.raw('', 400));
  const probe = new SessionProbe(server.url, options);
  expect(await probe.check()).toBe('protocol_error');
  expect(await prompt(probe)).toBe('protocol_error: it answered HTTP 400 to the handshake');
  expect(probe.session.live).toBe(false);
});

describe('a backend that cannot be reached fails at once', () => {
  async function unreachable(probe: SessionProbe, mechanism: Mechanism, reason: string): Promise<void> {
    const said = `connection_failed: ${reason}`;
    expect(await prompt(probe)).toBe(said);
    expect(probe.lines).toMatchObject([{ fields: { mechanism, reason } }]);
    note(mechanism, said);
  }

  test('a closed port refuses the connection [R08]', async () => {
    const server = await ScriptedServer.start();
    await server.stop();
    const probe = new SessionProbe(server.url, options);
    await unreachable(probe, 'connection-refused', 'it refused the connection');
  });

  test('a port that resets every connection is reset, not refused [R08]', async () => {
    const server = await ScriptedServer.start();
    server.http.on('connection', (socket) => socket.resetAndDestroy());
    const probe = new SessionProbe(server.url, options);
    await unreachable(probe, 'connection-reset', 'it reset the connection');
  });

  test('a host name that does not exist is unknown [R08]', async () => {
    const probe = new SessionProbe(`http://nonexistent.invalid/mcp?key=${SECRET}`, options);
    await unreachable(probe, 'unknown-host', 'its host name could not be resolved');
  });

  test('https against a plain port fails in the TLS handshake [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url.replace('http:', 'https:'), options);
    await unreachable(probe, 'tls', 'the TLS handshake failed (EPROTO)');
  });

  test('a header that HTTP does not know is not quoted [R30]', async () => {
    const server = await ScriptedServer.start();
    const probe = new SessionProbe(server.url, { headers: { authorization: `${SECRET}\n` } });
    const reason = 'its address or a configured header is not usable in HTTP';
    await unreachable(probe, 'unreachable', reason);
    expect(server.accepted).toBe(0);
  });
});

describe('what ends a call on our side says nothing false of the backend', () => {
  test('no answer → timeout, at the deadline [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, options).open();
    server.on('tools/call', () => undefined);
    const said = summary(await probe.call({}, { timeoutMs: 150 }));
    expect(said).toBe('timeout: the call timed out after 0.15 s');
    note('deadline', said);
  });

  test('caller abort → released [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, options).open();
    const abort = new AbortController();
    server.on('tools/call', () => abort.abort());
    const said = summary(await probe.call({}, { signal: abort.signal }));
    expect(said).toBe('released: cancelled');
    note('cancelled', said);
  });

  test('our own close → released [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, options).open();
    server.on('tools/call', () => void probe.session.close(0));
    const said = await prompt(probe);
    expect(said).toBe('released: its session was closed');
    note('closed', said);
    expect(await prompt(probe)).toBe('released: its session is closed');
  });

  test('a request nested beyond the limit is refused and not sent → released [R36]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url, { limits: { maxDepth: 5 } }).open();
    expect(summary(await probe.call({ a: [[1]] }))).toBe('succeeded: result');
    const refusal = 'released: error -32602 the request is nested more deeply than the limit';
    expect(summary(await probe.call({ a: [[[1]]] }))).toBe(refusal);
    expect(server.count('tools/call')).toBe(1);
  });
});

test('every mechanism is shown over HTTP or elsewhere [R08]', () => {
  expect([...visited, ...ELSEWHERE].sort()).toEqual(Object.keys(MECHANISMS).sort());
});

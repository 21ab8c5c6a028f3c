import { describe, expect, it } from 'vitest';
import type { Mechanism } from '../../src/session/outcome.js';
import {
  fault,
  FaultError,
  faultOf,
  faultOfSocketError,
  faultOfSpawnError,
  faultOfStatus,
  MECHANISMS,
  outcomeOf,
  replyOf,
  retryAfterMs,
} from '../../src/session/outcome.js';

/** What each mechanism says of a backend without and with outgoing authentication. Written apart from the source. */
const VERDICTS: readonly (readonly [Mechanism, string, string])[] = [
  ['connection-refused', 'connection_failed', 'connection_failed'],
  ['connection-reset', 'connection_failed', 'connection_failed'],
  ['unknown-host', 'connection_failed', 'connection_failed'],
  ['tls', 'connection_failed', 'connection_failed'],
  ['connect-timeout', 'connection_failed', 'connection_failed'],
  ['unreachable', 'connection_failed', 'connection_failed'],
  ['spawn-failed', 'connection_failed', 'connection_failed'],
  ['deadline', 'timeout', 'timeout'],
  ['http-server-error', 'backend_unavailable', 'backend_unavailable'],
  ['child-exited', 'backend_unavailable', 'backend_unavailable'],
  ['stream-lost', 'backend_unavailable', 'backend_unavailable'],
  ['input-blocked', 'backend_unavailable', 'backend_unavailable'],
  ['session-refused', 'backend_unavailable', 'backend_unavailable'],
  ['http-too-many-requests', 'overloaded', 'overloaded'],
  ['http-unauthorized', 'authentication_failed', 'succeeded'],
  ['http-client-error', 'succeeded', 'succeeded'],
  ['handshake-refused', 'protocol_error', 'protocol_error'],
  ['unknown-revision', 'protocol_error', 'protocol_error'],
  ['redirect', 'protocol_error', 'protocol_error'],
  ['malformed', 'protocol_error', 'protocol_error'],
  ['too-large', 'protocol_error', 'protocol_error'],
  ['shortage', 'released', 'released'],
  ['unanswered', 'released', 'released'],
  ['cancelled', 'released', 'released'],
  ['closed', 'released', 'released'],
];

describe('what a mechanism says of the backend', () => {
  it.each(VERDICTS)('%s → %s, with authentication %s [R08]', (mechanism, without, withAuth) => {
    for (const [hasAuth, verdict] of [
      [false, without],
      [true, withAuth],
    ] as const) {
      const outcome = outcomeOf(fault(mechanism, 'why'), hasAuth);
      expect(outcome.kind === 'failed' ? outcome.failure.category : outcome.kind).toBe(verdict);
      const reply = replyOf({ kind: 'fault', fault: fault(mechanism, 'why') }, hasAuth);
      expect(reply.outcome).toEqual(outcome);
      const kind = mechanism === 'cancelled' ? 'cancelled' : verdict === 'succeeded' ? 'error' : 'failed';
      expect(reply.kind).toBe(kind);
      if (reply.kind === 'failed') expect(reply.reason).toBe('why');
    }
  });

  it('is said of every mechanism [R08]', () => {
    expect(VERDICTS.map(([mechanism]) => mechanism).sort()).toEqual(Object.keys(MECHANISMS).sort());
  });

  it('carries Retry-After where there is one [R08]', () => {
    const found = { ...fault('http-too-many-requests', 'why'), retryAfterMs: 2_000 };
    expect(outcomeOf(found, false)).toEqual({
      kind: 'failed',
      failure: { category: 'overloaded', retryAfterMs: 2_000 },
    });
    expect(outcomeOf(fault('deadline', 'why'), false)).toEqual({
      kind: 'failed',
      failure: { category: 'timeout' },
    });
  });
});

describe('the reply to a caller', () => {
  it('any answer in JSON-RPC is evidence that the backend works, an error and isError too [R08]', () => {
    const result = { isError: true };
    expect(replyOf({ kind: 'result', result }, false)).toEqual({
      outcome: { kind: 'succeeded' },
      kind: 'result',
      result,
    });
    expect(replyOf({ kind: 'error', code: -32603, message: 'no', data: 1 }, false)).toEqual({
      outcome: { kind: 'succeeded' },
      kind: 'error',
      code: -32603,
      message: 'no',
      data: 1,
    });
  });

  it('of a refusal by HTTP status is its own JSON-RPC error, or an internal one with the status [R08]', () => {
    const refusal = { status: 413, inSession: true };
    const plain = replyOf({ kind: 'fault', fault: faultOfStatus(refusal) }, false);
    expect(plain).toMatchObject({ kind: 'error', code: -32603, data: { httpStatus: 413 } });
    const rpcError = { code: -32020, message: 'header mismatch' };
    const spoken = replyOf({ kind: 'fault', fault: faultOfStatus({ ...refusal, rpcError }) }, false);
    expect(spoken).toMatchObject({ kind: 'error', ...rpcError });
  });
});

describe('the mechanism of an error', () => {
  const coded = (code: string) => Object.assign(new Error('words mean nothing: ECONNREFUSED'), { code });

  it('of a machine that has run out of something is not that of the backend, and nothing was sent [R40]', () => {
    for (const found of [faultOf(coded('EMFILE')), faultOf(coded('ENOBUFS'))]) {
      expect(replyOf({ kind: 'fault', fault: found }, false)).toMatchObject({
        outcome: { kind: 'released' },
        kind: 'failed',
        mayHaveRun: false,
        reason: expect.stringMatching('the gateway has run out') as string,
      });
    }
  });

  it.each([
    ['ECONNREFUSED', 'connection-refused'],
    ['EMFILE', 'shortage'],
    ['ENFILE', 'shortage'],
    ['ENOMEM', 'shortage'],
    ['ENOBUFS', 'shortage'],
    ['ECONNRESET', 'connection-reset'],
    ['ECONNABORTED', 'connection-reset'],
    ['EPIPE', 'connection-reset'],
    ['ENOTFOUND', 'unknown-host'],
    ['EAI_AGAIN', 'unknown-host'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['HPE_INVALID_CONSTANT', 'malformed'],
    ['EHOSTUNREACH', 'unreachable'],
    ['', 'unreachable'],
  ])('%s of a socket is %s [R08]', (code, mechanism) => {
    expect(faultOfSocketError(coded(code)).mechanism).toBe(mechanism);
  });

  it('is kept in a FaultError, and anything else thrown is a broken connection [R08]', () => {
    const found = fault('malformed', 'why');
    expect(faultOf(new FaultError(found))).toBe(found);
    for (const thrown of [new Error('x'), 'x', undefined, { code: 'ECONNREFUSED' }]) {
      expect(faultOf(thrown)).toEqual(fault('unreachable', 'it could not be reached'));
    }
  });

  it.each([
    ['ENOENT', false, 'the command "serve" was not found'],
    ['EACCES', false, 'the command "serve" may not be executed'],
    ['EAGAIN', false, 'the command "serve" could not be started (EAGAIN)'],
    ['', false, 'the command "serve" could not be started (unknown)'],
    ['ENOENT', true, 'its working directory does not exist'],
  ])('%s of a spawn, cwd missing: %s, says that %s [R08]', (code, cwdMissing, reason) => {
    expect(faultOfSpawnError(coded(code), 'serve', cwdMissing)).toEqual(fault('spawn-failed', reason));
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-08-01T10:00:00Z');
  it.each([
    [undefined, undefined],
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['59', 59_000],
    ['60', 60_000],
    ['61', 60_000],
    ['9'.repeat(400), 60_000],
    ['Sat, 01 Aug 2026 10:00:30 GMT', 30_000],
    ['Sat, 01 Aug 2026 09:00:00 GMT', 0],
    ['Sat, 01 Aug 2093 10:00:00 GMT', 60_000],
    ['soon', undefined],
    ['', undefined],
    ['NaN', undefined],
    ['1.5', undefined],
    ['-1', undefined],
  ])('%s is %s ms, bounded [R08]', (header, ms) => {
    expect(retryAfterMs(header, 60_000, now)).toBe(ms);
  });
});

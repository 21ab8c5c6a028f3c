import { describe, expect, it, onTestFinished } from 'vitest';
import { stdioBackend, timed } from './stdio-backend.js';

/** JSON that is nested so many levels deep. */
function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels));
}

describe('many calls on one session', () => {
  it('leave nothing behind: ten thousand of them, eight at a time [R36]', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { ready, call, session, lines, pids } = stdioBackend();
    await ready();
    const start = performance.now();
    for (let round = 0; round < 1_250; round += 1) {
      const signals = Array.from({ length: 8 }, () => new AbortController().signal);
      const replies = await Promise.all(signals.map((signal) => call('echo', { round }, { signal })));
      if (replies.some((reply) => reply.kind !== 'result')) expect.fail(`a call of round ${round} failed`);
    }
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(session.held).toBe(0);
    expect(warnings).toEqual([]);
    expect(lines).toEqual([]);
    expect(pids().length).toBe(1);
  });

  it('of one caller in a row pile no listeners up on its signal [R36]', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { ready, call } = stdioBackend();
    await ready();
    const { signal } = new AbortController();
    for (let round = 0; round < 200; round += 1) await call('echo', {}, { signal });
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });
});

describe('what a backend sends is passed on, not judged', () => {
  it('a reply that its outputSchema would take for ever to match passes at once [R35]', async () => {
    const { check, call, session } = stdioBackend('list-schema');
    await check();
    expect(session.catalog?.tools.map(({ name }) => name)).toEqual(['text', 'broken']);
    const structuredContent = { text: `${'a'.repeat(34)}!` };
    const { value, ms } = await timed(() => call('echo', { structuredContent }));
    expect(value).toMatchObject({ kind: 'result', result: { structuredContent } });
    expect(ms).toBeLessThan(1_000);
  });

  it('unknown fields, _meta and odd content stay as they were [R35]', async () => {
    const { call } = stdioBackend();
    const odd = { _meta: { 'x/y': [1, null] }, content: [{ type: 'hologram' }], more: { deep: [] } };
    expect(await call('echo', odd)).toMatchObject({ result: odd });
  });

  it('a large answer within the limit passes [R36]', async () => {
    const { call } = stdioBackend();
    const reply = await call('huge', { bytes: 8_000_000 });
    expect(reply.kind === 'result' && (reply.result['text'] as string).length).toBe(8_000_000);
  });
});

describe('the limit on depth', () => {
  const limits = { maxDepth: 50 };

  it.each([
    ['at the limit', 48, 'result'],
    ['one over it', 49, 'failed'],
    ['far over it', 100_000, 'failed'],
  ])('holds for an answer: %s [R36]', async (_, depth, kind) => {
    const { call, session, lost } = stdioBackend('normal', { limits });
    const reply = await call('deep', { depth });
    expect(reply.kind).toBe(kind);
    if (reply.kind === 'failed') expect(reply.failure).toEqual({ category: 'protocol_error' });
    expect([session.live, session.held, lost.length]).toEqual([true, 0, 0]);
  });

  it.each([
    ['at the limit', 47, 'result'],
    ['one over it', 48, 'error'],
    ['far over it', 100_000, 'error'],
  ])(
    'holds for a request, which is refused and says nothing about the backend: %s [R36]',
    async (_, deep, kind) => {
      const { ready, call, session } = stdioBackend('normal', { limits });
      await ready();
      // The message, its params and their arguments are three levels; the answer has one less.
      const reply = await call(
        'never' + (kind === 'result' ? '' : '?'),
        { x: nested(deep) },
        { timeoutMs: 100 },
      );
      if (kind === 'result') expect(reply).toMatchObject({ failure: { category: 'timeout' } });
      else expect(reply).toMatchObject({ outcome: { kind: 'released' }, kind: 'error', code: -32602 });
      expect(session.held).toBe(0);
      session.notify('notifications/x', { x: nested(deep) });
      expect((await call('echo')).kind).toBe('result');
    },
  );
});

describe('a flood', () => {
  it('of notifications is passed on at a bounded rate, and the call goes on [R36]', async () => {
    const { ready, call, notifications, warnings } = stdioBackend('normal', {
      limits: { maxNotificationsPerSecond: 100, maxLogLinesPerSecond: 1 },
    });
    await ready();
    const { value, ms } = await timed(() =>
      call('notify', { method: 'notifications/message', times: 50_000 }),
    );
    expect(value.kind).toBe('result');
    const seconds = Math.ceil(ms / 1_000 + 1);
    expect(notifications.length).toBeGreaterThanOrEqual(100);
    expect(notifications.length).toBeLessThanOrEqual(100 * seconds);
    expect(warnings()[0]).toBe('it sends more notifications a second than the limit; the rest is dropped');
    expect(warnings().length).toBeLessThanOrEqual(seconds);
  });

  it.each([
    ['at the limit', 100, 100],
    ['one over it', 101, 100],
  ])('begins above the limit: %s [R36]', async (_, times, passed) => {
    const { ready, call, notifications } = stdioBackend('normal', {
      limits: { maxNotificationsPerSecond: 100 },
    });
    await ready();
    await call('notify', { method: 'notifications/message', times });
    expect(notifications.length).toBe(passed);
  });

  it('of requests to us is answered up to so many at once, and the rest is dropped [R36]', async () => {
    const { ready, call, warnings, session } = stdioBackend('normal', { limits: { maxServerRequests: 4 } });
    await ready();
    expect(await call('ask', { method: 'ping', times: 4 })).toMatchObject({ kind: 'result' });
    expect(warnings()).toEqual([]);
    const flood = await call('ask', { method: 'ping', times: 500 }, { timeoutMs: 200 });
    expect(flood).toMatchObject({ failure: { category: 'timeout' } });
    expect(warnings()[0]).toBe('it sends requests faster than it takes their answers');
    expect((await call('echo')).kind).toBe('result');
    expect(session.held).toBe(0);
  });
});

describe('a request of the backend', () => {
  it.each([
    ['ping', { result: {} }],
    ['sampling/createMessage', { error: { code: -32601, message: 'Method not found' } }],
    ['elicitation/create', { error: { code: -32601, message: 'Method not found' } }],
    ['roots/list', { error: { code: -32601, message: 'Method not found' } }],
  ])('%s is answered by us, with its own id [R26]', async (method, answer) => {
    const { call } = stdioBackend();
    expect(await call('ask', { method })).toMatchObject({
      result: { answers: [{ id: 'ours-0', ...answer }] },
    });
  });
});

it('a notification of the backend is passed on, ours reaches it while the session is live [R26]', async () => {
  const { session, ready, call, counts, notifications, pids } = stdioBackend();
  session.notify('notifications/roots/list_changed', {});
  expect(pids()).toEqual([]);
  await ready();
  session.notify('notifications/roots/list_changed', {});
  await call('notify', { method: 'notifications/message', times: 2 });
  expect(notifications).toEqual(['notifications/message', 'notifications/message']);
  expect(await counts()).toMatchObject({ 'notifications/roots/list_changed': 1 });
});

describe('a flood of small things', () => {
  it('progress is passed on up to the limit, and keeps its call alive beyond it [R36]', async () => {
    const { ready, call, warnings } = stdioBackend('normal', { limits: { maxNotificationsPerSecond: 3 } });
    await ready();
    const passed = async (times: number) => {
      const told: object[] = [];
      const options = { onProgress: (params: object) => void told.push(params), timeoutMs: 100 };
      const reply = await call('progress', { times, everyMs: 5 }, options);
      return [reply.kind, told.length];
    };
    expect(await passed(3)).toEqual(['result', 3]);
    expect(warnings()).toEqual([]);
    await new Promise((over) => setTimeout(over, 1_050));
    expect(await passed(40)).toEqual(['result', 3]);
    expect(warnings()).toContain('it sends more notifications a second than the limit; the rest is dropped');
  });

  it.each([
    [3, 'result', []],
    [4, 'failed', ['it sent a message that is a batch of more messages than the limit']],
    [100_000, 'failed', ['it sent a message that is a batch of more messages than the limit']],
  ] as const)('a batch of %i with a limit of 3: %s [R36]', async (size, kind, expected) => {
    const { ready, call, warnings } = stdioBackend('normal', { limits: { maxBatch: 3 } });
    await ready();
    const reply = await call('batch-of', { size }, { timeoutMs: 300 });
    expect([reply.kind, warnings()]).toEqual([kind, expected]);
  });
});

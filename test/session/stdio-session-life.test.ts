import { describe, expect, it } from 'vitest';
import { isAlive, stall, stdioBackend, timed, until } from './stdio-backend.js';

const succeeded = { kind: 'succeeded' };

describe('the death of a child', () => {
  it('fails every call that is out, at once, and is told once [R08]', async () => {
    const { ready, call, session, lost, lines } = stdioBackend();
    const pid = await ready();
    const calls = Array.from({ length: 20 }, () => call('never'));
    process.kill(pid, 'SIGKILL');
    const { value, ms } = await timed(() => Promise.all(calls));
    expect(ms).toBeLessThan(1_000);
    for (const reply of value) {
      expect(reply).toMatchObject({
        kind: 'failed',
        failure: { category: 'backend_unavailable' },
        reason: 'its process was ended by SIGKILL',
      });
    }
    expect(lost).toEqual([{ category: 'backend_unavailable' }]);
    expect(lines).toMatchObject([{ level: 'warn', message: 'the backend session was lost' }]);
    expect([session.live, session.pid, session.held]).toEqual([false, undefined, 0]);
  });

  it('is told without a call, and nothing restarts by itself [R08]', async () => {
    const { ready, call, pids, lost, session } = stdioBackend();
    const pid = await ready();
    process.kill(pid, 'SIGKILL');
    await until(() => lost.length === 1);
    expect(session.live).toBe(false);
    // Had one been started in between, it would be in the list too.
    expect((await call('echo')).kind).toBe('result');
    expect(pids()).toEqual([pid, session.pid]);
  });

  it.each(['request', 'check'] as const)(
    'is followed by a new child with the next %s [R08]',
    async (next) => {
      const { ready, call, check, session, catalogs, lost } = stdioBackend();
      const pid = await ready();
      process.kill(pid, 'SIGKILL');
      await until(() => lost.length === 1);
      expect(session.catalog).toBe(catalogs[0]);
      if (next === 'check') expect(await check()).toEqual(succeeded);
      else expect(await call('echo')).toMatchObject({ outcome: succeeded });
      expect(session.pid).not.toBe(pid);
      expect(lost.length).toBe(1);
      expect(catalogs.length).toBe(1);
    },
  );

  it('twenty times over costs no listener for each [R19]', async () => {
    const { ready, pids, lost } = stdioBackend();
    const before = process.listenerCount('exit');
    for (let round = 1; round <= 20; round += 1) {
      process.kill(await ready(), 'SIGKILL');
      await until(() => lost.length === round);
    }
    expect(pids().length).toBe(20);
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(before + 1);
    await until(() => !pids().some(isAlive));
  });
});

describe('a child that is stopped', () => {
  it('lets calls time out by their own deadlines, and its late answers are dropped [R25]', async () => {
    const { ready, call, warnings, session, lost } = stdioBackend();
    const pid = await ready();
    process.kill(pid, 'SIGSTOP');
    const { value: short, ms } = await timed(() => call('echo', {}, { timeoutMs: 150 }));
    const long = call('echo', { long: true });
    expect(short).toMatchObject({
      failure: { category: 'timeout' },
      reason: 'the call timed out after 0.15 s',
    });
    expect(ms).toBeGreaterThanOrEqual(149);
    expect(session.live).toBe(true);
    process.kill(pid, 'SIGCONT');
    expect(await long).toMatchObject({ result: { long: true } });
    expect(warnings()).toEqual(['it answered a request that is not out']);
    expect([session.pid, session.held, lost.length]).toEqual([pid, 0, 0]);
  });

  it('fails a check by its time, and an abort for another reason releases it [R13]', async () => {
    const { ready, check } = stdioBackend();
    process.kill(await ready(), 'SIGSTOP');
    expect(await check(AbortSignal.timeout(100))).toEqual({
      kind: 'failed',
      failure: { category: 'timeout' },
    });
    const abort = new AbortController();
    const checked = check(abort.signal);
    abort.abort();
    expect(await checked).toEqual({ kind: 'released' });
    expect(await check(abort.signal)).toEqual({ kind: 'released' });
  });
});

describe('a caller that leaves', () => {
  it('gets its reply at once, and the backend is told [R08]', async () => {
    const { ready, call, counts, session } = stdioBackend();
    await ready();
    const caller = new AbortController();
    const left = call('never', {}, { signal: caller.signal });
    caller.abort();
    expect(await left).toEqual({ outcome: { kind: 'released' }, kind: 'cancelled' });
    expect(session.held).toBe(0);
    // The word to it goes out a moment later: only then is it known whether it may be turned to.
    await new Promise((sent) => setImmediate(sent));
    expect(await counts()).toMatchObject({ 'notifications/cancelled': 1 });
  });

  it('before its request is sent causes none [R08]', async () => {
    const { call, pids, session } = stdioBackend();
    const reply = await call('echo', {}, { signal: AbortSignal.abort() });
    expect(reply).toEqual({ outcome: { kind: 'released' }, kind: 'cancelled' });
    expect(pids()).toEqual([]);
    expect(session.live).toBe(false);
  });
});

describe('a health check', () => {
  it('pings a live session and does not shake hands again [R13]', async () => {
    const { check, counts, session } = stdioBackend();
    expect(await check()).toEqual(succeeded);
    const pid = session.pid;
    for (let round = 0; round < 3; round += 1) expect(await check()).toEqual(succeeded);
    expect(session.pid).toBe(pid);
    expect(await counts()).toMatchObject({
      initialize: 1,
      'notifications/initialized': 1,
      ping: 3,
      'tools/list': 1,
    });
  });

  it('asks for a list where ping is not known, and remembers that [R13]', async () => {
    const { check, counts } = stdioBackend('no-ping');
    for (let round = 0; round < 4; round += 1) expect(await check()).toEqual(succeeded);
    expect(await counts()).toMatchObject({ initialize: 1, ping: 1, 'tools/list': 4 });
  });

  it('takes any answer for a sign of life where neither ping nor a list is there [R13]', async () => {
    const { check, counts } = stdioBackend('nothing-not-even-ping');
    for (let round = 0; round < 3; round += 1) expect(await check()).toEqual(succeeded);
    const asked = Object.keys(await counts());
    expect(asked.filter((method) => method.endsWith('/list'))).toEqual([]);
  });
});

describe('deadlines over stdio', () => {
  it('that pass while the event loop stands still lose against an answer in the pipe [R37]', async () => {
    const { ready, call, lost } = stdioBackend();
    await ready();
    const calls = Array.from({ length: 50 }, () => call('late', { ms: 50 }, { timeoutMs: 200 }));
    // From here timers come next, before the pipe is looked at.
    await new Promise(setImmediate);
    stall(500);
    for (const reply of await Promise.all(calls)) expect(reply).toMatchObject({ result: { late: true } });
    expect(lost).toEqual([]);
  });

  it('are put off by progress, which arrives without our token [R25]', async () => {
    const { ready, call } = stdioBackend();
    await ready();
    const seen: unknown[] = [];
    const onProgress = (params: unknown) => void seen.push(params);
    const args = { times: 10, everyMs: 50 };
    const { value, ms } = await timed(() => call('progress', args, { timeoutMs: 250, onProgress }));
    expect(value).toMatchObject({ result: { done: 10 } });
    expect(ms).toBeGreaterThan(400);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => ({ progress: index + 1 })));
  });

  it('are put off up to the total [R25]', async () => {
    const { ready, call, session } = stdioBackend();
    await ready();
    const terms = { timeoutMs: 200, maxTotalMs: 500, onProgress: () => undefined };
    const { value, ms } = await timed(() => call('progress', { times: 1e9, everyMs: 20 }, terms));
    expect(value).toMatchObject({
      failure: { category: 'timeout' },
      reason: 'the call timed out after 0.5 s in all',
    });
    expect(ms).toBeGreaterThanOrEqual(499);
    expect(ms).toBeLessThan(1_500);
    expect((await call('echo')).kind).toBe('result');
    expect(session.held).toBe(0);
  });

  it('are not put off by progress that nobody asked for, nor by progress of others [R25]', async () => {
    const { ready, call } = stdioBackend();
    await ready();
    const other = call(
      'progress',
      { times: 20, everyMs: 30 },
      { timeoutMs: 300, onProgress: () => undefined },
    );
    expect(await call('never', {}, { timeoutMs: 200 })).toMatchObject({ failure: { category: 'timeout' } });
    expect(await other).toMatchObject({ result: { done: 20 } });
  });

  it("are not touched by progress after the answer or with a stranger's token [R25]", async () => {
    const { ready, call, notifications } = stdioBackend();
    await ready();
    const seen: unknown[] = [];
    await call('progress-after', {}, { onProgress: (params) => void seen.push(params) });
    expect((await call('echo')).kind).toBe('result');
    expect([seen, notifications]).toEqual([[], []]);
  });
});

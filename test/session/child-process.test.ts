import { chmodSync, existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stdioBackend, timed, until } from './stdio-backend.js';

const SECRET = 'hunter2';
/** What the SDK deems safe on POSIX. */
const SAFE = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a command that cannot be started', () => {
  const secretive = { arguments: [SECRET], env: { TOKEN: SECRET } };

  it.each([
    ['that does not exist', () => '/nonexistent/server', 'the command "/nonexistent/server" was not found'],
    ['that is not on the path', () => 'no-such-server', 'the command "no-such-server" was not found'],
  ])('%s is named, its arguments and environment are not [R08]', async (_, command, reason) => {
    const { call, check, lines, session } = stdioBackend('normal', { ...secretive, command: command() });
    const { value, ms } = await timed(() => call('echo'));
    expect(value).toMatchObject({ kind: 'failed', failure: { category: 'connection_failed' }, reason });
    expect(ms).toBeLessThan(1_000);
    expect(await check()).toEqual({ kind: 'failed', failure: { category: 'connection_failed' } });
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { mechanism: 'spawn-failed', reason } });
    expect(JSON.stringify([value, lines])).not.toContain(SECRET);
    expect(session.live).toBe(false);
  });

  it('that may not be executed is named [R08]', async () => {
    const { folder } = stdioBackend();
    const command = join(folder, 'server');
    writeFileSync(command, '#!/bin/sh\n');
    chmodSync(command, 0o600);
    const { call, lines } = stdioBackend('normal', { ...secretive, command });
    const reply = await call('echo');
    expect(reply).toMatchObject({
      failure: { category: 'connection_failed' },
      reason: `the command "${command}" may not be executed`,
    });
    expect(JSON.stringify([reply, lines])).not.toContain(SECRET);
  });

  it('for want of its working directory says so, and does not name it [R08]', async () => {
    const { call } = stdioBackend('normal', { cwd: '/nonexistent/folder' });
    expect(await call('echo')).toMatchObject({
      failure: { category: 'connection_failed' },
      reason: 'its working directory does not exist',
    });
  });

  it('with an argument that no process can take is refused without quoting it [R08]', async () => {
    const { call } = stdioBackend('normal', { arguments: [`${SECRET}\0`] });
    const reply = await call('echo');
    expect(reply).toMatchObject({ kind: 'failed', failure: { category: 'connection_failed' } });
    expect(JSON.stringify(reply)).not.toContain(SECRET);
  });
});

describe('a child process', () => {
  it('gets its arguments as they are: there is no shell [R08]', async () => {
    const { folder, call } = stdioBackend('normal', {
      arguments: ['$(touch x)', '`touch x`', '; touch x', 'a b', '"quoted"', '*', '$HOME'],
    });
    expect(await call('arguments')).toMatchObject({
      result: { arguments: ['$(touch x)', '`touch x`', '; touch x', 'a b', '"quoted"', '*', '$HOME'] },
    });
    expect(existsSync('x') || existsSync(join(folder, 'x'))).toBe(false);
  });

  it('runs in its working directory [R08]', async () => {
    const { folder } = stdioBackend();
    const { call } = stdioBackend('normal', { cwd: folder });
    expect(await call('arguments')).toMatchObject({ result: { cwd: realpathSync(folder) } });
  });

  it('inherits the short list of safe variables and nothing else [R08]', async () => {
    vi.stubEnv('BREAKWATER_CANARY', SECRET);
    vi.stubEnv('USER', 'somebody');
    const { call } = stdioBackend('normal', { env: { CONFIGURED: 'yes', TERM: 'ours' } });
    const reply = await call('environment');
    const environment = (reply.kind === 'result' ? reply.result['environment'] : {}) as Record<
      string,
      string
    >;
    expect(environment).toMatchObject({ CONFIGURED: 'yes', TERM: 'ours', USER: 'somebody' });
    const others = Object.keys(environment).filter((name) => name !== 'CONFIGURED' && !SAFE.includes(name));
    expect(others).toEqual([]);
  });
});

describe('stderr', () => {
  it('goes to the log line by line, with the name of the backend [R36]', async () => {
    const { call, stderr } = stdioBackend();
    await call('stderr', { text: 'one\n\ntwo\r\nhalf' });
    await call('stderr', { text: ' a line\n' });
    await until(() => stderr().length === 3);
    expect(stderr()).toEqual(
      ['one', 'two', 'half a line'].map((message) => ({
        level: 'info',
        fields: { backend: 'one', stream: 'stderr' },
        message,
      })),
    );
  });

  it('shows the last words of a child, though their line has no end [R36]', async () => {
    const { call, stderr } = stdioBackend();
    await call('stderr', { text: 'last words without an end' });
    await call('exit');
    await until(() => stderr().length === 1);
    expect(stderr()[0]?.message).toBe('last words without an end');
  });

  it.each([
    ['at the limit', 100, 100, undefined],
    ['one over it', 101, 100, true],
    ['far over it', 1_000_000, 100, true],
  ])('has lines of bounded length: %s [R36]', async (_, length, logged, cut) => {
    const { call, stderr } = stdioBackend('normal', { limits: { maxLogLineBytes: 100 } });
    await call('stderr', { text: `${'x'.repeat(length)}\n` });
    await until(() => stderr().length === 1);
    expect(stderr()[0]?.message.length).toBe(logged);
    expect(stderr()[0]?.fields['cut']).toBe(cut);
  });

  it('in a flood is read to its end and logged at a bounded rate [R36]', async () => {
    const { call, stderr } = stdioBackend('normal', { limits: { maxLogLinesPerSecond: 7 } });
    const { value, ms } = await timed(() => call('stderr', { text: `${'x'.repeat(99)}\n`, times: 20_000 }));
    expect(value.kind).toBe('result');
    await until(() => stderr().length > 0);
    expect(stderr().length).toBeLessThanOrEqual(7 * Math.ceil(ms / 1_000 + 1));
  });

  it('of blank lines takes nothing of the rate [R36]', async () => {
    const { call, stderr } = stdioBackend('normal', { limits: { maxLogLinesPerSecond: 1 } });
    await call('stderr', { text: `${'\n'.repeat(50)}seen\n` });
    await until(() => stderr().length === 1);
    expect(stderr()[0]).toMatchObject({ message: 'seen', fields: { stream: 'stderr' } });
  });
});

describe('garbage on stdout', () => {
  it('is a warning, and the call goes on [R36]', async () => {
    const { call, warnings, lost } = stdioBackend();
    expect(await call('garbage', { lines: 1 })).toMatchObject({ result: { text: 'after the garbage' } });
    expect(warnings()).toEqual([
      'it wrote a line to stdout that is not JSON',
      'it wrote a line to stdout that is not JSON',
    ]);
    expect(lost).toEqual([]);
  });

  it('in a flood is warned of at a bounded rate [R36]', async () => {
    const { call, warnings } = stdioBackend('normal', { limits: { maxLogLinesPerSecond: 5 } });
    const { value, ms } = await timed(() => call('garbage', { lines: 20_000 }));
    expect(value.kind).toBe('result');
    expect(warnings().length).toBeGreaterThanOrEqual(5);
    expect(warnings().length).toBeLessThanOrEqual(5 * Math.ceil(ms / 1_000 + 1));
  });
});

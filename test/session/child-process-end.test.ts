import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { abandonGroup, adoptGroup, signalGroup } from '../../src/session/process-group.js';
import { isAlive, stdioBackend, timed, until } from './stdio-backend.js';

const GRACE_MS = 1_200;

/** Child processes and pipes of our own that Node knows of. */
function ownProcesses(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap' || name === 'PipeWrap');
}

describe('closing', () => {
  it.each([
    ['of itself when its input ends', 'normal', 0, GRACE_MS / 3],
    ['by SIGTERM when it ignores that', 'ends-on-term', GRACE_MS / 3, (GRACE_MS * 2) / 3],
    ['by SIGKILL when it ignores that too', 'stubborn', (GRACE_MS * 2) / 3, GRACE_MS],
  ])('ends a child %s, within the grace [R19]', async (_, mode, atLeastMs, atMostMs) => {
    const before = ownProcesses();
    const { ready, session, lost } = stdioBackend(mode);
    const pid = await ready();
    const { ms } = await timed(() => session.close(GRACE_MS));
    expect(isAlive(pid)).toBe(false);
    expect(ms).toBeGreaterThanOrEqual(atLeastMs - 1);
    expect(ms).toBeLessThan(atMostMs);
    await until(() => ownProcesses().length === before.length);
    expect(lost).toEqual([]);
    expect(session.live).toBe(false);
    expect(session.pid).toBeUndefined();
  });

  it('without grace kills at once [R19]', async () => {
    const { ready, session } = stdioBackend('stubborn');
    const pid = await ready();
    const { ms } = await timed(() => session.close(0));
    expect(isAlive(pid)).toBe(false);
    expect(ms).toBeLessThan(300);
  });

  it('ends a child that is stopped [R19]', async () => {
    const { ready, session } = stdioBackend();
    const pid = await ready();
    process.kill(pid, 'SIGSTOP');
    await session.close(150);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends what the child started, too [R19]', async () => {
    const { ready, call, session, pids } = stdioBackend();
    await ready();
    await call('grandchild');
    await call('grandchild');
    expect(pids().length).toBe(3);
    await session.close(GRACE_MS);
    await until(() => !pids().some(isAlive), 500);
  });

  it('twice is the same as once [R19]', async () => {
    const { ready, session } = stdioBackend();
    await ready();
    await Promise.all([session.close(GRACE_MS), session.close(GRACE_MS)]);
    await session.close(GRACE_MS);
    expect(session.held).toBe(0);
  });

  it('fails the requests that are out, which says nothing about the backend [R08]', async () => {
    const { ready, call, session, lost } = stdioBackend();
    await ready();
    const calls = [call('never'), call('never')];
    await session.close(GRACE_MS);
    for (const reply of await Promise.all(calls)) {
      expect(reply).toMatchObject({ outcome: { kind: 'released' }, reason: 'its session was closed' });
    }
    expect(await call('echo')).toMatchObject({
      outcome: { kind: 'released' },
      reason: 'its session is closed',
    });
    expect(session.held).toBe(0);
    expect(lost).toEqual([]);
  });
});

describe('a child that exits and leaves a process that holds its output open', () => {
  it('is noticed at once, and that process ends with it [R08]', async () => {
    const { ready, call, lost, pids } = stdioBackend();
    await ready();
    const { value, ms } = await timed(() => call('exit-with-grandchild'));
    expect(value).toMatchObject({ reason: 'its process exited with code 7' });
    expect(ms).toBeLessThan(1_000);
    expect(lost).toEqual([{ category: 'backend_unavailable' }]);
    await until(() => !pids().some(isAlive), 500);
  });

  it('is noticed at once even if that process left the group [R08]', async () => {
    const { ready, call, pids } = stdioBackend();
    await ready();
    const { value, ms } = await timed(() => call('exit-with-escaped-grandchild'));
    // Out of our reach, as a process that detaches itself wants it.
    process.kill(pids().at(-1)!, 'SIGKILL');
    expect(value).toMatchObject({ reason: 'its process exited with code 7' });
    expect(ms).toBeLessThan(1_000);
  });
});

describe('a process group', () => {
  const SLEEP = ['-e', 'setInterval(() => undefined, 1000)'];

  /** A leader of a group of its own. */
  async function leader(): Promise<number> {
    const child = spawn(process.execPath, SLEEP, { detached: true, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    return child.pid!;
  }

  it('that is abandoned is killed, once [R19]', async () => {
    const pid = await leader();
    adoptGroup(pid);
    abandonGroup(pid);
    await until(() => !isAlive(pid));
    abandonGroup(pid);
  });

  it('that is not ours is not killed by abandoning it [R19]', async () => {
    const [ours, foreign] = [await leader(), await leader()];
    adoptGroup(ours);
    abandonGroup(foreign);
    abandonGroup(ours);
    await until(() => !isAlive(ours));
    expect(isAlive(foreign)).toBe(true);
  });

  it('that is gone can be signalled without harm [R19]', async () => {
    const pid = await leader();
    signalGroup(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    expect(() => signalGroup(pid, 'SIGTERM')).not.toThrow();
  });

  it('costs one listener, however many there are [R19]', async () => {
    adoptGroup(await leader());
    const before = process.listenerCount('exit');
    const pids = [await leader(), await leader()];
    for (const pid of pids) adoptGroup(pid);
    expect(process.listenerCount('exit')).toBe(before);
    for (const pid of pids) abandonGroup(pid);
  });

  it.each([
    ['exits', 'process.exit(0)'],
    ['dies of an uncaught error', 'throw new Error("crash")'],
  ])('dies with a process of ours that %s [R19]', async (_, end) => {
    const { folder } = stdioBackend();
    const source = readFileSync(new URL('../../src/session/process-group.ts', import.meta.url), 'utf8');
    const module = join(folder, 'process-group.mjs');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(module, outputText);
    const script = `
      import { spawn } from 'node:child_process';
      import { adoptGroup } from '${pathToFileURL(module).href}';
      const child = spawn(process.execPath, ${JSON.stringify(SLEEP)}, { detached: true, stdio: 'ignore' });
      adoptGroup(child.pid);
      process.stdout.write(String(child.pid), () => { ${end} });`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
    expect(Number(stdout)).toBeGreaterThan(1);
    await until(() => !isAlive(Number(stdout)));
  });
});

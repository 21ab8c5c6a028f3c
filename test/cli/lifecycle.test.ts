import { afterEach, describe, expect, it, vi } from 'vitest';
import { spawn } from 'node:child_process';
import { sample } from '../config/sample.js';
import { FakeVmcp, info } from '../http/fake-vmcp.js';
import { fileOf, serve, started } from './fake-host.js';
import type { Serving } from './fake-host.js';

const valid = sample({ operational: 'operational: {failureHandling: {partialFailureMode: fail}}' });
const signal = ({ host }: Serving, name: NodeJS.Signals): boolean => host.events.emit(name, name);
const messages = ({ host }: Serving): unknown[] => host.stderr.entries().map(({ msg }) => msg);

/** A server whose backends do not end before they are told to. */
async function draining(argv: readonly string[] = []) {
  const vmcp = new FakeVmcp();
  let end = (): void => undefined;
  vmcp.onStop = () => new Promise((resolve) => (end = resolve));
  const serving = serve(fileOf(valid), argv, { vmcp });
  const base = await started(serving);
  return { serving, vmcp, base, end: () => end() };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends in order with 0 [R19]', async (name) => {
    const serving = serve(fileOf(valid));
    await started(serving);
    signal(serving, name);
    expect(await serving.exitCode).toBe(0);
    expect(messages(serving)).toEqual(['listening', 'stopping', 'stopped']);
    expect(serving.host.exits).toEqual([]);
    expect(serving.host.events.eventNames()).toEqual([]);
  });

  it('while it drains, /readyz says so and calls in flight go on [R19]', async () => {
    const { serving, vmcp, base, end } = await draining();
    signal(serving, 'SIGTERM');
    await vi.waitFor(() => expect(vmcp.asked).toContain('stop 8000'));
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
    end();
    expect(await serving.exitCode).toBe(0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s ends at once with %i, and children are killed [R19]', async (name, code) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const killed = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    const { serving, vmcp, end } = await draining();
    vmcp.infos = [info('one', { pid: child.pid ?? 0 }), info('two')];
    const now = Math.floor(performance.now());
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
    signal(serving, 'SIGTERM');
    clock.mockReturnValue(now + 200);
    signal(serving, name);
    expect(serving.host.exits).toEqual([code]);
    expect(await killed).toBe('SIGKILL');
    end();
    await serving.exitCode;
  });

  it('the echo of a signal within 200 ms is the same one [R19]', async () => {
    const { serving, vmcp, end } = await draining();
    const now = Math.floor(performance.now());
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
    signal(serving, 'SIGINT');
    clock.mockReturnValue(now + 199);
    signal(serving, 'SIGINT');
    signal(serving, 'SIGTERM');
    await vi.waitFor(() => expect(vmcp.asked).toContain('stop 8000'));
    expect(serving.host.exits).toEqual([]);
    end();
    expect(await serving.exitCode).toBe(0);
  });
});

describe('errors that nobody caught', () => {
  it('an uncaught exception is logged, and the end is in order, with 1 [R40]', async () => {
    const serving = serve(fileOf(valid));
    await started(serving);
    serving.host.events.emit('uncaughtException', new TypeError('x is not a function'));
    expect(await serving.exitCode).toBe(1);
    expect(serving.vmcp.asked).toContain('stop 8000');
    expect(serving.host.stderr.entries().find(({ level }) => level === 'error')).toMatchObject({
      msg: 'uncaught exception: ending in order',
      error: {
        type: 'TypeError',
        message: 'x is not a function',
        stack: expect.stringContaining('TypeError') as string,
      },
    });
  });

  it('an unhandled rejection is logged, and the server goes on [R40]', async () => {
    const serving = serve(fileOf(valid));
    const base = await started(serving);
    serving.host.events.emit('unhandledRejection', new Error('lost'));
    serving.host.events.emit('unhandledRejection', undefined);
    expect((await fetch(`${base}/health`)).status).toBe(200);
    expect(serving.vmcp.asked).toEqual(['start']);
    signal(serving, 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
    expect(messages(serving).filter((text) => text === 'unhandled rejection: serving on')).toHaveLength(2);
  });
});

describe('the drain time', () => {
  it('ends what hangs: children are killed, and the exit code is still 0 [R19]', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const killed = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    const { serving, vmcp } = await draining(['--drain-time', '100ms']);
    vmcp.infos = [info('one', { pid: child.pid ?? 0 })];
    signal(serving, 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
    expect(await killed).toBe('SIGKILL');
    expect(vmcp.asked).toContain('stop 80');
    expect(messages(serving)).toContain('not everything ended within the drain time: ending it by force');
  });

  it.each([
    ['0', 'stop 0'],
    ['1s', 'stop 800'],
    ['10s', 'stop 8000'],
    ['1m', 'stop 58000'],
  ])('of %s, calls get most and sessions the rest: %s [R19]', async (text, asked) => {
    const serving = serve(fileOf(valid), ['--drain-time', text]);
    await started(serving);
    signal(serving, 'SIGTERM');
    await serving.exitCode;
    expect(serving.vmcp.asked).toContain(asked);
  });

  it('a stop that fails is logged, and what is left is killed [R19]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStop = () => Promise.reject(new Error('a defect'));
    const serving = serve(fileOf(valid), [], { vmcp });
    await started(serving);
    signal(serving, 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
    expect(messages(serving)).toContain('stopping failed');
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../src/cli/package-root.js';
import { sample } from '../config/sample.js';
import { fileOf } from './fake-host.js';

const main = join(packageRoot(), 'dist', 'src', 'main.js');
const children: ChildProcess[] = [];

type Stdio = 'pipe' | 'ignore' | number;

interface Program {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The program as it is installed. */
function breakwater(argv: readonly string[], [stdin, stdout, stderr]: readonly Stdio[] = []): Program {
  const child = spawn(process.execPath, [main, ...argv], {
    stdio: [stdin ?? 'pipe', stdout ?? 'pipe', stderr ?? 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const exit = new Promise<Awaited<Program['exit']>>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return { child, output, exit };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const listening = async ({ output }: Program): Promise<string> =>
  vi.waitFor(() => /"url":"(http:[^"]+)\/mcp"/.exec(output.err)?.[1] ?? fail('not listening'), {
    timeout: 10_000,
  });
const fail = (message: string): never => {
  throw new Error(message);
};

/** A backend that never gets anywhere: nothing answers on port 1. */
const valid = sample({ operational: 'operational: {failureHandling: {partialFailureMode: fail}}' });
const serving = (...argv: readonly string[]) => ['serve', '--config', fileOf(valid), ...argv];

describe.skipIf(!existsSync(main))('the program', () => {
  it('validates, prints schema and version, and says of wrong usage with its exit codes [R27]', async () => {
    const runs = [
      [['validate', '--config', join(packageRoot(), 'vmcp.yaml')], 0],
      [['schema'], 0],
      [['version'], 0],
      [['--help'], 0],
      [['validate', '--config', fileOf('name: x')], 1],
      [['validate', '--confg', 'x'], 2],
      [[], 2],
    ] as const;
    const programs = runs.map(([argv]) => breakwater(argv));
    const codes = await Promise.all(programs.map(async ({ exit }) => (await exit).code));
    expect(codes).toEqual(runs.map(([, code]) => code));
    for (const [index, { output }] of programs.entries()) {
      const isDone = codes[index] === 0;
      expect(output.out !== '', `stdout of run ${index}`).toBe(isDone);
      expect(output.err !== '', `stderr of run ${index}`).toBe(!isDone);
    }
    expect(JSON.parse(programs[1]?.output.out ?? '')).toHaveProperty('properties');
  });

  it('serves, writes JSON lines to stderr only, and ends with 0 on SIGTERM [R19]', async () => {
    const program = breakwater(serving('--port', '0'));
    const base = await listening(program);
    expect(await (await fetch(`${base}/health`)).text()).toBe('{"status":"ok"}');
    program.child.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output.out).toBe('');
    for (const line of program.output.err.trimEnd().split('\n')) {
      expect(() => void JSON.parse(line), line).not.toThrow();
    }
    const events = program.output.err
      .split('\n')
      .filter((line) => line.includes('"event":'))
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(events).toEqual(events.map((_, index) => index + 1));
    expect(events.length).toBeGreaterThan(0);
  });

  it('a port in use is exit code 1 and clear words [R40]', async () => {
    const first = breakwater(serving('--port', '0'));
    const { port } = new URL(await listening(first));
    const second = breakwater(serving('--port', port));
    expect((await second.exit).code).toBe(1);
    expect(second.output.err).toBe(
      `breakwater: cannot listen on 127.0.0.1 port ${port}: the port is in use; stop what uses it or choose another with --port\n`,
    );
  });

  it('with --stdio, stdout holds the protocol alone, and the end of stdin ends it with 0 [R19]', async () => {
    const { child, output, exit } = breakwater(serving('--stdio'));
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    };
    child.stdin?.write(`${JSON.stringify(initialize)}\n`);
    await vi.waitFor(() => expect(output.out).toMatch(/\n$/), { timeout: 10_000 });
    child.stdin?.end();
    expect(await exit).toEqual({ code: 0, signal: null });
    const messages = output.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { jsonrpc: string });
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(message.jsonrpc).toBe('2.0');
    expect(messages[0]).toMatchObject({ id: 1, result: { serverInfo: { name: 'test-vmcp' } } });
    expect(output.err).not.toContain('"msg":"listening"');
  });

  it.skipIf(!existsSync('/dev/full'))(
    'serves on while the log has no room, and ends in order [R40]',
    async () => {
      const full = openSync('/dev/full', 'w');
      const { child, exit } = breakwater(serving('--stdio'), ['pipe', 'pipe', full]);
      closeSync(full);
      const answers: string[] = [];
      child.stdout?.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
      child.stdin?.write('{"jsonrpc":"2.0","id":7,"method":"ping"}\n');
      await vi.waitFor(() => expect(answers.join('')).toContain('"id":7'), { timeout: 10_000 });
      child.stdin?.end();
      expect(await exit).toEqual({ code: 0, signal: null });
    },
  );

  it('logs to a file to the last line [R32]', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'cli-log-')), 'log');
    const descriptor = openSync(file, 'w');
    const { child, exit } = breakwater(serving('--port', '0'), ['ignore', 'ignore', descriptor]);
    closeSync(descriptor);
    const logged = (): string => readFileSync(file, 'utf8');
    await vi.waitFor(() => expect(logged()).toContain('"msg":"listening"'), { timeout: 10_000 });
    child.kill('SIGINT');
    expect((await exit).code).toBe(0);
    expect(logged()).toMatch(/"exitCode":0,"msg":"stopped"\}\n$/);
  });

  it('a reader of the log that goes away costs the log, and not the server [R40]', async () => {
    const program = breakwater(serving('--port', '0'));
    const base = await listening(program);
    program.child.stderr?.destroy();
    for (let count = 0; count < 20; count += 1) {
      expect((await fetch(`${base}/status`, { headers: { origin: 'http://evil.example' } })).status).toBe(
        403,
      );
    }
    expect((await fetch(`${base}/health`)).status).toBe(200);
    program.child.kill('SIGTERM');
    expect((await program.exit).code).toBe(0);
  });
});

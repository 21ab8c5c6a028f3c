import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.js';
import { sample } from '../config/sample.js';
import { FakeVmcp, info } from '../http/fake-vmcp.js';
import { fileOf, serve, started } from './fake-host.js';

const valid = sample({ operational: 'operational: {failureHandling: {partialFailureMode: fail}}' });
const TIME = '2026-08-01T10:00:00.000Z';
const opened = (sequence: number, backend = 'one'): EngineEvent => ({
  type: 'circuit.changed',
  sequence,
  at: 1000 + sequence,
  time: TIME,
  backend,
  from: 'closed',
  to: 'open',
  generation: 2,
  cause: 'call.failed',
  category: 'timeout',
  retryAfterMs: 20_000,
});

describe('serve without a terminal', () => {
  it.each([
    ['127.0.0.1', '{type: anonymous}', 0],
    ['localhost', '{type: anonymous}', 0],
    ['0.0.0.0', '{type: anonymous}', 1],
    ['0.0.0.0', '{type: bearer, bearer: {tokenEnv: CLIENT_TOKEN}}', 0],
  ])('on %s with incomingAuth %s warns of open doors: %i times [R38]', async (host, auth, times) => {
    const file = fileOf(sample({ incomingAuth: `incomingAuth: ${auth}` }));
    const serving = serve(file, ['--host', host], { env: { CLIENT_TOKEN: 'a-token-of-clients' } });
    await started(serving);
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
    const warned = serving.host.stderr
      .entries()
      .filter(({ msg }) => String(msg).startsWith('whoever can reach'));
    expect(warned).toHaveLength(times);
  });

  it('writes JSON lines to stderr and nothing to stdout [R32]', async () => {
    const serving = serve(fileOf(valid));
    const base = await started(serving);
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
    expect(serving.host.stdout.text).toBe('');
    const entries = serving.host.stderr.entries();
    expect(entries.map(({ level, msg }) => `${String(level)} ${String(msg)}`)).toEqual([
      'info listening',
      'info stopping',
      'info stopped',
    ]);
    expect(entries[0]).toMatchObject({ url: `${base}/mcp`, statusUrl: `${base}/status` });
    expect(entries[1]).toMatchObject({ why: 'SIGTERM', drainMs: 10_000 });
    for (const { time } of entries) expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('answers on the port while it serves, and no more after it [R19]', async () => {
    const serving = serve(fileOf(valid));
    const base = await started(serving);
    expect(await (await fetch(`${base}/health`)).text()).toBe('{"status":"ok"}');
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
    await expect(fetch(`${base}/health`)).rejects.toThrow();
    expect(serving.vmcp.asked).toEqual(['start', 'stop 8000']);
  });

  it('logs every event once and in order, from the first to the last [R32]', async () => {
    const vmcp = new FakeVmcp();
    const serving = serve(fileOf(valid), [], { vmcp });
    await started(serving);
    for (let sequence = 1; sequence <= 50; sequence += 1) vmcp.emit(opened(sequence));
    vmcp.onStop = () => {
      vmcp.emit(opened(51));
      return Promise.resolve();
    };
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
    const logged = serving.host.stderr.entries().filter(({ event }) => event !== undefined);
    expect(logged.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 51 }, (_, index) => index + 1),
    );
    vmcp.emit(opened(52));
    expect(serving.host.stderr.text).not.toContain('"sequence":52');
  });

  it('warns of what is not as it seems in the configuration, with its place [R29]', async () => {
    const file = fileOf(sample({ optimizer: 'optimizer: {}' }));
    const serving = serve(file);
    await started(serving);
    serving.host.events.emit('SIGINT', 'SIGINT');
    await serving.exitCode;
    const notices = serving.host.stderr.entries().filter(({ level }) => level === 'warn');
    expect(notices).toEqual([
      expect.objectContaining({ file, line: 1, key: expect.stringMatching(/partialFailureMode$/) as string }),
      expect.objectContaining({ file, line: 7, key: 'optimizer' }),
    ]);
  });

  it('the log level is that of the option, else that of the file, else info [R32]', async () => {
    const debug = fileOf(
      sample({ operational: 'operational: {logLevel: debug, failureHandling: {partialFailureMode: fail}}' }),
    );
    const linesOf = async (file: string, argv: readonly string[]) => {
      const serving = serve(file, argv);
      await started(serving);
      const [, { log } = { log: undefined }] = serving.created[0] ?? [];
      log?.debug({}, 'in detail');
      serving.host.events.emit('SIGTERM', 'SIGTERM');
      await serving.exitCode;
      return serving.host.stderr.entries().map(({ msg }) => msg);
    };
    expect(await linesOf(debug, [])).toContain('in detail');
    expect(await linesOf(debug, ['--log-level', 'info'])).not.toContain('in detail');
    expect(await linesOf(fileOf(valid), [])).not.toContain('in detail');
    expect(await linesOf(fileOf(valid), ['--log-level', 'silent'])).toEqual([]);
  });

  it('a port in use ends it with 1 and what to do, and nothing is started [R40]', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const serving = serve(fileOf(valid), ['--port', String(port)]);
    expect(await serving.exitCode).toBe(1);
    other.close();
    expect(serving.host.stderr.text).toBe(
      `breakwater: cannot listen on 127.0.0.1 port ${port}: the port is in use; stop what uses it or choose another with --port\n`,
    );
    expect(serving.vmcp.asked).toEqual([]);
    expect(serving.host.events.eventNames()).toEqual([]);
  });

  it.each([
    ['incomingAuth: {type: local, bearer: {tokenEnv: NOT_SET}}', 'incomingAuth.type'],
    [
      'incomingAuth: {type: oidc, oidc: {issuer: "https://i", audience: a}, authz: {type: cedar, policies: ["x"]}}',
      'incomingAuth.authz',
    ],
    ['incomingAuth: {type: local}', 'incomingAuth.type'],
    [
      'incomingAuth: {type: anonymous, authz: {type: cedar, policies: ["forbid(principal, action, resource);"]}}',
      'incomingAuth.authz',
    ],
  ])('%s is refused before anything is made, naming the key [R29]', async (incomingAuth, key) => {
    const file = fileOf(sample({ incomingAuth }));
    const serving = serve(file);
    expect(await serving.exitCode).toBe(1);
    expect(serving.host.stderr.text).toMatch(/^breakwater: refusing to start: /);
    expect(serving.host.stderr.text).toContain(`\n  ${file}:3: refuses: ${key}: `);
    expect(serving.created).toEqual([]);
  });

  it.each([false, true])(
    'secrets of the configuration do not reach the log, whatever is logged (terminal: %s) [R30]',
    async (isTerminal) => {
      const backends =
        'backends: [{name: a, transport: stdio, command: x, env: {DB: "postgres://u:${PW}@h/db", MODE: production}}]';
      const env = { PW: 'hush-hush' };
      const serving = serve(fileOf(sample({ backends })), ['--log-level', 'info'], { isTerminal, env });
      await started(serving);
      const [, { log } = { log: undefined }] = serving.created[0] ?? [];
      log?.info({ line: 'in production: hush-hush' }, 'the child said hush-hush');
      const error = new Error('cannot log in with hush-hush');
      const crash = { sequence: 1, at: 1, time: TIME, backend: 'a', crashes: 1, restartInMs: 100, error };
      serving.vmcp.emit({ ...crash, type: 'backend.crashed' });
      serving.host.events.emit('SIGTERM', 'SIGTERM');
      expect(await serving.exitCode).toBe(0);
      const { text } = serving.host.stderr;
      expect(text).toContain('the child said [redacted]');
      expect(text).toContain('in production: [redacted]');
      expect(text).toContain('cannot log in with [redacted]');
      expect(text).not.toContain('hush');
    },
  );
});

describe('serve --stdio', () => {
  it('opens no port, and ends with 0 when its client is gone [R19]', async () => {
    const vmcp = new FakeVmcp();
    let leave = (): void => undefined;
    vmcp.onStdio = () => new Promise((resolve) => (leave = resolve));
    const serving = serve(fileOf(valid), ['--stdio'], { vmcp });
    await started(serving);
    await vi.waitFor(() => expect(vmcp.asked).toContain('stdio'));
    leave();
    expect(await serving.exitCode).toBe(0);
    expect(serving.host.stderr.text).not.toContain('listening');
    expect(serving.host.stderr.entries()[0]).toMatchObject({ why: 'the client on stdin is gone' });
    expect(serving.host.stdout.text).toBe('');
  });

  it('opens a port too where one is given [R38]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStdio = () => new Promise(() => undefined);
    const serving = serve(fileOf(valid), ['--stdio', '--port', '0'], { vmcp });
    const base = await started(serving);
    expect((await fetch(`${base}/health`)).status).toBe(200);
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
  });

  it('a stdout that breaks ends it with 0 [R19]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStdio = () => new Promise(() => undefined);
    const serving = serve(fileOf(valid), ['--stdio'], { vmcp });
    await started(serving);
    (serving.host.stdout as Writable).emit('error', new Error('EPIPE'));
    expect(await serving.exitCode).toBe(0);
  });

  it('a client that cannot be served ends it with 1 [R19]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStdio = () => Promise.reject(new Error('broken'));
    const serving = serve(fileOf(valid), ['--stdio'], { vmcp });
    expect(await serving.exitCode).toBe(1);
    expect(serving.host.stderr.entries()[0]).toMatchObject({ level: 'error', error: { message: 'broken' } });
  });
});

describe('serve on a terminal', () => {
  it('says where to point a client, then a line per change of state [R32]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.infos = [info('one'), info('two')];
    const file = fileOf(valid.replace('test-vmcp', '"a\\e[2Jb"'));
    const serving = serve(file, [], { isTerminal: true, vmcp, env: { NO_COLOR: '1' } });
    const base = await started(serving);
    vmcp.emit(opened(1));
    vmcp.emit({
      ...opened(2),
      type: 'health.changed',
      from: 'unknown',
      to: 'unhealthy',
      cause: 'x',
    });
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
    const { text } = serving.host.stderr;
    expect(text).toContain(`a\\u{1b}[2Jb: 2 backends as one MCP server at ${base}/mcp`);
    expect(text).toContain(`claude mcp add --transport http breakwater ${base}/mcp`);
    expect(text).toContain(`Status: ${base}/status`);
    const changes = serving.host.stderr.lines().filter((line) => line.includes(' → '));
    expect(changes).toEqual([
      expect.stringMatching(
        /^\d\d:\d\d:\d\d  one  circuit  closed → open  call\.failed: timeout · next attempt in 20 s$/,
      ),
      expect.stringMatching(/^\d\d:\d\d:\d\d  one  health  unknown → unhealthy  x: timeout$/),
    ]);
    expect(text).not.toContain('{"level"');
  });

  it('colours only where they are wanted [R32]', async () => {
    const textWith = async (env: Record<string, string>) => {
      const serving = serve(fileOf(valid), [], { isTerminal: true, env });
      await started(serving);
      serving.vmcp.emit(opened(1));
      serving.host.events.emit('SIGTERM', 'SIGTERM');
      await serving.exitCode;
      return serving.host.stderr.text;
    };
    expect(await textWith({})).toContain('\u001b[31mclosed → open\u001b[39m');
    expect(await textWith({ NO_COLOR: '1' })).not.toContain('\u001b');
    expect(await textWith({ TERM: 'dumb' })).not.toContain('\u001b');
  });
});

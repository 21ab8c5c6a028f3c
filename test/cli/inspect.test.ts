import { WebSocket } from 'ws';
import { describe, expect, it, vi } from 'vitest';
import { sample } from '../config/sample.js';
import { FakeVmcp } from '../http/fake-vmcp.js';
import { command, fileOf, serve, started } from './fake-host.js';

const TOKEN = 'only-for-operators';
const env = { BREAKWATER_ADMIN_TOKEN: TOKEN };

describe('serve --inspect', () => {
  it('offers the actors at an address that it logs without the token, until it ends [R33] [R30]', async () => {
    const vmcp = new FakeVmcp();
    const inspect = vi.spyOn(vmcp, 'inspect');
    const serving = serve(fileOf(sample({})), ['--inspect', '0'], { vmcp, env });
    await started(serving);
    const listening = serving.host.stderr.entries().find(({ msg }) => msg === 'listening');
    const inspectorUrl = String(listening?.['inspectorUrl']);
    expect(inspectorUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const socket = new WebSocket(`${inspectorUrl.replace('http', 'ws')}?token=${TOKEN}`);
    await new Promise((resolve) => socket.once('open', resolve));
    expect(inspect).toHaveBeenCalled();
    const gone = new Promise((resolve) => socket.once('close', resolve));
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
    await gone;
    expect(serving.host.stderr.text).not.toContain(TOKEN);
  });

  it('shows the address with the token on a terminal, where it makes one up [R33]', async () => {
    const serving = serve(fileOf(sample({})), ['--inspect', '0'], { isTerminal: true });
    await started(serving);
    expect(serving.host.stderr.text).toMatch(
      /Stately's inspector: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{22}\n/,
    );
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
  });

  it('works beside stdio, where no other port is open [R33]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStdio = () => new Promise(() => undefined);
    const serving = serve(fileOf(sample({})), ['--stdio', '--inspect', '0'], { vmcp, env });
    await vi.waitFor(() => expect(serving.host.stderr.text).toContain('inspectorUrl'));
    expect(serving.host.stderr.text).not.toContain('statusUrl');
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
  });

  it('refuses to start where nobody could know the token, and says what to set [R38]', async () => {
    const serving = serve(fileOf(sample({})), ['--inspect', '0']);
    expect(await serving.exitCode).toBe(1);
    expect(serving.host.stderr.text).toContain('--inspect needs an admin token: set BREAKWATER_ADMIN_TOKEN');
    expect(serving.vmcp.asked).toEqual([]);
  });

  it('refuses to start where its port is in use, and closes what was open [R40]', async () => {
    const first = serve(fileOf(sample({})), ['--inspect', '0'], { env });
    const base = await started(first);
    const { port } = new URL(base);
    const second = serve(fileOf(sample({})), ['--inspect', port], { env });
    expect(await second.exitCode).toBe(1);
    expect(second.host.stderr.lines().at(-1)).toBe(
      `breakwater: cannot listen on 127.0.0.1 port ${port}: the port is in use; stop what uses it or choose another with --inspect`,
    );
    const third = serve(fileOf(sample({})), ['--inspect', '0', '--port', port], { env });
    expect(await third.exitCode).toBe(1);
    first.host.events.emit('SIGTERM', 'SIGTERM');
    await first.exitCode;
  });

  it('takes 4484 where no port is named, and refuses what is none [R33]', async () => {
    const { code, err } = await command(['serve', '--config', 'x', '--inspect', 'http']);
    expect(code).toBe(2);
    expect(err).toContain("option '--inspect [port]' argument 'http' is invalid. It is not a port");
    const taken = serve(fileOf(sample({})), ['--inspect'], { env });
    await started(taken);
    expect(taken.host.stderr.text).toContain('"inspectorUrl":"http://127.0.0.1:4484/"');
    taken.host.events.emit('SIGTERM', 'SIGTERM');
    await taken.exitCode;
  });
});

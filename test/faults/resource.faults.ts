import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive, until } from '../e2e/processes.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { hostile } from './hostile.js';
import { canLimit, limit, loading, NOBODY, userOf } from './limits.js';
import { outside, watch } from './outside.js';

const FEW_FILES = 10;
const MANY_FILES = 1_000;
const isRoot = process.getuid?.() === 0;

describe.skipIf(!canLimit)('a child that dies while', () => {
  /** A gateway over two children; one is killed, and until the limit is lifted it cannot be started again. */
  async function starve(
    set: (pid: number) => void | Promise<void>,
    lift: (pid: number) => void,
    code: string,
    env: Record<string, string> = {},
  ) {
    const [dying, steady] = [hostile(), hostile()];
    for (const { folder } of [dying, steady]) {
      chmodSync(folder, 0o777);
      chmodSync(join(folder, 'pids'), 0o666);
    }
    const backends = [
      { name: 'dying', ...dying.entry, cwd: dying.folder },
      { name: 'steady', ...steady.entry, cwd: steady.folder },
    ];
    const { served, client } = await outside(backends, { env });
    const pid = served.process.pid!;
    const unmoved = watch(served, client, 'steady');
    await set(pid);
    const [child = 0] = dying.pids();
    process.kill(child, 'SIGKILL');
    const opened = await served.circuit('dying', 'open');
    expect(opened).toMatchObject({ category: 'connection_failed' });
    expect(served.log.find(({ reason }) => String(reason).includes(code))).toMatchObject({
      backend: 'dying',
      mechanism: 'spawn-failed',
    });
    const refused = await client.call('dying_echo');
    expect(refused).toMatchObject({ isError: true, unavailable: { backend: 'dying' } });
    await until('it was tried again in vain', () => {
      return served.changes('dying').filter(({ to }) => to === 'open').length >= 2;
    });
    lift(pid);
    await served.circuit('dying', 'closed');
    expect(await client.call('dying_echo')).toMatchObject({ isError: false });
    expect(await unmoved()).toBeGreaterThan(10);
    expect(dying.pids()).toHaveLength(2);
    expect(steady.pids()).toHaveLength(1);
    return served;
  }

  it('the gateway may open no more files is started again once it may, and the other serves on [R40]', async () => {
    await starve(
      (pid) => limit(pid, 'nofile', FEW_FILES),
      (pid) => limit(pid, 'nofile', MANY_FILES),
      'EMFILE',
    );
  }, 60_000);

  it('the user may have no more processes is started again once it may, and the other serves on [R40]', async () => {
    await starve(
      async (pid) => {
        if (isRoot) process.kill(pid, 'SIGUSR2');
        await until('limits hold for it', () => !isRoot || userOf(pid) === NOBODY);
        limit(pid, 'nproc', 1);
      },
      (pid) => limit(pid, 'nproc', MANY_FILES),
      'EAGAIN',
      loading('unprivileged.mjs'),
    );
  }, 60_000);
});

describe.skipIf(!canLimit)('new clients while the gateway may open no more files', () => {
  it('are let in once it may again; the one that is there is served all along [R40]', async () => {
    const { entry } = hostile();
    const { served, client } = await outside([{ name: 'steady', ...entry }]);
    const pid = served.process.pid!;
    const { host, port } = new URL(served.base);
    /** One that asks by a connection of its own; the text it got in the end. */
    const newcomer = () =>
      new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(Number(port), '127.0.0.1');
        socket.write(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        socket.on('data', (piece: Buffer) => (text += piece.toString())).on('error', () => undefined);
        socket.once('close', () => resolve(text));
        onTestFinished(() => void socket.destroy());
      });
    // From here on it has a connection, which it keeps.
    await client.call('steady_echo');
    limit(pid, 'nofile', FEW_FILES);
    let admitted = 0;
    const early = Array.from({ length: 50 }, async () => {
      if ((await newcomer()) !== '') admitted += 1;
    });
    for (let call = 0; call < 50; call += 1) {
      expect(await client.call('steady_echo')).toMatchObject({ isError: false, text: 'echo' });
    }
    expect(admitted).toBe(0);
    limit(pid, 'nofile', MANY_FILES);
    await until('a newcomer is let in', async () => (await newcomer()).startsWith('HTTP/1.1 200 '));
    await Promise.all(early);
    expect(served.changes('steady')).toEqual([]);
  }, 60_000);
});

describe.skipIf(!canLimit)(
  'a call for which no connection can be made, since no more files may be opened',
  () => {
    async function unconnected() {
      const server = await ScriptedServer.start();
      const { served, client } = await outside([
        { name: 'http', transport: 'streamable-http', url: server.url },
      ]);
      await client.call('http_echo');
      const pid = served.process.pid!;
      limit(pid, 'nofile', FEW_FILES);
      for (const socket of server.sockets) socket.destroy();
      await until('the idle connections are gone', () => server.sockets.size === 0);
      return { pid, served, client, call: await client.call('http_echo') };
    }

    it('fails at once and says why; the backend is back when files may be opened again [R40]', async () => {
      const { pid, served, client, call } = await unconnected();
      const reason = 'the gateway has run out of what it takes to reach it (EMFILE)';
      expect(call).toMatchObject({ isError: true, unavailable: { backend: 'http', reason } });
      expect(call.tookMs).toBeLessThan(1_000);
      limit(pid, 'nofile', MANY_FILES);
      await until('it serves again', async () => !(await client.call('http_echo')).isError);
      expect((await served.backend('http')).calls.inFlight).toBe(0);
    }, 60_000);

    it('is not said to have perhaps run: nothing was sent [R39] [R40]', async () => {
      const { call, served } = await unconnected();
      expect(call.unavailable).toMatchObject({ code: 'CALL_FAILED' });
      expect(call.unavailable).not.toHaveProperty('mayHaveRun');
      expect((await served.backend('http')).calls.failed).toBe(0);
    }, 60_000);
  },
);

describe('a storm of scrapes', () => {
  it('is answered, each with a page of the same size, and calls go on [R31] [R40]', async () => {
    const { entry } = hostile();
    const { served, client } = await outside([{ name: 'steady', ...entry }]);
    const unmoved = watch(served, client, 'steady');
    const lines = new Set<number>();
    const lane = async () => {
      for (let scrape = 0; scrape < 100; scrape += 1) {
        const response = await fetch(`${served.base}/metrics`);
        expect(response.status).toBe(200);
        const text = await response.text();
        lines.add(text.split('\n').filter((line) => line.startsWith('# TYPE breakwater_')).length);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect([...lines]).toHaveLength(1);
    expect([...lines][0]).toBeGreaterThan(10);
    expect(await unmoved()).toBeGreaterThan(5);
  }, 60_000);
});

describe('a machine that is busy with other things', () => {
  it('opens no circuit, and every call is answered [R37] [R40]', async () => {
    const { entry } = hostile();
    const { served, client } = await outside([{ name: 'steady', ...entry }]);
    const loops = Array.from({ length: cpus().length }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    onTestFinished(() => {
      for (const loop of loops) loop.kill('SIGKILL');
    });
    for (let call = 0; call < 200; call += 1) {
      expect(await client.call('steady_echo')).toMatchObject({ isError: false, text: 'echo' });
    }
    expect(loops.every(({ pid }) => isAlive(pid!))).toBe(true);
    expect(served.changes('steady')).toEqual([]);
    expect(served.changes('steady', 'health.changed').filter(({ to }) => to !== 'healthy')).toEqual([]);
    expect((await served.backend('steady')).calls).toMatchObject({ succeeded: 200, failed: 0, inFlight: 0 });
  }, 60_000);
});

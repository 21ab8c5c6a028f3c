import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SessionProbe } from './session-probe.js';

/** Listens, accepts nothing, and stands still: once its few places are taken, SYN after SYN is lost. */
const LISTENER = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    console.log(server.address().port);
    process.kill(process.pid, 'SIGSTOP');
  });`;

test('a connection that is neither made nor refused is given up at its own limit, and nothing was sent [R36] [R08]', async () => {
  const listener = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void listener.kill('SIGKILL'));
  const [said] = (await once(listener.stdout, 'data')) as [Buffer];
  const port = Number(said.toString());
  const taken: Socket[] = [];
  onTestFinished(() => {
    for (const socket of taken) socket.destroy();
  });
  for (let place = 0; place < 8; place += 1)
    taken.push(connect(port, '127.0.0.1').on('error', () => undefined));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const probe = new SessionProbe(new URL(`http://127.0.0.1:${port}/mcp`).href, {
    limits: { maxConnectMs: 150 },
  });
  const from = performance.now();
  const reply = await probe.ask('tools/call', { name: 'x' });
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(reply).toMatchObject({
    kind: 'failed',
    failure: { category: 'connection_failed' },
    reason: 'no connection to it could be made in time',
    mayHaveRun: false,
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kill, launch, until } from '../e2e/processes.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { SessionProbe, summary } from '../session/session-probe.js';

/** A port whose queue of connections is full: the kernel drops every SYN, as a firewall that drops packets does. */
describe.skipIf(process.platform !== 'linux')('a port at which SYN after SYN is lost', () => {
  let listener: ReturnType<typeof launch>;
  let url = '';
  const fillers: Socket[] = [];

  beforeAll(async () => {
    listener = launch([join(import.meta.dirname, 'stopped-listener.mjs')], {}, 'pipe');
    const [line] = (await once(listener.stdout!, 'data')) as [Buffer];
    const port = Number(line.toString());
    url = `http://127.0.0.1:${port}/mcp`;
    await until('a connection is left waiting', async () => {
      const filler = connect(port, '127.0.0.1').on('error', () => undefined);
      fillers.push(filler);
      const connected = once(filler, 'connect').then(() => true);
      return !(await Promise.race([connected, new Promise((late) => setTimeout(late, 200, false))]));
    });
  });

  afterAll(async () => {
    for (const filler of fillers) filler.destroy();
    await kill(listener);
  });

  it('ends the call at its time limit, which counts connecting in, and cannot have run it [R25] [R39]', async () => {
    const probe = new SessionProbe(url);
    const reply = await probe.call({}, { timeoutMs: 600 });
    // A moment of the limit may have passed by then.
    expect(summary(reply)).toMatch(/^timeout: connecting timed out after 0\.(6|59\d*) s$/);
    expect(reply).toMatchObject({ mayHaveRun: false });
    expect(await probe.check(600)).toBe('timeout');
    expect(probe.session.held).toBe(0);
  });

  it('ends the call after two seconds of connecting, whatever the call may take [R25]', async () => {
    const from = performance.now();
    const probe = new SessionProbe(url, { limits: { maxConnectMs: 2_000 } });
    const reply = await probe.call({}, { timeoutMs: 6_000 });
    expect(reply).toMatchObject({ mayHaveRun: false, failure: { category: 'connection_failed' } });
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('408', () => {
  it('is overload, and its Retry-After goes into the delay [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => post.raw('', 408, { 'retry-after': '2' }));
    const { outcome } = await probe.call();
    expect(outcome).toMatchObject({ kind: 'failed', failure: { retryAfterMs: 2_000 } });
  });
});

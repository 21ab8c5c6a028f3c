import { describe, expect, it } from 'vitest';
import { isAlive } from '../e2e/processes.js';
import { until } from '../session/session-probe.js';
import { hostile } from './hostile.js';
import { world } from './world.js';

describe('a backend that is slow to start', () => {
  it('keeps nobody waiting, and is listed and called once it is there [R20] [R35]', async () => {
    const { entry, pids, openGate } = hostile({ manner: 'gated' });
    const gateway = await (await world(entry)).healthy('healthy');
    const unmoved = gateway.watch();
    await until(() => pids().length === 1, 'its process runs');
    expect(await gateway.tools()).toEqual(['healthy_echo']);
    expect(gateway.backend()).toMatchObject({ health: 'unknown', circuit: 'closed', restarts: 0 });
    openGate();
    await gateway.healthy();
    expect(await gateway.tools()).toContain('hostile_echo');
    expect((await gateway.call()).answer.result).toMatchObject({ content: [{ text: 'echo' }] });
    await unmoved();
    expect(gateway.circuit()).toEqual([]);
    expect(pids()).toHaveLength(1);
  });
});

describe('a backend behind a wrapper script', () => {
  const wrapper = '"$@"; exit $?';

  it('is lost at once with the process that the wrapper started [R08]', async () => {
    const { entry, pids } = hostile({ wrapper });
    const gateway = await (await world(entry)).healthy();
    const [server = 0] = pids();
    const outer = gateway.pid();
    expect(outer).not.toBe(server);
    const call = gateway.meet({ category: 'backend_unavailable', reason: /process/ }, 'hostile_never');
    await until(() => gateway.backend().calls.inFlight === 1, 'the call is out');
    process.kill(server, 'SIGKILL');
    await call;
    await until(() => !isAlive(outer), 'the wrapper is gone');
  });

  it('that heeds nothing is ended with its wrapper when the gateway stops [R19]', async () => {
    const { entry, pids } = hostile({ wrapper, manner: 'stubborn' });
    const gateway = await (await world(entry)).healthy();
    const outer = gateway.pid();
    await gateway.vmcp.stop(200);
    await until(() => ![outer, ...pids()].some(isAlive), 'both are gone');
  });
});

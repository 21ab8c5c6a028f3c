import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, isAlive, kill, until } from '../e2e/processes.js';
import { hostile } from './hostile.js';
import { configuration, Served } from '../e2e/served.js';
import { outside } from './outside.js';

describe('a gateway that is killed with SIGKILL', () => {
  it('leaves no child that heeds the end of its input, and the next start on its port is clean [R19] [R40]', async () => {
    const { entry, pids } = hostile();
    const args = ['--port', String(await freePort())];
    const backends = [{ name: 'steady', ...entry }];
    const { served, client } = await outside(backends, { args });
    // Its answer will be lost.
    client.call('steady_never').catch(() => undefined);
    await until('the call is out', async () => (await served.backend('steady')).calls.inFlight === 1);
    await kill(served.process);
    const [orphan = 0] = pids();
    await until('its child is gone', () => !isAlive(orphan));

    const next = await outside(backends, { args });
    expect(await next.client.call('steady_echo')).toMatchObject({ isError: false, text: 'echo' });
    expect(await next.served.backend('steady')).toMatchObject({ circuit: 'closed', restarts: 0 });
    expect(pids()).toHaveLength(2);
    expect((await next.served.end()).code).toBe(0);
  });
});

describe('a gateway that everybody on the network can reach, and that asks nobody who he is', () => {
  it('does not start, or warns of it [R38]', async () => {
    const { entry } = hostile();
    const config = configuration([{ name: 'steady', ...entry }], {});
    // One that refuses to start would do as well.
    const served = await Served.start(config, ['--host', '0.0.0.0']).catch(() => undefined);
    onTestFinished(() => served?.destroy());
    const said = served?.log.filter(({ level }) => level === 'warn' || level === 'error') ?? [];
    const isWarned = said.some((line) => /anonymous|0\.0\.0\.0|incomingAuth/.test(JSON.stringify(line)));
    expect(served === undefined || isWarned).toBe(true);
  });
});

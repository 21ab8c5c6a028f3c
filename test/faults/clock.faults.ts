import { describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import type { Served } from '../e2e/served.js';
import type { Post } from '../session/scripted-server.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { loading } from './limits.js';
import { outside, watch } from './outside.js';

const OPEN_MS = 1_000;
/** How late a timer may be on a busy machine. */
const LATE_MS = 2_000;
const http = (name: string, { url }: ScriptedServer) => ({ name, transport: 'streamable-http', url });

/** Waits until the gateway's wall clock has been seen early and late by what it says of the next check. */
async function seenToAndFro(served: Served): Promise<void> {
  let [early, late] = [false, false];
  await until('its wall clock goes to and fro', async () => {
    const { next_attempt_time: at, next_attempt_in_ms: inMs } = await served.backend('healthy');
    const aheadMs = Date.parse(at ?? '') - (inMs ?? 0) - Date.now();
    early ||= aheadMs < -500;
    late ||= aheadMs > 500;
    return early && late;
  });
}

describe('the wall clock', () => {
  it.each([
    ['jumps back an hour, on by a day, and on by ten years', {}],
    ['goes to and fro by two seconds every 10 ms', { BREAKWATER_STROBE: '1' }],
  ])(
    'that %s: every stay is as long as ever, by both clocks of the log, and the neighbour unmoved [R03] [R37]',
    async (_, env) => {
      const [sick, healthy] = [await ScriptedServer.start(), await ScriptedServer.start()];
      const { served, client } = await outside([http('sick', sick), http('healthy', healthy)], {
        env: loading('moving-clock.mjs', env),
      });
      const unmoved = watch(served, client, 'healthy');
      for (const method of ['ping', 'initialize']) sick.on(method, (post) => post.raw('', 503));
      const jumping = Object.keys(env).length === 0;
      const opened = () => served.changes('sick').filter(({ to }) => to === 'open').length;
      for (let stay = 1; stay <= 5; stay += 1) {
        await until(`it has opened ${stay} times`, () => opened() >= stay);
        if (jumping) served.process.kill('SIGUSR2');
      }
      const changes = served.changes('sick');
      for (const [index, change] of changes.entries()) {
        if (change['to'] !== 'half-open') continue;
        const lasted = Number(change['atMs']) - Number(changes[index - 1]?.['atMs']);
        expect(lasted).toBeGreaterThanOrEqual(OPEN_MS);
        expect(lasted).toBeLessThan(OPEN_MS + LATE_MS);
      }
      const wall = changes.map((change) => Date.parse(String(change['eventTime'])));
      const spreadMs = Math.max(...wall) - Math.min(...wall);
      if (jumping) expect(spreadMs).toBeGreaterThan(9 * 365 * 24 * 3_600_000);
      else await seenToAndFro(served);
      for (const method of ['ping', 'initialize']) sick.on(method, (post) => sick.behave(post));
      await served.circuit('sick', 'closed');
      expect(await unmoved()).toBeGreaterThan(10);
    },
    60_000,
  );
});

describe('a gateway that is stopped for longer than every time limit', () => {
  it('then takes the answers that have come meanwhile, and nothing opens [R37]', async () => {
    const held: Post[] = [];
    const server = await ScriptedServer.start();
    server.on('tools/call', (post) => held.push(post));
    const { served, client } = await outside([http('backend', server)], { timeout: '1s' });
    const calls = Array.from({ length: 20 }, () => client.call('backend_echo'));
    await until('every call is out', () => held.length === 20);
    served.process.kill('SIGSTOP');
    for (const post of held) server.behave(post);
    const pings = server.count('ping');
    // The pause is the fault itself: three times the limit of a call, and of a check.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(server.count('ping')).toBeLessThanOrEqual(pings + 1);
    server.on('tools/call', (post) => server.behave(post));
    served.process.kill('SIGCONT');
    for (const call of await Promise.all(calls)) expect(call).toMatchObject({ isError: false });
    expect((await client.call('backend_echo')).isError).toBe(false);
    expect(served.changes('backend')).toEqual([]);
    expect(served.changes('backend', 'health.changed').filter(({ to }) => to !== 'healthy')).toEqual([]);
    expect(await served.backend('backend')).toMatchObject({
      circuit: 'closed',
      calls: { failed: 0, inFlight: 0 },
    });
  }, 60_000);

  it('makes up for no checks: one at most is made at once [R13] [R37]', async () => {
    const server = await ScriptedServer.start();
    const { served } = await outside([http('backend', server)]);
    served.process.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const before = server.count('ping');
    served.process.kill('SIGCONT');
    await until('a check is made', () => server.count('ping') > before);
    await served.status();
    expect(server.count('ping') - before).toBe(1);
  }, 60_000);
});

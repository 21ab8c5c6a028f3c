import { describe, expect, it } from 'vitest';
import { until } from '../session/session-probe.js';
import { hostile } from './hostile.js';
import { world } from './world.js';

const lenient = { circuitBreaker: { enabled: true, failureThreshold: 100, timeout: '60s' } };

describe('half a line from a child that stays', () => {
  it('costs the call its time limit, and the session goes on afterwards [R36]', async () => {
    const gateway = await (
      await world(hostile().entry, { timeout: '1s', failureHandling: lenient })
    ).healthy();
    const unmoved = gateway.watch();
    expect((await gateway.call('hostile_half-stay')).answer.result).toMatchObject({ isError: true });
    await gateway.call();
    expect((await gateway.call()).answer.result).toMatchObject({ content: [{ text: 'echo' }] });
    await unmoved();
  });

  it.fails('is noticed with the next line, and fails what waits at once [R36]', async () => {
    const gateway = await (
      await world(hostile().entry, { timeout: '4s', failureHandling: lenient })
    ).healthy();
    const poisoned = gateway.call('hostile_half-stay');
    await until(() => gateway.backend().calls.inFlight === 1, 'the call is out');
    const next = gateway.call();
    for (const { tookMs } of await Promise.all([poisoned, next])) expect(tookMs).toBeLessThan(2_000);
  });
});

describe('an answer of 8 MB on stdio', () => {
  it('passes whole, and the neighbour is served meanwhile [R35] [R36]', async () => {
    const gateway = await (await world(hostile().entry, { timeout: '9s' })).healthy();
    const unmoved = gateway.watch();
    const { answer } = await gateway.call('hostile_huge', { bytes: 8_000_000 });
    expect(answer.result).not.toHaveProperty('isError');
    expect((answer.result?.['content'] as { text: string }[])[0]?.text).toHaveLength(8_000_000);
    await unmoved();
    expect(gateway.circuit()).toEqual([]);
  });
});

describe('an answer on stdio that is over the limit', () => {
  const huge = ['hostile_huge', { bytes: 20_000_000 }] as const;

  it('fails its call at once as malformed, and the next is answered [R36]', async () => {
    const gateway = await (
      await world(hostile().entry, { timeout: '9s', failureHandling: lenient })
    ).healthy();
    const unmoved = gateway.watch();
    const { answer, tookMs } = await gateway.call(...huge);
    expect(answer.result).toMatchObject({
      _meta: { 'breakwater/unavailable': { category: 'protocol_error', mayHaveRun: true } },
    });
    expect(tookMs).toBeLessThan(5_000);
    expect((await gateway.call()).answer.result).toMatchObject({ content: [{ text: 'echo' }] });
    await unmoved();
  });

  it.fails('costs no other call, and not the process [R36]', async () => {
    const gateway = await (
      await world(hostile().entry, { timeout: '4s', failureHandling: lenient })
    ).healthy();
    const pid = gateway.pid();
    await gateway.call(...huge);
    await gateway.call();
    expect(gateway.pid()).toBe(pid);
  });
});

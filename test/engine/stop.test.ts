import { describe, expect, it, vi } from 'vitest';
import { harness, policy } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const boom = () => {
  throw new Error('boom');
};
const two = { backends: { one: policy, two: policy } };
const without = { backends: { two: policy } };

describe('a stop', () => {
  it.each(['closed', 'open', 'halfOpen', 'isolated', 'restarting', 'gaveUp', 'draining'] as const)(
    'of a backend that is %s leaves no timer and no check, and calls after it are refused [R19]',
    async (state) => {
      const warn = vi.spyOn(console, 'warn');
      const { clock, engine, answer, fail, checks, permit, events } = harness(two);
      await clock.run(0);
      const handle = engine.backend('one');
      answer('one', state === 'restarting' || state === 'gaveUp' ? boom : never);
      const held = state === 'draining' ? permit() : undefined;
      if (state === 'isolated') engine.isolate('one');
      if (state === 'open' || state === 'halfOpen') fail(3);
      if (state === 'draining') engine.reconfigure(without);
      else engine.check('one');
      await clock.run(state === 'halfOpen' ? 20_000 : state === 'gaveUp' ? 1000 : 0);
      const stopped = engine.stop({ drainMs: 500 });
      expect(engine.stop()).toBe(stopped);
      await clock.run(500);
      await stopped;
      expect(clock.pending).toBe(0);
      expect(checks.slice(2).every(({ signal }) => signal.aborted)).toBe(true);
      const [told, asked] = [events.length, checks.length];
      held?.fail({ category: 'timeout' });
      for (const act of ['check', 'isolate', 'release', 'reset'] as const) engine[act]('two');
      handle.sessionLost();
      expect(engine.backend('two').standing.circuit).toBe('closed');
      expect(engine.backend('two').permit()).toMatchObject({ code: 'ENGINE_STOPPED' });
      expect(() => engine.reconfigure(two)).toThrow('stopping');
      await clock.run(100_000);
      expect([events.length, checks.length, clock.pending]).toEqual([told, asked, 0]);
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
    },
  );

  it('waits for the calls of a replaced backend too [R18] [R19]', async () => {
    const { clock, engine, permit } = harness();
    await clock.run(0);
    const old = permit();
    engine.reconfigure({ backends: { one: { ...policy, identity: 'b' } } });
    let ended = false;
    const stopped = engine.stop().then(() => (ended = true));
    await clock.run(1000);
    expect(ended).toBe(false);
    old.succeed();
    await stopped;
    expect(clock.pending).toBe(0);
  });
});

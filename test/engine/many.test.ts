import { describe, expect, it } from 'vitest';
import { harness, policy } from './harness.js';

describe('many backends', () => {
  it('a thousand start, one joins and one leaves, and all stop with no timer left [R18] [R19]', async () => {
    const name = (index: number) => `backend-${index}`;
    const backends = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [name(index), policy]));
    const { clock, engine, events, standing } = harness({ backends, maxConcurrentChecks: 1000 });
    await clock.run(0);
    expect(engine.status().phase).toBe('Ready');
    expect(events.filter(({ type }) => type === 'backend.added')).toHaveLength(1000);
    const { [name(500)]: gone, ...rest } = backends;
    expect(gone).toBeDefined();
    engine.reconfigure({ backends: { ...rest, another: policy }, maxConcurrentChecks: 1000 });
    await clock.run(0);
    expect(standing('another').health).toBe('healthy');
    expect(engine.names).not.toContain(name(500));
    expect(events.filter(({ type }) => type === 'backend.restarted')).toEqual([]);
    await engine.stop();
    expect(clock.pending).toBe(0);
  });
});

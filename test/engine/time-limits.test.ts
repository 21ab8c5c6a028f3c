import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { CallTimeoutError } from '../../src/engine/execute.js';

describe('in real time', () => {
  it('a call that does not end within its time fails, and its signal says so [R06]', async () => {
    const engine = createEngine({ backends: { one: {} } });
    engine.start();
    const one = engine.backend('one');
    let reason: unknown;
    const call = one.execute(
      ({ signal }) =>
        new Promise<never>(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
          });
        }),
      { timeoutMs: 20 },
    );
    // The engine's timers do not keep a process alive; this one does.
    const awake = setInterval(() => undefined, 10);
    await expect(call).rejects.toBeInstanceOf(CallTimeoutError);
    clearInterval(awake);
    expect(reason).toBeInstanceOf(CallTimeoutError);
    expect(one.status().calls).toMatchObject({ admitted: 1, failed: 1, inFlight: 0 });
    await engine.stop();
  });

  it('a call that ends in its own turn, or in time, leaves nothing to time out [R06]', async () => {
    const engine = createEngine({ backends: { one: {} } });
    engine.start();
    const one = engine.backend('one');
    expect(await one.execute(() => 1, { timeoutMs: 5 })).toBe(1);
    const slow = one.execute(() => new Promise((done) => setTimeout(done, 5, 2)), { timeoutMs: 5_000 });
    expect(await slow).toBe(2);
    await new Promise((later) => setTimeout(later, 20));
    expect(one.status().calls).toMatchObject({ admitted: 2, succeeded: 2, failed: 0, inFlight: 0 });
    await engine.stop();
  });
});

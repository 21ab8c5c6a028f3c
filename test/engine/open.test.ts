import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/failure.js';
import { harness, refused } from './harness.js';

describe('an open circuit', () => {
  it('loses a session without a check [R02]', async () => {
    const { clock, fail, engine, checks } = harness();
    await clock.run(0);
    fail(3);
    engine.backend('one').sessionLost();
    engine.check('one');
    await clock.run(19_999);
    expect(checks).toHaveLength(1);
  });

  it('ends the check that is out, and does not hear it any more [R02] [R07]', async () => {
    for (const move of ['trip', 'isolate'] as const) {
      const { clock, fail, engine, answer, checks, circuit } = harness();
      let reply: ((outcome: Outcome) => void) | undefined;
      answer('one', () => new Promise((resolve) => (reply = resolve)));
      await clock.run(0);
      if (move === 'trip') fail(3);
      else engine.isolate('one');
      const stay = circuit();
      expect(checks[0]?.signal.aborted).toBe(true);
      const before = engine.backend('one').status();
      reply?.({ kind: 'failed', failure: refused });
      await clock.run(0);
      expect(engine.backend('one').status()).toEqual(before);
      expect(circuit()).toBe(stay);
    }
  });

  it.each([NaN, -1, -Infinity])('a Retry-After of %s asks for nothing [R03] [R08]', async (retryAfterMs) => {
    const { clock, fail, permit, circuit, engine } = harness();
    await clock.run(0);
    fail(2);
    permit().fail({ category: 'overloaded', retryAfterMs });
    expect(engine.backend('one').refusal()).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 20_000 });
    await clock.run(20_000);
    expect(circuit()).toBe('closed');
    expect(engine.backend('one').status().restarts).toBe(0);
  });

  it('a Retry-After without end is cut off at an hour [R03] [R08]', async () => {
    const { clock, fail, permit, engine } = harness();
    await clock.run(0);
    fail(2);
    permit().fail({ category: 'overloaded', retryAfterMs: Infinity });
    expect(engine.backend('one').refusal()).toMatchObject({ retryAfterMs: 3_600_000 });
  });
});

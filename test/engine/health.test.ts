import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/failure.js';
import { harness, policy, refused } from './harness.js';

const denied: Outcome = { kind: 'failed', failure: { category: 'authentication_failed' } };

describe('health', () => {
  it('unknown until the first check, which is made at once [R12]', async () => {
    const { clock, health, checks } = harness();
    expect(health()).toBe('unknown');
    await clock.run(0);
    expect(checks.map(({ at }) => at)).toEqual([0]);
    expect(health()).toBe('healthy');
  });

  it('the threshold-th failure in a row makes it unhealthy, not the one before it [R12]', async () => {
    const { clock, fail, health } = harness();
    await clock.run(0);
    fail(1);
    expect(health()).toBe('healthy');
    fail(1);
    expect(health()).toBe('unhealthy');
  });

  it('a cold start with a failing backend stays unknown before the threshold [R12] [R14]', async () => {
    const { clock, sick, health, engine } = harness();
    sick();
    await clock.run(0);
    expect(health()).toBe('unknown');
    expect(engine.status().phase).toBe('Pending');
    await clock.run(5000);
    expect(health()).toBe('unhealthy');
    expect(engine.status().phase).toBe('Failed');
  });

  it('one blip does not degrade; recovery after unhealthy does, until the next check [R12]', async () => {
    const { clock, sick, well, fail, health } = harness();
    await clock.run(0);
    fail(1);
    await clock.run(5000);
    expect(health()).toBe('healthy');
    sick();
    await clock.run(10_000);
    expect(health()).toBe('unhealthy');
    well();
    await clock.run(5000);
    expect(health()).toBe('degraded');
    await clock.run(5000);
    expect(health()).toBe('healthy');
  });

  it('a check slower than the degraded threshold degrades, one exactly as slow does not [R12]', async () => {
    const { clock, answer, health } = harness();
    const after = (ms: number) => () =>
      new Promise<undefined>((resolve) => {
        clock.setTimeout(() => {
          resolve(undefined);
        }, ms);
      });
    answer('one', after(500));
    await clock.run(500);
    expect(health()).toBe('healthy');
    answer('one', after(501));
    await clock.run(5501);
    expect(health()).toBe('degraded');
  });

  it('refused credentials make it unauthenticated, other failures unhealthy [R12]', async () => {
    const { clock, answer, sick, health } = harness({
      backends: { one: { circuit: { enabled: false }, health: policy.health } },
    });
    answer('one', () => Promise.resolve(denied));
    await clock.run(5000);
    expect(health()).toBe('unauthenticated');
    sick();
    await clock.run(5000);
    expect(health()).toBe('unhealthy');
    answer('one', () => Promise.resolve(denied));
    await clock.run(5000);
    expect(health()).toBe('unauthenticated');
  });

  it('a real call that succeeds is evidence of health [R15]', async () => {
    const { clock, sick, permit, health } = harness();
    sick();
    await clock.run(0);
    permit().succeed();
    expect(health()).toBe('healthy');
  });
});

describe('checks', () => {
  it('follow at the interval after the last one ended, and never overlap [R13]', async () => {
    const { clock, answer, checks } = harness();
    answer('one', () => new Promise(() => undefined));
    await clock.run(8999);
    expect(checks.map(({ at }) => at)).toEqual([0, 7000]);
    expect(checks[0]?.signal.aborted).toBe(true);
  });

  it('are spread by up to a tenth of the interval [R13]', async () => {
    const { clock, checks } = harness(undefined, { random: () => 0 });
    await clock.run(4500);
    expect(checks.map(({ at }) => at)).toEqual([0, 4500]);
  });

  it('no more than the configured number run at once in the engine [R13]', async () => {
    const backends = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`b${index}`, policy]));
    const { clock, answer, checks } = harness({ backends, maxConcurrentChecks: 3 });
    const release: (() => void)[] = [];
    for (const name of Object.keys(backends))
      answer(
        name,
        () =>
          new Promise((resolve) =>
            release.push(() => {
              resolve(undefined);
            }),
          ),
      );
    await clock.run(0);
    expect(checks).toHaveLength(3);
    release[0]?.();
    await clock.run(0);
    expect(checks).toHaveLength(4);
    await clock.run(2000);
    await clock.run(0);
    expect(checks).toHaveLength(7);
  });

  it('time spent waiting for a turn does not count against the deadline [R13]', async () => {
    const { clock, answer, standing } = harness({
      backends: { one: policy, two: policy },
      maxConcurrentChecks: 1,
    });
    answer('one', () => new Promise(() => undefined));
    await clock.run(2000);
    await clock.run(0);
    expect(standing('two').health).toBe('healthy');
  });

  it('one is skipped when a call has just proved the same [R15]', async () => {
    const { clock, permit, checks } = harness();
    await clock.run(0);
    await clock.run(3000);
    permit().succeed();
    await clock.run(2000);
    expect(checks).toHaveLength(1);
    await clock.run(5000);
    expect(checks).toHaveLength(2);
  });

  it('none is skipped after a failed call, and a requested one is never skipped [R10] [R15]', async () => {
    const { clock, permit, engine, checks } = harness();
    await clock.run(0);
    permit().succeed();
    engine.check('one');
    await clock.run(0);
    expect(checks).toHaveLength(2);
    permit().succeed();
    permit().fail(refused);
    await clock.run(5000);
    expect(checks).toHaveLength(3);
  });

  it('a lost session is checked soon, and each further loss later, until an interval passes in peace [R13]', async () => {
    const { clock, engine, checks } = harness();
    await clock.run(0);
    const lose = async (ms: number) => {
      engine.backend('one').sessionLost();
      await clock.run(ms);
    };
    await lose(99);
    expect(checks).toHaveLength(1);
    await clock.run(1);
    expect(checks).toHaveLength(2);
    await lose(200);
    expect(checks).toHaveLength(3);
    await lose(399);
    expect(checks).toHaveLength(3);
    await clock.run(1);
    expect(checks).toHaveLength(4);
    await clock.run(5000);
    await lose(100);
    expect(checks).toHaveLength(6);
  });

  it('a session lost again and again costs at most one check per interval in the long run [R13]', async () => {
    const { clock, engine, checks } = harness();
    await clock.run(0);
    for (let loss = 0; loss < 200; loss += 1) {
      engine.backend('one').sessionLost();
      await clock.run(500);
    }
    expect(checks.length).toBeLessThan(100_000 / 5000 + 10);
  });
});

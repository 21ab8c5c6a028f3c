import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { CallRefusedError } from '../../src/engine/execute.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { crash, harness, policy, refused } from './harness.js';
import { TurningClock } from './turning-clock.js';

const never = () => new Promise<never>(() => undefined);
const rates = [{ of: 'slowCalls', threshold: 1, window: { calls: 10 }, minimumCalls: 2 } as const];
const watched = { circuit: { ...policy.circuit, failureThreshold: 9, rates, slowCallMs: 300 } };

describe('a refusal', () => {
  it('is none while calls go through [R02]', async () => {
    const { engine, clock } = harness();
    await clock.run(0);
    expect(engine.backend('one').refusal()).toBeUndefined();
    expect(engine.backend('one').permit()).toMatchObject({ admitted: true, backend: 'one' });
  });

  it('is one and the same for everybody until something changes [R02]', async () => {
    const { engine, clock, fail, answer } = harness();
    const { permit, refusal } = { permit: () => one.permit(), refusal: () => one.refusal() };
    const one = engine.backend('one');
    await clock.run(0);
    fail(3);
    const first = permit();
    expect(first).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 20_000 });
    expect(permit()).toBe(first);
    expect(refusal()).toBe(first);
    answer('one', never);
    await clock.run(20_000);
    const second = permit();
    expect(second).toEqual({
      admitted: false,
      backend: 'one',
      code: 'CIRCUIT_HALF_OPEN',
      retryAfterMs: 1000,
    });
    expect(refusal()).toBe(second);
  });

  it('of an engine that has not started says when nothing, and observes nothing [R16]', () => {
    const engine = createEngine({ backends: { one: policy } }, { clock: new VirtualClock() });
    const one = engine.backend('one');
    expect(one.name).toBe('one');
    expect(one.standing).toMatchObject({ observing: false, supervision: 'restarting' });
    expect(one.permit()).toEqual({ admitted: false, backend: 'one', code: 'BACKEND_RESTARTING' });
  });

  it('of an engine that stops names no time, though the backend would have come back [R16] [R19]', async () => {
    const { engine, clock } = harness();
    await clock.run(0);
    const one = engine.backend('one');
    crash(one);
    expect(one.permit()).toMatchObject({ code: 'BACKEND_RESTARTING', retryAfterMs: expect.any(Number) });
    const stopped = engine.stop();
    expect(one.permit()).toEqual({ admitted: false, backend: 'one', code: 'ENGINE_STOPPED' });
    await clock.run(0);
    await stopped;
  });

  it('counts no call as one that was admitted [R02] [R31]', async () => {
    const { engine, clock, fail } = harness();
    await clock.run(0);
    fail(3);
    await expect(engine.backend('one').execute(never)).rejects.toBeInstanceOf(CallRefusedError);
    expect(engine.backend('one').status().calls).toMatchObject({ admitted: 3, inFlight: 0, refused: 1 });
  });
});

describe('a call that an enforced circuit would have refused', () => {
  it('takes up room while it is out, and no longer [R09]', async () => {
    const { engine, clock, fail, permit } = harness({
      backends: { one: { ...policy, circuit: { ...policy.circuit, observeOnly: true }, maxInFlight: 1 } },
    });
    await clock.run(0);
    fail(3);
    const out = permit();
    expect(out.backend).toBe('one');
    expect(engine.backend('one').permit()).toMatchObject({ code: 'BULKHEAD_FULL' });
    out.succeed();
    expect(engine.backend('one').status().calls).toMatchObject({
      ...{ inFlight: 0, succeeded: 1, wouldRefuse: 1 },
    });
    permit().fail(refused);
    expect(engine.backend('one').status().calls).toMatchObject({ inFlight: 0, failed: 4, wouldRefuse: 2 });
  });
});

describe('the speed of calls', () => {
  it('is watched in each turn anew, for both forms of a call [R09]', async () => {
    const clock = new TurningClock();
    const engine = createEngine({ backends: { one: watched } }, { clock });
    engine.start();
    const one = engine.backend('one');
    one.permit();
    clock.endTurn();
    clock.advance(100);
    void one.execute(never, { timeoutMs: Infinity });
    clock.endTurn();
    clock.advance(200);
    expect(one.status().rates?.[0]).toMatchObject({ matching: 1, calls: 1 });
    clock.advance(100);
    expect(one.status()).toMatchObject({ circuit: 'open', trippedBy: { matching: 2, calls: 2 } });
    const stopped = engine.stop({ drainMs: 0 });
    clock.advance(0);
    await stopped;
  });

  it('is not watched for a stay that is over [R07] [R09]', async () => {
    const { engine, clock, permit } = harness({ backends: { one: watched } });
    await clock.run(0);
    permit();
    engine.isolate('one');
    engine.release('one');
    engine.reset('one');
    const quick = permit();
    await clock.run(300);
    quick.succeed();
    expect(engine.backend('one').status().rates?.[0]).toMatchObject({ matching: 1, calls: 1 });
  });

  it('is watched where it is one thing of several that may open the circuit [R09]', async () => {
    const both = [
      { of: 'failures', threshold: 1, window: { calls: 10 }, minimumCalls: 9 } as const,
      ...rates,
    ];
    const { engine, clock, permit } = harness({
      backends: { one: { circuit: { ...watched.circuit, rates: both } } },
    });
    await clock.run(0);
    permit();
    permit();
    await clock.run(300);
    expect(engine.backend('one').status()).toMatchObject({ trippedBy: { of: 'slowCalls' } });
  });
});

describe('a health check', () => {
  it('is made though a call has just succeeded, while the backend is degraded [R12] [R15]', async () => {
    const { clock, checks, permit, answer, health } = harness();
    answer('one', () => new Promise((done) => clock.setTimeout(() => done(undefined), 600)));
    await clock.run(0);
    await clock.run(600);
    expect(health()).toBe('degraded');
    permit().succeed();
    await clock.run(5500);
    expect(checks).toHaveLength(2);
  });

  it('is shown at the time for which it is planned, whatever happens until then [R13] [R31]', async () => {
    const { engine, clock, permit } = harness();
    await clock.run(0);
    const planned = engine.backend('one').status().nextAttemptTime;
    expect(planned).toBeDefined();
    await clock.run(1000);
    permit().fail(refused);
    expect(engine.backend('one').status().nextAttemptTime).toEqual(planned);
  });
});

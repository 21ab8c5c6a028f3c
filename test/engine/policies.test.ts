import { describe, expect, it } from 'vitest';
import type { EngineConfigInput } from '../../src/config/engine-config.js';
import { harness, policy, refused } from './harness.js';

type BackendInput = NonNullable<EngineConfigInput['backends'][string]>;
type CircuitInput = NonNullable<BackendInput['circuit']>;

const { openMs, successThreshold, maxProbes, probeLimitMs } = policy.circuit;
const probing = { openMs, successThreshold, maxProbes, probeLimitMs };

/** An engine with one backend that has answered its first check. */
async function engineWith(circuit: CircuitInput, more: BackendInput = {}) {
  const engine = harness({
    backends: { one: { circuit: { ...probing, ...circuit }, health: policy.health, ...more } },
  });
  await engine.clock.run(0);
  const calls = (outcomes: string) => {
    for (const outcome of outcomes) {
      const permit = engine.permit();
      if (outcome === 'x') permit.fail(refused);
      else permit.succeed();
    }
  };
  return { ...engine, calls, status: () => engine.engine.backend('one').status() };
}

/** No check but the first. */
const unchecked = { health: { ...policy.health, checkIntervalMs: 1e9 } };

const half = (window: NonNullable<CircuitInput['rates']>[number]['window']) =>
  ({ of: 'failures', threshold: 0.5, window, minimumCalls: 4 }) as const;

describe('a failure rate over the last calls', () => {
  it('trips when it is reached, not one call before [R09]', async () => {
    // The first check has succeeded, and is one of the attempts.
    const { calls, circuit } = await engineWith({ rates: [half({ calls: 10 })] });
    calls('..xx');
    expect(circuit()).toBe('closed');
    calls('x');
    expect(circuit()).toBe('open');
  });

  it('is not judged by fewer calls than the minimum [R09]', async () => {
    const { calls, circuit } = await engineWith({ rates: [{ ...half({ calls: 10 }), minimumCalls: 6 }] });
    calls('xxxx');
    expect(circuit()).toBe('closed');
    calls('x');
    expect(circuit()).toBe('open');
  });

  it('forgets what is older than the window [R09]', async () => {
    const { calls, circuit } = await engineWith({ rates: [half({ calls: 4 })] });
    calls('....x...x...x');
    expect(circuit()).toBe('closed');
    calls('x');
    expect(circuit()).toBe('open');
  });

  it('of one hundred per cent can be reached [R09]', async () => {
    const { calls, circuit } = await engineWith({ rates: [{ ...half({ calls: 5 }), threshold: 1 }] });
    calls('xxxx');
    expect(circuit()).toBe('closed');
    calls('x');
    expect(circuit()).toBe('open');
  });

  it('replaces failures in a row, unless both are asked for [R01] [R09]', async () => {
    const alone = await engineWith({ rates: [{ ...half({ calls: 100 }), minimumCalls: 50 }] });
    alone.calls('x'.repeat(40));
    expect(alone.circuit()).toBe('closed');
    const both = await engineWith({
      failureThreshold: 3,
      rates: [{ ...half({ calls: 100 }), minimumCalls: 50 }],
    });
    both.calls('xx');
    expect(both.circuit()).toBe('closed');
    both.calls('x');
    expect(both.circuit()).toBe('open');
  });

  it('counts neither refused calls nor released ones nor those still out [R09]', async () => {
    const { calls, permit, circuit, engine } = await engineWith(
      { rates: [half({ calls: 10 })] },
      { maxInFlight: 2 },
    );
    permit();
    for (let call = 0; call < 20; call += 1) permit().release();
    const last = permit();
    for (let call = 0; call < 20; call += 1)
      expect(engine.backend('one').permit()).toMatchObject({ code: 'BULKHEAD_FULL' });
    last.release();
    calls('.xx');
    expect(circuit()).toBe('open');
  });

  it('begins with every stay [R09]', async () => {
    const { calls, circuit, clock } = await engineWith({ rates: [half({ calls: 10 })] });
    calls('xxx');
    expect(circuit()).toBe('open');
    await clock.run(policy.circuit.openMs);
    expect(circuit()).toBe('closed');
    calls('xxx');
    expect(circuit()).toBe('closed');
  });

  it.each([
    ['half', 'x.'],
    ['two thirds', 'xx.'],
  ])(
    'opens the circuit of a flapping backend, %s of whose calls fail, and says so [R09]',
    async (_, pattern) => {
      const { calls, circuit, events, status } = await engineWith({
        failureThreshold: 5,
        rates: [{ of: 'failures', threshold: 0.5, window: { calls: 20 }, minimumCalls: 20 }],
      });
      for (let round = 0; circuit() === 'closed' && round < 50; round += 1)
        for (const outcome of pattern) if (circuit() === 'closed') calls(outcome);
      expect(circuit()).toBe('open');
      expect(status().consecutiveFailures).toBeLessThan(5);
      expect(status().trippedBy).toMatchObject({ of: 'failures', calls: 20 });
      const opened = events.find((event) => event.type === 'circuit.changed' && event.to === 'open');
      expect(opened).toMatchObject({
        cause: 'call.failed',
        rate: { of: 'failures', threshold: 0.5, calls: 20 },
      });
    },
  );

  it('is shown with what its window holds [R09] [R31]', async () => {
    const { calls, status } = await engineWith({ rates: [{ ...half({ calls: 8 }), threshold: 0.75 }] });
    calls('.x.x');
    expect(status().rates).toEqual([
      {
        of: 'failures',
        threshold: 0.75,
        window: { calls: 8 },
        minimumCalls: 4,
        matching: 2,
        calls: 5,
        rate: 0.4,
      },
    ]);
  });
});

describe('a failure rate over the last time', () => {
  it('forgets by time that passes, not by calls: an idle hour leaves nothing [R09]', async () => {
    const { calls, circuit, clock, status } = await engineWith({ rates: [half({ ms: 10_000 })] }, unchecked);
    calls('..xx');
    await clock.run(3_600_000);
    expect(status().rates?.[0]).toMatchObject({ matching: 0, calls: 0, rate: 0 });
    calls('xxx');
    expect(circuit()).toBe('closed');
    calls('x');
    expect(circuit()).toBe('open');
  });

  it('does not let old successes hide an outage [R09]', async () => {
    const { calls, circuit, clock } = await engineWith({ rates: [half({ ms: 10_000 })] }, unchecked);
    calls('.'.repeat(1000));
    await clock.run(10_000);
    calls('xxxx');
    expect(circuit()).toBe('open');
  });

  it('holds a call for its whole length, to a hundredth [R09]', async () => {
    const { calls, clock, status } = await engineWith({ rates: [half({ ms: 10_000 })] });
    await clock.run(1000);
    calls('x');
    await clock.run(9899);
    expect(status().rates?.[0]?.matching).toBe(1);
    await clock.run(101);
    expect(status().rates?.[0]?.matching).toBe(0);
  });
});

describe('a rate of slow calls', () => {
  const slow = {
    slowCallMs: 300,
    rates: [{ of: 'slowCalls', threshold: 0.5, window: { calls: 10 }, minimumCalls: 2 }],
  } satisfies CircuitInput;

  it('sees calls that hang while they are still out [R09]', async () => {
    const { permit, circuit, clock, events } = await engineWith(slow);
    permit();
    permit();
    await clock.run(299);
    expect(circuit()).toBe('closed');
    await clock.run(1);
    expect(circuit()).toBe('open');
    expect(events.at(-1)).toMatchObject({
      cause: 'call.slow',
      rate: { of: 'slowCalls', matching: 2, calls: 2 },
    });
    expect(events.at(-1)).not.toHaveProperty('category');
  });

  it('counts each call once, whatever becomes of it [R09]', async () => {
    const { permit, circuit, clock, status } = await engineWith(slow);
    for (let call = 0; call < 3; call += 1) permit().succeed();
    const late = permit();
    await clock.run(300);
    expect(status().rates?.[0]).toMatchObject({ matching: 1, calls: 4 });
    late.succeed();
    expect(status().rates?.[0]).toMatchObject({ matching: 1, calls: 4 });
    expect(circuit()).toBe('closed');
  });

  it('says nothing of a call that was released before it was slow [R09]', async () => {
    const { permit, status, clock } = await engineWith(slow);
    const released = permit();
    await clock.run(299);
    released.release();
    await clock.run(1000);
    expect(status().rates?.[0]).toMatchObject({ matching: 0, calls: 0 });
  });

  it('leaves no deadline of a call that has ended [R09]', async () => {
    const { permit, clock } = await engineWith(slow);
    const before = clock.pending;
    const permits = [permit(), permit(), permit()];
    expect(clock.pending).toBe(before + 3);
    permits[0]?.succeed();
    permits[1]?.fail(refused);
    permits[2]?.release();
    expect(clock.pending).toBe(before);
  });
});

describe('a bulkhead', () => {
  it('admits as many calls at once as it says, and refuses the next [R09]', async () => {
    const { permit, engine } = await engineWith({}, { maxInFlight: 2 });
    const first = permit();
    permit();
    expect(engine.backend('one').refusal()).toEqual({
      admitted: false,
      backend: 'one',
      code: 'BULKHEAD_FULL',
    });
    expect(engine.backend('one').permit()).toMatchObject({ code: 'BULKHEAD_FULL' });
    first.succeed();
    permit();
  });

  it('never says anything against the backend [R08] [R09]', async () => {
    const { permit, engine, standing, status } = await engineWith({}, { maxInFlight: 1 });
    permit();
    for (let call = 0; call < 100; call += 1) engine.backend('one').permit();
    expect(standing()).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    expect(status()).toMatchObject({ consecutiveFailures: 0, calls: { refused: 100, inFlight: 1 } });
  });

  it('works without a breaker [R09] [R11]', async () => {
    const { permit, engine } = await engineWith({ enabled: false }, { maxInFlight: 1 });
    permit();
    expect(engine.backend('one').permit()).toMatchObject({ code: 'BULKHEAD_FULL' });
  });

  it('takes no probe that it refuses [R04] [R09]', async () => {
    const one = { circuit: { ...policy.circuit, maxProbes: 1 }, health: policy.health, maxInFlight: 1 };
    const { engine, clock, permit, circuit } = harness({ backends: { one } }, { checked: false });
    const old = permit();
    engine.isolate('one');
    engine.release('one');
    expect(engine.backend('one').permit()).toMatchObject({ code: 'BULKHEAD_FULL' });
    old.succeed();
    permit().succeed();
    expect(circuit()).toBe('closed');
    await clock.run(0);
  });

  it('also holds for execute, whose operation is then not called [R09]', async () => {
    const { permit, engine } = await engineWith({}, { maxInFlight: 1 });
    permit();
    let called = 0;
    const call = engine.backend('one').execute(() => (called += 1));
    await expect(call).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    expect(called).toBe(0);
  });
});

describe('a circuit that is only observed', () => {
  it('opens, tries and closes as ever, and refuses nothing [R09]', async () => {
    const { calls, circuit, clock, story, status, engine } = await engineWith({
      failureThreshold: 3,
      observeOnly: true,
    });
    calls('xxx');
    expect(circuit()).toBe('open');
    expect(engine.backend('one').refusal()).toBeUndefined();
    calls('x.x');
    await clock.run(policy.circuit.openMs);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
    expect(status()).toMatchObject({ observeOnly: true, calls: { wouldRefuse: 3, refused: 0, failed: 5 } });
  });

  it('keeps its backend advertised and routed while it is open [R09] [R14]', async () => {
    const { calls, status } = await engineWith(
      { failureThreshold: 3, observeOnly: true },
      { health: { ...policy.health, unhealthyThreshold: 10 } },
    );
    calls('xxx');
    expect(status()).toMatchObject({ circuit: 'open', serving: true, standing: { observing: true } });
  });

  it('refuses all the same when an operator isolates it [R09] [R10]', async () => {
    const { engine, circuit } = await engineWith({ observeOnly: true });
    engine.isolate('one');
    expect(circuit()).toBe('isolated');
    expect(engine.backend('one').permit()).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
  });
});

describe('backoff', () => {
  const backoff = { multiplier: 2, maxOpenMs: 100_000, jitter: 0, decayMs: 50_000 };
  /** How long each open stay was said to be. */
  const stays = ({ events }: Awaited<ReturnType<typeof engineWith>>) =>
    events.flatMap((event) =>
      event.type === 'circuit.changed' && event.to === 'open' ? event.retryAfterMs : [],
    );

  it('makes each opening in a row longer, up to the longest, failed probes among them [R03] [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff });
    engine.sick();
    engine.calls('xxx');
    await engine.clock.run(20_000 + 40_000 + 80_000 + 100_000);
    expect(stays(engine)).toEqual([20_000, 40_000, 80_000, 100_000, 100_000]);
  });

  it('forgets one opening for each while that the circuit stays closed, not all at once [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff });
    engine.sick();
    engine.calls('xxx');
    await engine.clock.run(20_000 + 40_000);
    engine.well();
    await engine.clock.run(80_000);
    expect(engine.circuit()).toBe('closed');
    await engine.clock.run(100_000);
    engine.calls('xxx');
    expect(stays(engine).at(-1)).toBe(40_000);
  });

  it('forgets nothing while calls fail [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff }, unchecked);
    engine.calls('xxx');
    await engine.clock.run(20_000);
    engine.calls('x');
    await engine.clock.run(49_999);
    await engine.clock.run(1);
    engine.calls('xx');
    expect(stays(engine)).toEqual([20_000, 40_000]);
  });

  it('waits for a whole while more when calls were failing at its end [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff }, unchecked);
    engine.calls('xxx');
    await engine.clock.run(20_000);
    engine.calls('x');
    await engine.clock.run(50_000);
    engine.calls('.');
    await engine.clock.run(50_000);
    engine.calls('xxx');
    expect(stays(engine)).toEqual([20_000, 20_000]);
  });

  it('forgets everything when an operator resets [R09] [R10]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff });
    engine.calls('xxx');
    engine.engine.reset('one');
    engine.calls('xxx');
    expect(stays(engine)).toEqual([20_000, 20_000]);
  });

  it('leaves a share of a longer stay to chance, and none of the first [R03] [R09]', async () => {
    // The harness's chance is one half.
    const engine = await engineWith({ failureThreshold: 3, backoff: { ...backoff, jitter: 0.2 } });
    engine.sick();
    engine.calls('xxx');
    await engine.clock.run(20_000 + 36_000);
    expect(stays(engine)).toEqual([20_000, 36_000, 72_000]);
  });

  it('still waits as long as the backend asks for [R08] [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 1, backoff });
    engine.permit().fail({ category: 'overloaded', retryAfterMs: 600_000 });
    expect(stays(engine)).toEqual([600_000]);
  });

  it('leaves no deadline once everything is forgotten [R09]', async () => {
    const engine = await engineWith({ failureThreshold: 3, backoff });
    const quiet = engine.clock.pending;
    engine.calls('xxx');
    await engine.clock.run(20_000);
    expect(engine.clock.pending).toBe(quiet + 1);
    await engine.clock.run(50_000);
    expect(engine.clock.pending).toBe(quiet);
  });
});

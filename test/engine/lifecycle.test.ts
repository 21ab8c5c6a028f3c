import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { crash, harness, policy } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const boom = () => {
  throw new Error('boom');
};
const two = { backends: { one: policy, two: policy } };
const without = { backends: { two: policy } };
const disabled = { backends: { one: { ...policy, circuit: { enabled: false } } } };
const withCircuit = (circuit: Partial<typeof policy.circuit>) => ({
  backends: { one: { ...policy, circuit: { ...policy.circuit, ...circuit } } },
});

describe('a policy changed', () => {
  it('while open leaves the present stay as long as it was, and the next takes the new length [R03] [R18]', async () => {
    const { clock, engine, fail, sick, circuit } = harness();
    await clock.run(0);
    sick();
    fail(3);
    await clock.run(10_000);
    engine.reconfigure(withCircuit({ openMs: 5000 }));
    await clock.run(9999);
    expect(circuit()).toBe('open');
    await clock.run(1);
    expect(engine.backend('one').refusal()).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 5000 });
  });

  it('while half-open does not touch the probe, and the new numbers hold at once [R05] [R18]', async () => {
    const { clock, engine, fail, answer, checks, circuit } = harness(withCircuit({ successThreshold: 4 }));
    await clock.run(0);
    let pass: (() => void) | undefined;
    answer('one', () => new Promise((resolve) => (pass = () => resolve(undefined))));
    fail(3);
    await clock.run(20_000);
    const probe = checks.at(-1);
    engine.reconfigure(withCircuit({ successThreshold: 2 }));
    expect(probe?.signal.aborted).toBe(false);
    for (const expected of ['halfOpen', 'closed']) {
      pass?.();
      await clock.run(0);
      expect(circuit()).toBe(expected);
    }
  });

  it.each(['open', 'halfOpen'] as const)(
    'to none while %s admits calls and checks at once [R11] [R18]',
    async (state) => {
      const { clock, engine, fail, answer, well, circuit, checks } = harness();
      await clock.run(0);
      answer('one', never);
      fail(3);
      await clock.run(state === 'open' ? 100 : 20_000);
      expect(circuit()).toBe(state);
      well();
      const before = checks.length;
      engine.reconfigure(disabled);
      await clock.run(0);
      expect(engine.backend('one').permit().admitted).toBe(true);
      expect(checks.length).toBe(before + 1);
      await clock.run(100_000);
      expect(circuit()).toBe('disabled');
    },
  );

  it('while isolated keeps the isolation, whatever it is [R10] [R18]', async () => {
    const { clock, engine, circuit } = harness();
    await clock.run(0);
    engine.isolate('one');
    engine.reconfigure(disabled);
    engine.isolate('one');
    expect(circuit()).toBe('isolated');
    engine.reconfigure({ backends: { one: policy } });
    expect(circuit()).toBe('isolated');
  });

  it('to none while its backend restarts from an open circuit leaves it checked [R11] [R13] [R17]', async () => {
    const { clock, engine, fail, checks, standing } = harness();
    await clock.run(0);
    fail(3);
    crash(engine.backend('one'));
    engine.reconfigure(disabled);
    await clock.run(100);
    expect(standing()).toEqual({ supervision: 'running', circuit: 'disabled', health: 'healthy' });
    await clock.run(5000);
    expect(checks.map(({ at }) => at)).toEqual([0, 100, 5100]);
  });

  it('brings back a backend that was given up [R16] [R18]', async () => {
    const { clock, engine, answer, well, standing } = harness();
    answer('one', boom);
    await clock.run(1000);
    expect(standing().supervision).toBe('gaveUp');
    well();
    engine.reconfigure({ backends: { one: policy } });
    expect(standing().supervision).toBe('gaveUp');
    engine.reconfigure(withCircuit({ failureThreshold: 4 }));
    await clock.run(0);
    expect(standing()).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
  });
});

describe('a backend removed', () => {
  it('and added again while it drains starts fresh, and its old calls are its own [R07] [R18]', async () => {
    const { clock, engine, fail, permit, standing, events } = harness(two);
    await clock.run(0);
    const old = permit();
    const handle = engine.backend('one');
    fail(2);
    engine.reconfigure(without);
    engine.reconfigure(two);
    await clock.run(0);
    expect(handle.permit().admitted).toBe(true);
    expect(standing()).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    old.fail({ category: 'timeout' });
    await clock.run(20_000);
    expect(handle.status()).toMatchObject({ consecutiveFailures: 0, calls: { stale: 0, inFlight: 1 } });
    expect(engine.names).toEqual(['one', 'two']);
    expect(events.filter(({ type }) => type === 'backend.removed')).toEqual([]);
  });

  it('while it restarts, or was given up, is gone at once and does not come back [R16] [R18]', async () => {
    for (const ms of [0, 1000]) {
      const { clock, engine, answer, checks } = harness(two);
      await clock.run(0);
      answer('one', boom);
      engine.check('one');
      await clock.run(ms);
      engine.reconfigure(without);
      expect(engine.names).toEqual(['two']);
      const before = checks.filter(({ backend }) => backend === 'one').length;
      await clock.run(100_000);
      expect(checks.filter(({ backend }) => backend === 'one')).toHaveLength(before);
    }
  });

  it('drains as long as the new configuration says [R18]', async () => {
    const { clock, engine, permit } = harness({ ...two, drainMs: 3000 });
    await clock.run(0);
    permit('one');
    engine.reconfigure({ ...without, drainMs: 1000 });
    await clock.run(999);
    expect(engine.names).toContain('one');
    await clock.run(1);
    expect(engine.names).not.toContain('one');
  });
});

describe('before the start', () => {
  it('handles stay valid over a reconfiguration [R18]', () => {
    const clock = new VirtualClock();
    const engine = createEngine({ backends: { one: policy } }, { clock });
    const handle = engine.backend('one');
    expect(handle.permit().admitted).toBe(false);
    engine.reconfigure(two);
    engine.start();
    expect(handle.permit().admitted).toBe(true);
    engine.start();
    expect(engine.names).toEqual(['one', 'two']);
  });

  it('a backend can be isolated, and starts so [R10]', () => {
    const engine = createEngine({ backends: { one: policy } }, { clock: new VirtualClock() });
    engine.isolate('one');
    engine.start();
    expect(engine.backend('one').permit()).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
    engine.release('one');
    expect(engine.backend('one').standing.circuit).toBe('halfOpen');
  });

  it('a stop is for good [R19]', async () => {
    const clock = new VirtualClock();
    const engine = createEngine({ backends: { one: policy } }, { clock });
    await engine.stop();
    engine.start();
    expect(engine.backend('one').permit()).toMatchObject({ code: 'ENGINE_STOPPED' });
    expect(clock.pending).toBe(0);
  });
});

describe('restart intensity', () => {
  /** Crashes at the given times; what is left in between is as in the defaults: 3 restarts within 60 s. */
  async function crashAt(...times: number[]) {
    const world = harness();
    await world.clock.run(0);
    for (const time of times) {
      await world.clock.run(time - world.clock.now());
      world.answer('one', boom);
      world.engine.check('one');
      await world.clock.run(0);
      world.well();
    }
    return world.standing().supervision;
  }

  it('the fourth crash at the end of the period gives up, one after it does not [R16]', async () => {
    expect(await crashAt(0, 20_000, 40_000, 59_999)).toBe('gaveUp');
    expect(await crashAt(0, 20_000, 40_000, 60_001)).toBe('restarting');
    expect(await crashAt(0, 20_000, 40_000, 60_001, 79_999)).toBe('gaveUp');
  });

  it('of zero gives up at the first crash [R16]', async () => {
    const { clock, answer, standing } = harness({
      backends: { one: policy },
      supervision: { intensity: 0 },
    });
    answer('one', boom);
    await clock.run(0);
    expect(standing().supervision).toBe('gaveUp');
  });

  it('a reset gives the full number again [R16]', async () => {
    const { clock, engine, answer, events, standing } = harness();
    answer('one', boom);
    await clock.run(1000);
    expect(standing().supervision).toBe('gaveUp');
    engine.reset('one');
    await clock.run(1000);
    expect(events.filter(({ type }) => type === 'backend.crashed')).toHaveLength(6);
    expect(standing().supervision).toBe('gaveUp');
  });
});

describe('a crash', () => {
  it.each(['closed', 'open', 'halfOpen', 'isolated'] as const)(
    'while %s leaves the circuit as it was, and no check out [R16] [R17]',
    async (state) => {
      const { clock, engine, answer, fail, circuit, standing, checks } = harness(two);
      await clock.run(0);
      answer('one', never);
      if (state === 'isolated') engine.isolate('one');
      else if (state === 'closed') engine.check('one');
      else fail(3);
      await clock.run(state === 'halfOpen' ? 20_000 : 0);
      expect(circuit()).toBe(state);
      crash(engine.backend('one'));
      expect(standing()).toMatchObject({ supervision: 'restarting', circuit: state });
      expect(checks.filter(({ backend, signal }) => backend === 'one' && !signal.aborted)).toEqual([]);
      await clock.run(100);
      expect(standing()).toMatchObject({ supervision: 'running', circuit: state });
      expect(standing('two').health).toBe('healthy');
    },
  );

  it('tells when health and circuit last changed, the crash included [R31] [R32]', async () => {
    const { clock, engine, answer, events } = harness();
    await clock.run(4000);
    answer('one', boom);
    engine.check('one');
    answer('one', boom);
    await clock.run(0);
    answer('one', never);
    await clock.run(500);
    const { healthSince, circuitSince, health } = engine.backend('one').status();
    expect([health, healthSince, circuitSince]).toEqual([
      'unknown',
      '1970-01-01T00:00:04.100Z',
      '1970-01-01T00:00:00.000Z',
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'health.changed', from: 'healthy', to: 'unknown' });
  });
});

describe('the wall clock', () => {
  it('may jump either way in any state, and moves nothing [R03] [R37]', async () => {
    let jump = 0;
    class JumpingClock extends VirtualClock {
      override wallTime(): number {
        return this.now() + jump;
      }
    }
    for (const hour of [3_600_000, -3_600_000]) {
      const clock = new JumpingClock();
      const engine = createEngine({ backends: { one: policy } }, { clock });
      engine.start();
      const one = engine.backend('one');
      const take = () => {
        const permit = one.permit();
        if (permit.admitted) return permit;
        throw new Error(permit.code);
      };
      for (let call = 0; call < 3; call += 1) take().fail({ category: 'timeout' });
      jump += hour;
      expect(one.refusal()).toMatchObject({ retryAfterMs: 20_000 });
      clock.advance(19_999);
      expect(one.standing.circuit).toBe('open');
      jump += hour;
      clock.advance(1);
      expect(one.standing.circuit).toBe('halfOpen');
      const probe = take();
      jump += hour;
      expect(one.status().timeInStateMs).toBe(0);
      probe.succeed();
      expect(one.standing.circuit).toBe('closed');
      await engine.stop();
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { Permit } from '../../src/engine/permit.js';
import type { Outcome } from '../../machines/failure.js';
import { harness, policy, refused } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const withCircuit = (circuit: Partial<typeof policy.circuit>) => ({
  backends: { one: { ...policy, circuit: { ...policy.circuit, ...circuit } } },
});

describe('an outcome of an older stay', () => {
  type World = ReturnType<typeof harness>;
  const disabled = { backends: { one: { ...policy, circuit: { enabled: false } } } };
  const crash = async ({ answer, engine, clock }: World) => {
    answer('one', () => {
      throw new Error('boom');
    });
    engine.check('one');
    await clock.run(0);
  };
  const later: [string, (world: World) => unknown][] = [
    ['open', ({ fail }) => fail(3)],
    [
      'half-open',
      async ({ fail, answer, clock }) => {
        answer('one', never);
        fail(3);
        await clock.run(20_000);
      },
    ],
    [
      'closed again',
      async ({ fail, clock }) => {
        fail(3);
        await clock.run(20_000);
      },
    ],
    ['isolated', ({ engine }) => engine.isolate('one')],
    [
      'released',
      ({ engine, answer }) => {
        answer('one', never);
        engine.isolate('one');
        engine.release('one');
      },
    ],
    [
      'reset',
      ({ engine, fail }) => {
        fail(3);
        engine.reset('one');
      },
    ],
    ['disabled', ({ engine }) => engine.reconfigure(disabled)],
    [
      'enabled again',
      ({ engine }) => {
        engine.reconfigure(disabled);
        engine.reconfigure({ backends: { one: policy } });
      },
    ],
    ['restarting', crash],
    [
      'restarted',
      async (world) => {
        await crash(world);
        world.answer('one', never);
        await world.clock.run(100);
      },
    ],
    ['replaced', ({ engine }) => engine.reconfigure({ backends: { one: { ...policy, identity: 'b' } } })],
  ];
  const settlements: ((permit: Permit) => void)[] = [
    (permit) => permit.succeed(),
    (permit) => permit.fail(refused),
    (permit) => permit.release(),
  ];

  it.each(later)('changes nothing once the circuit is %s, and is counted as stale [R07]', async (_, move) => {
    for (const settle of settlements) {
      const world = harness();
      await world.clock.run(0);
      const old = world.permit();
      const handle = world.engine.backend('one');
      await move(world);
      const { calls, ...before } = handle.status();
      const told = world.events.length;
      settle(old);
      const { calls: counts, ...after } = handle.status();
      expect(after).toEqual(before);
      expect(world.events.length).toBe(told);
      expect(counts).toMatchObject({ succeeded: calls.succeeded, failed: calls.failed, released: 0 });
    }
  });

  it('of a check: a late failure does not reach a circuit that calls have closed since [R07]', async () => {
    const { clock, fail, answer, permit, checks, circuit, engine } = harness(
      withCircuit({ failureThreshold: 1, maxProbes: 2 }),
    );
    await clock.run(0);
    let lose: (() => void) | undefined;
    answer('one', () => new Promise((_, reject) => (lose = () => reject(new Error('late')))));
    fail(1);
    await clock.run(20_000);
    const probe = checks.at(-1);
    const late = lose;
    permit().succeed();
    expect(circuit()).toBe('closed');
    expect(probe?.signal.aborted).toBe(true);
    late?.();
    await clock.run(0);
    expect(circuit()).toBe('closed');
    expect(engine.backend('one').status().consecutiveFailures).toBe(0);
    expect(checks.at(-1)).not.toBe(probe);
  });

  it.each([
    ['an operator reset', ({ engine }: World) => engine.reset('one')],
    ['the breaker is disabled', ({ engine }: World) => engine.reconfigure(disabled)],
  ])('of a check: it is made anew after %s [R07] [R10]', async (_, move) => {
    const world = harness();
    await world.clock.run(0);
    world.answer('one', never);
    world.fail(3);
    await world.clock.run(20_000);
    const probe = world.checks.at(-1);
    world.well();
    move(world);
    await world.clock.run(0);
    expect(probe?.signal.aborted).toBe(true);
    expect(world.checks.at(-1)).not.toBe(probe);
    expect(world.engine.backend('one').status().consecutiveFailures).toBe(0);
  });
});

describe('half-open', () => {
  it('with three successes to reach and two probes allowed, checks and calls add up [R04] [R05]', async () => {
    const { clock, fail, answer, permit, engine, circuit } = harness(
      withCircuit({ successThreshold: 3, maxProbes: 2 }),
    );
    await clock.run(0);
    let pass: (() => void) | undefined;
    answer('one', () => new Promise((resolve) => (pass = () => resolve(undefined))));
    fail(3);
    await clock.run(20_000);
    const call = permit();
    expect(engine.backend('one').permit().admitted).toBe(false);
    pass?.();
    await clock.run(0);
    expect(engine.backend('one').permit().admitted).toBe(false);
    call.succeed();
    expect(circuit()).toBe('halfOpen');
    permit().succeed();
    expect(circuit()).toBe('closed');
  });

  it('a backend that drops its session under every check fails it, and cannot wedge [R06] [R13]', async () => {
    const { clock, engine, answer, standing, story } = harness();
    answer('one', () => {
      engine.backend('one').sessionLost();
      return never();
    });
    await clock.run(1000);
    expect(standing()).toMatchObject({ circuit: 'open', health: 'unhealthy' });
    expect(engine.backend('one').status().lastErrorCategory).toBe('backend_unavailable');
    await clock.run(20_000);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → open']);
  });

  it('a session lost under a check counts once, and is checked again soon [R01] [R13]', async () => {
    const { clock, engine, answer, checks, well } = harness();
    let fail: ((outcome: Outcome) => void) | undefined;
    answer('one', () => new Promise((resolve) => (fail = resolve)));
    await clock.run(10);
    engine.backend('one').sessionLost();
    fail?.({ kind: 'failed', failure: refused });
    await clock.run(99);
    expect(engine.backend('one').status().consecutiveFailures).toBe(1);
    well();
    await clock.run(1);
    expect(checks).toHaveLength(2);
    expect(engine.backend('one').status().consecutiveFailures).toBe(0);
  });

  it('a probe that was skipped for want of a verdict neither closes nor opens, and is repeated [R06]', async () => {
    const { clock, fail, answer, circuit, checks } = harness();
    await clock.run(0);
    answer('one', () => Promise.resolve({ kind: 'released' }));
    fail(3);
    await clock.run(20_000);
    const before = checks.length;
    expect(circuit()).toBe('halfOpen');
    await clock.run(5000);
    expect(checks.length).toBe(before + 1);
    expect(circuit()).toBe('halfOpen');
  });

  it('without checks it waits for a call, however long that takes [R04]', async () => {
    const { clock, fail, circuit, permit } = harness(undefined, { checked: false });
    fail(3);
    await clock.run(10_000_000);
    expect(circuit()).toBe('halfOpen');
    permit().succeed();
    expect(circuit()).toBe('closed');
  });
});

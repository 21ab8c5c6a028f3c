import { afterEach, describe, expect, it, vi } from 'vitest';
import { Partition, PARTITION_SIZE } from '../../src/engine/partition.js';
import { harness, policy } from './harness.js';

type Backends = Record<string, object>;
const name = (index: number) => `b${index}`;
const many = (count: number): Backends =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), structuredClone(policy)]));
const tracked = () => vi.spyOn(Partition.prototype, 'reconcile');
const namesOf = (told: ReturnType<typeof tracked>) =>
  told.mock.calls.map(([specs]) => specs.map((spec) => spec.name));

afterEach(() => {
  vi.restoreAllMocks();
});

async function running(backends: Backends) {
  const world = harness({ backends });
  await world.clock.run(0);
  return { ...world, told: tracked() };
}

describe('a new configuration', () => {
  it('that says the same reaches no supervisor [R18]', async () => {
    const { engine, told, events } = await running(many(40));
    const before = events.length;
    engine.reconfigure({ backends: many(40) });
    expect(told).not.toHaveBeenCalled();
    expect(events).toHaveLength(before);
  });

  it.each([
    ['a number of the circuit', { ...policy, circuit: { ...policy.circuit, openMs: 20_001 } }],
    ['a number of the health', { ...policy, health: { ...policy.health, checkTimeoutMs: 2001 } }],
    ['a limit of calls', { ...policy, maxInFlight: 7 }],
    ['the identity', { ...policy, identity: 'another' }],
    ['the breaker, which is disabled', { ...policy, circuit: { enabled: false } }],
    ['whether it only observes', { ...policy, circuit: { ...policy.circuit, observeOnly: true } }],
  ])('that changes %s of one reaches its supervisor alone [R18]', async (_, changed) => {
    const { engine, told } = await running(many(PARTITION_SIZE + 2));
    engine.reconfigure({ backends: { ...many(PARTITION_SIZE + 2), [name(1)]: changed } });
    expect(namesOf(told)).toEqual([Object.keys(many(PARTITION_SIZE))]);
    told.mockClear();
    engine.reconfigure({ backends: { ...many(PARTITION_SIZE + 2), [name(1)]: changed } });
    expect(told).not.toHaveBeenCalled();
    engine.reconfigure({ backends: many(PARTITION_SIZE + 2) });
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('that changes how often is restarted reaches every supervisor [R16] [R18]', async () => {
    const { engine, told } = await running(many(PARTITION_SIZE + 2));
    engine.reconfigure({ backends: many(PARTITION_SIZE + 2), supervision: { intensity: 7 } });
    expect(told.mock.calls.map(([specs]) => specs.length)).toEqual([PARTITION_SIZE, 2]);
  });

  it('that takes one away reaches its supervisor alone, and once [R18]', async () => {
    const { engine, told, events } = await running(many(PARTITION_SIZE + 2));
    const { [name(0)]: gone, ...rest } = many(PARTITION_SIZE + 2);
    expect(gone).toBeDefined();
    engine.reconfigure({ backends: rest });
    expect(namesOf(told)).toEqual([Object.keys(rest).slice(0, PARTITION_SIZE - 1)]);
    expect(events.filter(({ type }) => type === 'backend.removed')).toHaveLength(1);
    told.mockClear();
    engine.reconfigure({ backends: rest });
    expect(told).not.toHaveBeenCalled();
  });

  it('takes away several at once, and others join in their places [R18]', async () => {
    const { clock, engine, told } = await running(many(PARTITION_SIZE + 2));
    const kept = Object.fromEntries(Object.entries(many(PARTITION_SIZE + 2)).slice(3));
    engine.reconfigure({ backends: kept });
    told.mockClear();
    const joined = Object.fromEntries(['x', 'y', 'z', 'u'].map((key) => [key, policy]));
    engine.reconfigure({ backends: { ...kept, ...joined } });
    expect(namesOf(told)).toEqual([
      [...Object.keys(kept).slice(0, PARTITION_SIZE - 3), 'x', 'y', 'z'],
      [name(PARTITION_SIZE), name(PARTITION_SIZE + 1), 'u'],
    ]);
    await clock.run(0);
    expect(engine.status().phase).toBe('Ready');
    expect(engine.names).toHaveLength(PARTITION_SIZE + 3);
  });

  it('whose additions fit nowhere reaches no supervisor there is: they get one of their own [R18]', async () => {
    const { clock, engine, told, checks } = await running(many(PARTITION_SIZE));
    const before = checks.length;
    engine.reconfigure({ backends: { ...many(PARTITION_SIZE), extra: policy } });
    expect(told).not.toHaveBeenCalled();
    await clock.run(0);
    expect(checks.slice(before).map(({ backend }) => backend)).toEqual(['extra']);
    // The new one is known: what concerns it reaches it.
    engine.reconfigure({ backends: { ...many(PARTITION_SIZE), extra: { ...policy, identity: 'b' } } });
    expect(namesOf(told)).toEqual([['extra']]);
  });

  it('that takes back one that drains starts it anew in its place [R07] [R18]', async () => {
    const { clock, engine, told, permit, events } = await running(many(2));
    permit(name(0));
    engine.reconfigure({ backends: { [name(1)]: policy } });
    expect(engine.backend(name(0)).standing.supervision).toBe('draining');
    engine.reconfigure({ backends: many(2) });
    expect(namesOf(told)).toEqual([[name(1)], [name(0), name(1)]]);
    await clock.run(0);
    expect(engine.backend(name(0)).standing.supervision).toBe('running');
    expect(events.filter(({ type }) => type === 'backend.replaced')).toHaveLength(1);
  });
});

describe('a backend that is gone', () => {
  it('refuses whoever still has a hold of it [R18]', async () => {
    const { engine } = await running(many(2));
    const gone = engine.backend(name(0));
    engine.reconfigure({ backends: { [name(1)]: policy } });
    expect(engine.names).toEqual([name(1)]);
    expect(gone.permit()).toEqual({ admitted: false, backend: name(0), code: 'BACKEND_DRAINING' });
  });

  it('is waited for by a stop, if a call outlived the time to drain [R18] [R19]', async () => {
    const { clock, engine, permit } = await running(many(2));
    const last = permit(name(0));
    engine.reconfigure({ backends: { [name(1)]: policy }, drainMs: 1000 });
    await clock.run(1000);
    expect(engine.names).toEqual([name(1)]);
    let ended = false;
    const stopped = engine.stop({ drainMs: 5000 }).then(() => (ended = true));
    await clock.run(100);
    expect(ended).toBe(false);
    last.succeed();
    await stopped;
    expect(clock.now()).toBeLessThan(6000);
  });
});

import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { crash, harness, policy } from './harness.js';

describe('a backend whose actor is not there yet', () => {
  const fresh = () => createEngine({ backends: { one: policy } }, { clock: new VirtualClock() });

  it('stands as nothing is known of it, and serves nothing [R14]', () => {
    const { name, standing, health, serving, circuit, restarts, calls } = fresh().backend('one').status();
    expect({ name, health, serving, circuit, restarts }).toEqual({
      name: 'one',
      health: 'unknown',
      serving: false,
      circuit: 'closed',
      restarts: 0,
    });
    expect(standing).toMatchObject({ supervision: 'restarting', circuit: 'closed', health: 'unknown' });
    expect(Object.values(calls).every((count) => count === 0)).toBe(true);
  });

  it('refuses calls, and nobody knows until when [R02]', () => {
    const refusal = fresh().backend('one').permit();
    expect(refusal).toEqual({ admitted: false, backend: 'one', code: 'BACKEND_RESTARTING' });
  });

  it('reset before the start, begins as ever [R10]', async () => {
    const clock = new VirtualClock();
    const engine = createEngine({ backends: { one: policy } }, { clock });
    engine.reset('one');
    engine.start();
    await clock.run(0);
    expect(engine.backend('one').status()).toMatchObject({ circuit: 'closed', generation: 1 });
  });

  it('isolated and released before the start, begins half-open [R10]', async () => {
    const clock = new VirtualClock();
    const engine = createEngine({ backends: { one: policy } }, { clock });
    engine.release('one');
    expect(engine.backend('one').standing.circuit).toBe('closed');
    engine.isolate('one');
    engine.release('one');
    expect(engine.backend('one').standing.circuit).toBe('halfOpen');
    engine.start();
    await clock.run(0);
    expect(engine.backend('one').status().circuit).toBe('half-open');
  });
});

describe('while a backend restarts', () => {
  it('a reset forgets its failures at once, an isolation does not [R10] [R17]', async () => {
    const { clock, engine, fail } = harness();
    await clock.run(0);
    fail(2);
    const one = engine.backend('one');
    crash(one);
    engine.isolate('one');
    expect(one.status()).toMatchObject({ circuit: 'isolated', consecutiveFailures: 2 });
    engine.release('one');
    engine.reset('one');
    expect(one.status()).toMatchObject({ circuit: 'closed', consecutiveFailures: 0 });
  });

  it('a reset leaves an isolation as it is [R10]', async () => {
    const { clock, engine, circuit } = harness();
    await clock.run(0);
    crash(engine.backend('one'));
    engine.isolate('one');
    engine.reset('one');
    expect(circuit()).toBe('isolated');
    await clock.run(100);
    expect(circuit()).toBe('isolated');
  });

  it('what failed last is kept, if anything did [R17]', async () => {
    const { clock, engine, permit } = harness(undefined, { checked: false });
    const one = engine.backend('one');
    crash(one);
    await clock.run(100);
    expect(one.status()).not.toHaveProperty('lastErrorCategory');
    permit().fail({ category: 'overloaded' });
    crash(one);
    expect(one.status().lastErrorCategory).toBe('overloaded');
    await clock.run(200);
    expect(one.status()).toMatchObject({ lastErrorCategory: 'overloaded', restarts: 2 });
  });
});

describe('after a stop', () => {
  it('what an operator wants changes nothing [R10] [R19]', async () => {
    const { engine, circuit } = harness();
    await engine.stop();
    engine.isolate('one');
    expect(circuit()).toBe('closed');
    engine.release('one');
    engine.reset('one');
    expect(engine.backend('one').permit()).toMatchObject({ code: 'ENGINE_STOPPED' });
  });
});

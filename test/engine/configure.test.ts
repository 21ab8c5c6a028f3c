import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { harness, policy } from './harness.js';

const three = { backends: { one: policy, two: policy, three: policy } };
const strict = { ...policy, circuit: { ...policy.circuit, failureThreshold: 2 } };

describe('configuring single backends', () => {
  it('starts what is new, changes what differs, and touches no other [R18]', async () => {
    const { clock, engine, events, permit, fail, circuit, standing } = harness(three);
    await clock.run(0);
    const generation = permit().generation;
    const before = events.length;
    engine.configure({ two: strict, three: policy, four: {} });
    await clock.run(0);
    expect(standing('four')).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    expect(events.slice(before).map(({ type, backend }) => [type, backend])).toEqual([
      ['backend.added', 'four'],
      ['health.changed', 'four'],
    ]);
    expect(permit().generation).toBe(generation);
    fail(2, 'two');
    fail(2, 'three');
    expect([circuit('two'), circuit('three')]).toEqual(['open', 'closed']);
  });

  it('replaces one whose identity differs [R07] [R18]', async () => {
    const { clock, engine, events, permit } = harness(three);
    await clock.run(0);
    const old = permit('two');
    engine.configure({ two: { ...policy, identity: 'another' } });
    old.fail({ category: 'timeout' });
    expect(events.at(-1)).toMatchObject({ type: 'backend.replaced', backend: 'two' });
    expect(engine.backend('two').status()).toMatchObject({ consecutiveFailures: 0, calls: { admitted: 0 } });
  });

  it('refuses all that is named where one is invalid, says why, and changes nothing [R18]', () => {
    const { engine, fail, circuit } = harness(three);
    expect(() => {
      engine.configure({ two: strict, four: { circuit: { openMs: 10 } } });
    }).toThrow(/backends\.four\.circuit\.openMs/);
    fail(2, 'two');
    expect(circuit('two')).toBe('closed');
    expect(engine.names).toEqual(['one', 'three', 'two']);
  });

  it('holds until a whole configuration says otherwise [R18]', async () => {
    const { clock, engine } = harness();
    engine.configure({ two: policy });
    engine.reconfigure({ backends: { one: policy } });
    await clock.run(0);
    expect(engine.names).toEqual(['one']);
  });

  it('fills the places that others have left [R18]', async () => {
    const { clock, engine, events } = harness({ backends: {} });
    for (let round = 0; round < 100; round += 1) {
      engine.configure({ [`backend-${round}`]: policy });
      if (round > 0) engine.remove(`backend-${round - 1}`);
    }
    await clock.run(0);
    expect(engine.names).toEqual(['backend-99']);
    expect(events.filter(({ type }) => type === 'backend.added')).toHaveLength(100);
    await engine.stop();
    expect(clock.pending).toBe(0);
  });

  it('before the start only takes note [R18]', () => {
    const engine = createEngine({ backends: { one: policy } }, { clock: new VirtualClock() });
    engine.configure({ two: policy });
    engine.remove('one');
    expect(engine.names).toEqual(['two']);
    expect(engine.backend('two').refusal()).toMatchObject({ code: 'BACKEND_RESTARTING' });
    engine.start();
    expect(engine.backend('two').permit().admitted).toBe(true);
  });

  it('is refused while the engine stops [R19]', async () => {
    const { engine } = harness();
    const stopped = engine.stop();
    expect(() => {
      engine.configure({ two: policy });
    }).toThrow('the engine is stopping');
    expect(() => {
      engine.remove('one');
    }).toThrow('the engine is stopping');
    await stopped;
  });
});

describe('removing a backend', () => {
  it('drains it: calls in flight end, new ones are refused, and then it is unknown [R18]', async () => {
    const { clock, engine, permit } = harness(three);
    await clock.run(0);
    const last = permit('two');
    const two = engine.backend('two');
    engine.remove('two');
    expect(two.permit()).toMatchObject({ code: 'BACKEND_DRAINING' });
    last.succeed();
    expect(engine.names).toEqual(['one', 'three']);
    expect(() => {
      engine.remove('two');
    }).toThrow('no backend is called "two"');
  });

  it('twice while it drains is refused, and configuring it again starts it fresh [R07] [R18]', async () => {
    const { clock, engine, fail, permit, standing } = harness(three);
    await clock.run(0);
    fail(2, 'two');
    permit('two');
    engine.remove('two');
    expect(() => {
      engine.remove('two');
    }).toThrow('no backend is called "two"');
    engine.configure({ two: policy });
    await clock.run(0);
    expect(standing('two')).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    expect(engine.backend('two').status().consecutiveFailures).toBe(0);
  });
});

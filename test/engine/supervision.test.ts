import { describe, expect, it } from 'vitest';
import { crash, harness, policy } from './harness.js';

const three = { backends: { one: policy, two: policy, three: policy } };
/** A check that throws instead of rejecting: the backend's actor crashes. */
const boom = () => {
  throw new Error('boom');
};

describe('a crash', () => {
  it('is survived, restarted after the backoff and reported; the others are not touched [R16]', async () => {
    const { clock, answer, well, events, standing, engine } = harness(three);
    await clock.run(0);
    answer('two', boom);
    engine.check('two');
    await clock.run(0);
    expect(standing('two').supervision).toBe('restarting');
    expect(engine.backend('two').permit()).toMatchObject({ code: 'BACKEND_RESTARTING', retryAfterMs: 100 });
    well('two');
    await clock.run(100);
    expect(standing('two')).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    const told = events.filter(({ type }) => type.startsWith('backend.') && type !== 'backend.added');
    expect(told.map(({ type, backend }) => [type, backend])).toEqual([
      ['backend.crashed', 'two'],
      ['backend.restarted', 'two'],
    ]);
    expect(told[0]).toMatchObject({ crashes: 1, restartInMs: 100, error: new Error('boom') });
    for (const other of ['one', 'three'])
      expect(engine.backend(other).status()).toMatchObject({ restarts: 0, health: 'healthy' });
  });

  it('the fourth within the period gives it up and leaves the others alone [R16]', async () => {
    const { clock, answer, well, events, standing, engine } = harness(three);
    await clock.run(0);
    answer('two', boom);
    engine.check('two');
    await clock.run(10_000);
    expect(standing('two').supervision).toBe('gaveUp');
    expect(events.flatMap((event) => (event.type === 'backend.crashed' ? [event.restartInMs] : []))).toEqual([
      100, 200, 400,
    ]);
    expect(events.filter(({ type }) => type === 'backend.gaveUp')).toHaveLength(1);
    expect(engine.backend('two').permit()).toMatchObject({ code: 'BACKEND_GAVE_UP' });
    expect(engine.status().phase).toBe('Degraded');
    expect(standing('one').health).toBe('healthy');
    well('two');
    engine.reset('two');
    await clock.run(0);
    expect(standing('two')).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
  });

  it('crashes further apart than the period are forgotten [R16]', async () => {
    const { clock, answer, well, engine, standing } = harness(three);
    await clock.run(0);
    for (let crash = 0; crash < 8; crash += 1) {
      answer('two', boom);
      engine.check('two');
      await clock.run(0);
      well('two');
      await clock.run(61_000);
    }
    expect(standing('two').supervision).toBe('running');
  });

  it('a restarted backend keeps its open circuit, with the time that was left [R17]', async () => {
    const { clock, engine, fail, standing, story, checks } = harness();
    await clock.run(0);
    fail(3);
    await clock.run(5000);
    const before = checks.length;
    crash(engine.backend('one'));
    expect(standing()).toMatchObject({ supervision: 'restarting', circuit: 'open' });
    await clock.run(14_999);
    expect(standing()).toMatchObject({ supervision: 'running', circuit: 'open' });
    expect(checks.length).toBe(before);
    await clock.run(1);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('permits from before a crash are stale [R07]', async () => {
    const { clock, answer, well, permit, engine } = harness();
    await clock.run(0);
    const old = permit();
    answer('one', boom);
    engine.check('one');
    await clock.run(0);
    well('one');
    await clock.run(100);
    old.fail({ category: 'timeout' });
    expect(engine.backend('one').status()).toMatchObject({ consecutiveFailures: 0, calls: { stale: 1 } });
  });

  it('an isolation asked for while it is away holds when it is back [R10] [R16]', async () => {
    const { clock, answer, well, engine, circuit } = harness();
    await clock.run(0);
    answer('one', boom);
    engine.check('one');
    await clock.run(0);
    engine.isolate('one');
    well('one');
    await clock.run(100);
    expect(circuit()).toBe('isolated');
    engine.release('one');
    await clock.run(0);
    expect(circuit()).toBe('closed');
  });
});

describe('a changed configuration', () => {
  it('starts what was added and does not touch what was not changed [R18]', async () => {
    const { clock, engine, permit, events, standing } = harness();
    await clock.run(0);
    const generation = permit().generation;
    engine.reconfigure({ backends: { one: policy, two: policy } });
    await clock.run(0);
    expect(standing('two').health).toBe('healthy');
    expect(permit().generation).toBe(generation);
    expect(events.filter(({ type }) => type === 'backend.added').map(({ backend }) => backend)).toEqual([
      'one',
      'two',
    ]);
  });

  it('drains what was removed: calls in flight end, new ones are refused [R18]', async () => {
    const { clock, engine, permit, events } = harness(three);
    await clock.run(0);
    const last = permit('two');
    const two = engine.backend('two');
    engine.reconfigure({ backends: { one: policy, three: policy } });
    expect(two.permit()).toMatchObject({ code: 'BACKEND_DRAINING' });
    expect(engine.names).toContain('two');
    expect(engine.status().phase).toBe('Ready');
    last.succeed();
    expect(engine.names).toEqual(['one', 'three']);
    expect(events.at(-1)).toMatchObject({ type: 'backend.removed', backend: 'two' });
    expect(() => engine.backend('two')).toThrow('no backend is called "two"');
  });

  it('a removed backend whose calls do not end is removed after the drain time [R18]', async () => {
    const { clock, engine, permit } = harness({ ...three, drainMs: 3000 });
    await clock.run(0);
    permit('two');
    engine.reconfigure({ backends: { one: policy, three: policy }, drainMs: 3000 });
    await clock.run(2999);
    expect(engine.names).toContain('two');
    await clock.run(1);
    expect(engine.names).not.toContain('two');
  });

  it('another identity starts fresh, and outcomes of the old one are stale [R07] [R17]', async () => {
    const { clock, engine, fail, permit, circuit, events } = harness({
      backends: { one: { ...policy, identity: 'a' } },
    });
    await clock.run(0);
    const old = permit();
    const handle = engine.backend('one');
    fail(3);
    engine.reconfigure({ backends: { one: { ...policy, identity: 'b' } } });
    expect(circuit()).toBe('closed');
    expect(events.some(({ type }) => type === 'backend.replaced')).toBe(true);
    old.fail({ category: 'timeout' });
    expect(handle.status()).toMatchObject({ consecutiveFailures: 0, calls: { admitted: 0 } });
    expect(handle.permit().admitted).toBe(true);
  });

  it('another policy is taken over without a restart [R18]', async () => {
    const { clock, engine, fail, circuit } = harness();
    await clock.run(0);
    fail(1);
    const strict = { ...policy, circuit: { ...policy.circuit, failureThreshold: 2 } };
    engine.reconfigure({ backends: { one: strict } });
    expect(circuit()).toBe('closed');
    fail(1);
    expect(circuit()).toBe('open');
    engine.reconfigure({ backends: { one: { ...strict, circuit: { enabled: false } } } });
    expect(circuit()).toBe('disabled');
    expect(engine.backend('one').status().restarts).toBe(0);
  });

  it('an invalid one is refused with its errors, and the old one goes on [R18]', async () => {
    const { clock, engine, permit } = harness();
    await clock.run(0);
    expect(() => {
      engine.reconfigure({ backends: { one: { circuit: { failureThreshold: 0, openMs: 10 } } } });
    }).toThrow(/backends\.one\.circuit\.failureThreshold[\s\S]*backends\.one\.circuit\.openMs/);
    permit().succeed();
    expect(engine.names).toEqual(['one']);
  });
});

describe('stopping', () => {
  it('ends admission, waits for the calls in flight, and leaves no timer [R19]', async () => {
    const { clock, engine, permit } = harness(three);
    await clock.run(0);
    const last = permit('two');
    let ended = false;
    const stopped = engine.stop().then(() => {
      ended = true;
    });
    expect(engine.backend('one').permit()).toMatchObject({ code: 'ENGINE_STOPPED' });
    await clock.run(1000);
    expect(ended).toBe(false);
    last.succeed();
    await stopped;
    expect(clock.pending).toBe(0);
  });

  it('a call that does not end holds it up no longer than the drain time [R19]', async () => {
    const { clock, engine, permit } = harness(three);
    await clock.run(0);
    permit('two');
    const stopped = engine.stop({ drainMs: 500 });
    await clock.run(500);
    await stopped;
    expect(clock.pending).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { crash, harness, policy } from './harness.js';

const NO_CALLS = {
  admitted: 0,
  succeeded: 0,
  failed: 0,
  released: 0,
  stale: 0,
  inFlight: 0,
  refused: 0,
};
const BOOM = expect.objectContaining({ message: expect.stringContaining('boom') });
const iso = (ms: number) => new Date(ms).toISOString();

describe('what is shown of a backend', () => {
  it('that is healthy: since when, what was checked last, and when it is checked next [R31]', async () => {
    const { clock, engine, permit } = harness();
    await clock.run(10.4);
    permit().succeed();
    permit();
    expect(engine.backend('one').status()).toMatchObject({
      name: 'one',
      standing: { supervision: 'running', circuit: 'closed', health: 'healthy' },
      health: 'healthy',
      circuit: 'closed',
      circuitSince: iso(0),
      serving: true,
      consecutiveFailures: 0,
      generation: 1,
      lastCheckTime: iso(0),
      healthSince: iso(0),
      timeInStateMs: 10,
      nextAttemptTime: iso(5000),
      nextAttemptInMs: 4990,
      restarts: 0,
      calls: { ...NO_CALLS, admitted: 2, succeeded: 1, inFlight: 1 },
    });
    for (const key of ['lastErrorCategory', 'rates', 'trippedBy', 'observeOnly', 'calls.wouldRefuse'])
      expect(engine.backend('one').status()).not.toHaveProperty(key);
    expect(engine.backend('one').status().standing).not.toHaveProperty('observing');
  });

  it('that was not checked yet: nothing of a check that never ended [R31]', () => {
    const { engine } = harness();
    const status = engine.backend('one').status();
    for (const key of ['lastCheckTime', 'nextAttemptTime', 'nextAttemptInMs', 'lastErrorCategory'])
      expect(status).not.toHaveProperty(key);
    expect(status).toMatchObject({ serving: false, health: 'unknown' });
  });

  it('whose circuit is open: since when, until when, and why [R02] [R31]', async () => {
    const { clock, engine, fail, permit } = harness();
    await clock.run(1000);
    permit().release();
    fail(3);
    engine.backend('one').permit();
    await clock.run(500);
    expect(engine.backend('one').status()).toMatchObject({
      standing: { circuit: 'open', health: 'unhealthy' },
      circuit: 'open',
      circuitSince: iso(1000),
      healthSince: iso(1000),
      serving: false,
      consecutiveFailures: 3,
      generation: 2,
      lastErrorCategory: 'connection_failed',
      lastCheckTime: iso(0),
      timeInStateMs: 500,
      nextAttemptTime: iso(21_000),
      nextAttemptInMs: 19_500,
      calls: { ...NO_CALLS, admitted: 4, failed: 3, released: 1, refused: 1 },
    });
  });

  it('whose breaker is disabled: no circuit, and the time it has been as healthy [R11] [R31]', async () => {
    const disabled = { ...policy, circuit: { enabled: false } };
    const { clock, engine, sick } = harness({ backends: { one: disabled } });
    await clock.run(0);
    sick();
    await clock.run(11_000);
    const status = engine.backend('one').status();
    expect(status).not.toHaveProperty('circuit');
    expect(status).not.toHaveProperty('circuitSince');
    expect(status).toMatchObject({ health: 'unhealthy', healthSince: iso(10_000), timeInStateMs: 1000 });
  });

  it('by the states of its statechart, and none while its actor is away [R33]', async () => {
    const { engine, clock, fail } = harness();
    const one = engine.backend('one');
    await clock.run(0);
    expect(one.states).toContain('backend.circuit.closed');
    expect(one.states).toContain('backend.health.healthy');
    fail(3);
    expect(one.states).toContain('backend.circuit.open');
    expect(one.states).not.toContain('backend.circuit.closed');
    crash(one);
    expect(one.states).toEqual([]);
  });

  it('that restarts: until when, and how often it has [R16] [R31]', async () => {
    const { clock, engine } = harness();
    await clock.run(0);
    const one = engine.backend('one');
    crash(one);
    await clock.run(40);
    expect(one.status()).toMatchObject({ restarts: 0, nextAttemptInMs: 60, nextAttemptTime: iso(100) });
    await clock.run(60);
    expect(one.status()).toMatchObject({ restarts: 1, standing: { supervision: 'running' } });
  });

  it('that was given up: no next attempt [R16] [R31]', async () => {
    const { clock, engine } = harness({ backends: { one: policy }, supervision: { intensity: 0 } });
    await clock.run(0);
    crash(engine.backend('one'));
    const status = engine.backend('one').status();
    expect(status.standing.supervision).toBe('gaveUp');
    expect(status).not.toHaveProperty('nextAttemptInMs');
  });
});

describe('what is told', () => {
  it('of a life, each thing with all that belongs to it and nothing else [R32]', async () => {
    const { clock, engine, events, sick, permit } = harness();
    await clock.run(1000);
    for (let call = 0; call < 3; call += 1) permit().fail({ category: 'overloaded', retryAfterMs: 30_000 });
    sick();
    engine.isolate('one');
    const stamp = (sequence: number, at: number) => ({ sequence, at, time: iso(at), backend: 'one' });
    expect(events).toStrictEqual([
      { ...stamp(1, 0), type: 'backend.added' },
      {
        ...stamp(2, 0),
        type: 'health.changed',
        from: 'unknown',
        to: 'healthy',
        cause: 'check.succeeded',
      },
      {
        ...stamp(3, 1000),
        type: 'health.changed',
        from: 'healthy',
        to: 'unhealthy',
        cause: 'call.failed',
        category: 'overloaded',
      },
      {
        ...stamp(4, 1000),
        type: 'circuit.changed',
        from: 'closed',
        to: 'open',
        generation: 2,
        cause: 'call.failed',
        category: 'overloaded',
        retryAfterMs: 30_000,
      },
      {
        ...stamp(5, 1000),
        type: 'circuit.changed',
        from: 'open',
        to: 'isolated',
        generation: 3,
        cause: 'circuit.isolate',
      },
    ]);
  });

  it('of a circuit that is disabled and enabled again [R11] [R32]', async () => {
    const { clock, engine, story } = harness();
    await clock.run(0);
    engine.reconfigure({ backends: { one: { ...policy, circuit: { enabled: false } } } });
    engine.reconfigure({ backends: { one: policy } });
    expect(story()).toEqual(['closed → disabled', 'disabled → closed']);
  });

  it('of a crash: the error, the pause, and what the next life changes at once [R16] [R32]', async () => {
    const { clock, engine, events, fail } = harness();
    await clock.run(0);
    fail(2);
    const before = events.length;
    crash(engine.backend('one'));
    await clock.run(100);
    expect(events.slice(before)).toMatchObject([
      { type: 'backend.crashed', backend: 'one', crashes: 1, restartInMs: 100, error: BOOM },
      { type: 'backend.restarted', backend: 'one' },
      { type: 'health.changed', from: 'unhealthy', to: 'unknown', cause: 'backend.restarted' },
      { type: 'health.changed', from: 'unknown', to: 'healthy', cause: 'check.succeeded' },
    ]);
  });

  it('of a circuit that another configuration has changed while its backend was away [R16] [R32]', async () => {
    const { clock, engine, events } = harness();
    await clock.run(0);
    crash(engine.backend('one'));
    engine.reconfigure({ backends: { one: { ...policy, circuit: { enabled: false } } } });
    const before = events.length;
    await clock.run(100);
    expect(events.slice(before, before + 2)).toMatchObject([
      { type: 'backend.restarted' },
      { type: 'circuit.changed', from: 'closed', to: 'disabled', cause: 'backend.restarted' },
    ]);
  });
});

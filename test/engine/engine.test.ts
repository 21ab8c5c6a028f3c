import { describe, expect, it, vi } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { Engine, UnknownBackendError } from '../../src/engine/engine.js';
import type { EngineSettings } from '../../src/engine/engine.js';
import { Partition } from '../../src/engine/partition.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { silent } from '../../src/logging/log.js';
import { harness, policy } from './harness.js';

describe('an engine', () => {
  it('starts once [R13]', async () => {
    const { clock, engine, events, checks } = harness();
    engine.start();
    await clock.run(0);
    expect(events.filter(({ type }) => type === 'backend.added')).toHaveLength(1);
    expect(checks).toHaveLength(1);
  });

  it('reconfigured before its start begins with the last configuration, and with nothing earlier [R18]', async () => {
    const clock = new VirtualClock();
    const engine = createEngine({ backends: { one: policy, two: policy } }, { clock });
    const told: unknown[] = [];
    engine.subscribe(({ type, backend }) => told.push([type, backend]));
    const one = engine.backend('one');
    engine.reconfigure({ backends: { one: policy, three: policy } });
    expect([told, clock.pending]).toEqual([[], 0]);
    expect(engine.names).toEqual(['one', 'three']);
    expect(engine.backend('one')).toBe(one);
    engine.start();
    await clock.run(0);
    expect(told).toEqual([
      ['backend.added', 'one'],
      ['backend.added', 'three'],
    ]);
    engine.reconfigure({ backends: { one: policy, three: policy, two: policy } });
    expect(told.at(-1)).toEqual(['backend.added', 'two']);
  });

  it('names its backends in order [R31]', () => {
    const { engine } = harness({ backends: { two: policy, one: policy, three: policy } });
    expect(engine.names).toEqual(['one', 'three', 'two']);
    expect(engine.status().backends.map(({ name }) => name)).toEqual(['one', 'three', 'two']);
  });

  it('does not know a backend that is not configured [R31]', () => {
    const { engine } = harness();
    for (const act of ['backend', 'check', 'isolate', 'release', 'reset'] as const)
      expect(() => {
        engine[act]('two');
      }).toThrow(UnknownBackendError);
    expect(new UnknownBackendError('two')).toMatchObject({
      name: 'UnknownBackendError',
      code: 'UNKNOWN_BACKEND',
      backend: 'two',
      message: 'no backend is called "two"',
    });
  });

  it('logs what a listener throws [R32]', () => {
    const log = { ...silent, error: vi.fn() };
    const { engine } = harness(undefined, { log });
    const boom = new Error('boom');
    engine.subscribe(() => {
      throw boom;
    });
    engine.isolate('one');
    expect(log.error.mock.calls).toEqual([[{ err: boom }, 'a listener of the engine threw']]);
  });

  it('takes no configuration once it stops, and says why [R18] [R19]', async () => {
    const { engine } = harness();
    const stopped = engine.stop();
    expect(() => {
      engine.reconfigure({ backends: {} });
    }).toThrow('the engine is stopping: it takes no new configuration');
    await stopped;
  });

  it('of no backend is ready, and stops [R14] [R19]', async () => {
    const { clock, engine } = harness({ backends: {} });
    expect(engine.status()).toEqual({ phase: 'Ready', backends: [] });
    await engine.stop();
    expect(clock.pending).toBe(0);
  });

  it('that is given the very settings it has tells no supervisor [R18]', () => {
    const { circuit, health } = policy;
    const settings: EngineSettings = {
      backends: [{ name: 'one', identity: '', policy: { circuit, health } }],
      restart: { intensity: 3, periodMs: 60_000, backoffMs: 100 },
      callTimeoutMs: 1000,
      drainMs: 1000,
      maxConcurrentChecks: 1,
    };
    const reader = { read: (config: EngineSettings) => config, readBackends: () => settings.backends };
    const engine = new Engine(settings, reader, { clock: new VirtualClock() });
    engine.start();
    const told = vi.spyOn(Partition.prototype, 'reconcile');
    engine.reconfigure(settings);
    engine.reconfigure({ ...settings, backends: [...settings.backends] });
    engine.reconfigure({ ...settings, restart: { ...settings.restart } });
    expect(told).not.toHaveBeenCalled();
    told.mockRestore();
  });
});

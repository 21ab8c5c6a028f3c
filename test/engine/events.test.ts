import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.js';
import { harness } from './harness.js';

describe('the stream of events', () => {
  it('is gapless and in order over all backends [R32]', async () => {
    const { clock, fail, events } = harness();
    await clock.run(0);
    fail(3);
    await clock.run(60_000);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ at }) => at)).toEqual([...events.map(({ at }) => at)].sort((a, b) => a - b));
  });

  it('tells each transition once, with its cause and where it led [R32]', async () => {
    const { clock, fail, events } = harness();
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    const told = events.flatMap((event) =>
      event.type === 'circuit.changed' ? [[event.at, event.from, event.to, event.cause, event.category]] : [],
    );
    expect(told).toEqual([
      [0, 'closed', 'open', 'call.failed', 'connection_failed'],
      [20_000, 'open', 'half-open', 'openFor', undefined],
      [20_000, 'half-open', 'closed', 'check.succeeded', undefined],
    ]);
  });

  it('a listener that throws disturbs neither the engine nor the other listeners [R32]', async () => {
    const { clock, engine, fail, circuit } = harness();
    const heard: EngineEvent[] = [];
    engine.subscribe(() => {
      throw new Error('listener');
    });
    engine.subscribe((event) => heard.push(event));
    await clock.run(0);
    fail(3);
    expect(circuit()).toBe('open');
    await clock.run(20_000);
    expect(heard.map(({ type }) => type)).toContain('circuit.changed');
    expect(circuit()).toBe('closed');
  });

  it('a listener may command the engine, and the order stays [R32]', async () => {
    const { clock, engine, fail, events, story } = harness();
    engine.subscribe((event) => {
      if (event.type === 'circuit.changed' && event.to === 'open') engine.isolate('one');
    });
    await clock.run(0);
    fail(3);
    expect(story()).toEqual(['closed → open', 'open → isolated']);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  });

  it('a listener that left hears nothing more [R32]', async () => {
    const { clock, engine, fail } = harness();
    const heard: EngineEvent[] = [];
    const leave = engine.subscribe((event) => heard.push(event));
    leave();
    await clock.run(0);
    fail(3);
    expect(heard).toEqual([]);
  });
});

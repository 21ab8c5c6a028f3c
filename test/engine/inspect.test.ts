import type { AnyActorRef, InspectionEvent } from 'xstate';
import { describe, expect, it } from 'vitest';
import { PARTITION_SIZE } from '../../src/engine/partition.js';
import type { Log } from '../../src/logging/log.js';
import { harness, policy } from './harness.js';

/** An inspector that writes down what it sees. */
function notebook() {
  const seen: { type: string; id: string; said: unknown }[] = [];
  const inspect = (event: InspectionEvent) => {
    const { id } = event.actorRef as AnyActorRef;
    if (event.type === '@xstate.snapshot') seen.push({ type: event.type, id, said: valueOf(event.snapshot) });
    if (event.type === '@xstate.event') seen.push({ type: event.type, id, said: event.event.type });
    if (event.type === '@xstate.actor') seen.push({ type: event.type, id, said: undefined });
  };
  return {
    seen,
    inspect,
    actors: () => seen.filter(({ type }) => type === '@xstate.actor').map(({ id }) => id),
    circuits: () =>
      seen.flatMap(({ type, id, said }) =>
        type === '@xstate.snapshot' && id === 'backend:one' ? [(said as { circuit: unknown }).circuit] : [],
      ),
  };
}

function valueOf(snapshot: object): unknown {
  return 'value' in snapshot ? snapshot.value : undefined;
}

const closed = { closed: 'steady' };
const lifecycle = ['closed → open', 'open → half-open', 'half-open → closed'];

describe('an inspector', () => {
  it('that is there from the beginning sees every actor begin, and every step of the machines [R33]', () => {
    const { actors, circuits, inspect, seen } = notebook();
    const { fail } = harness({ backends: { one: policy, two: policy } }, { inspect });
    expect(actors().slice(1).sort()).toEqual(['backend:one', 'backend:two', 'check', 'check']);
    fail(3);
    expect(circuits().at(0)).toEqual(closed);
    expect(circuits().at(-1)).toBe('open');
    expect(seen.filter(({ id, said }) => id === 'backend:one' && said === 'call.failed')).toHaveLength(3);
  });

  it('that is none is refused with a word for what is meant [R33]', () => {
    const inspector = { inspect: () => undefined };
    const { engine } = harness();
    expect(() => engine.inspect(inspector as object)).toThrow(
      new TypeError(
        'an inspector is a function or has a `next`; of @statelyai/inspect it is `inspector.inspect`',
      ),
    );
  });

  it('that comes late is told what is there and how it stands, then what happens [R33]', async () => {
    const { actors, circuits, inspect, seen } = notebook();
    const { clock, engine, fail } = harness({ backends: { one: policy, two: policy } });
    await clock.run(0);
    fail(3);
    const causes: unknown[] = [];
    engine.inspect(inspect);
    engine.inspect((event) => causes.push('event' in event ? event.event : undefined));
    expect(causes).toEqual(
      Array(3)
        .fill([undefined, { type: 'xstate.init' }])
        .flat(),
    );
    expect(actors().slice(1)).toEqual(['backend:one', 'backend:two']);
    expect(circuits()).toEqual(['open']);
    expect(seen.map(({ type }) => type)).toEqual(Array(3).fill(['@xstate.actor', '@xstate.snapshot']).flat());
    await clock.run(20_000);
    expect(circuits().slice(1)).toContainEqual({ halfOpen: 'ready' });
    expect(circuits().at(-1)).toEqual(closed);
  });

  it('may be an observer, and leave again: then it hears nothing more [R33]', async () => {
    const { inspect, seen } = notebook();
    const { clock, engine, fail } = harness();
    const other = notebook();
    engine.inspect(other.inspect);
    const leave = engine.inspect({ next: inspect });
    const before = seen.length;
    expect(before).toBeGreaterThan(0);
    leave();
    leave();
    const heard = other.seen.length;
    fail(3);
    await clock.run(20_000);
    expect(seen).toHaveLength(before);
    expect(other.seen.length).toBeGreaterThan(heard);
  });

  it('sees the backends that are added while it watches, however many there are [R33]', () => {
    const { actors, inspect } = notebook();
    const { engine } = harness();
    engine.inspect(inspect);
    const names = Array.from({ length: 2 * PARTITION_SIZE }, (_, index) => `more-${index}`);
    engine.configure(Object.fromEntries(names.map((name) => [name, policy])));
    expect(actors()).toEqual(expect.arrayContaining(names.map((name) => `backend:${name}`)));
    // Each of them with a check, and two more supervisors beside what was there: one, its own, and its check.
    expect(actors()).toHaveLength(2 * names.length + 2 + 3);
  });

  it('that throws at everything disturbs no actor, and what it threw is logged [R16] [R33]', async () => {
    const errors: unknown[] = [];
    const log = { error: (fields: { err: unknown }) => errors.push(fields.err) } as unknown as Log;
    const bug = new Error('a bug of the inspector');
    const inspect = () => {
      throw bug;
    };
    const { clock, fail, story, standing, events } = harness(undefined, { inspect, log });
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    expect(story()).toEqual(lifecycle);
    expect(standing()).toMatchObject({ supervision: 'running', circuit: 'closed' });
    expect(events.filter(({ type }) => type === 'backend.crashed')).toEqual([]);
    expect(new Set(errors)).toEqual(new Set([bug]));
  });

  it('may ask, and use the controls, from inside a step [R33]', () => {
    const { engine, fail, story, circuit } = harness({ backends: { one: policy, two: policy } });
    let phase: string | undefined;
    engine.inspect((event) => {
      phase = engine.status().phase;
      if (event.type === '@xstate.event' && event.event.type === 'call.failed') engine.isolate('two');
    });
    fail(3);
    expect(story()).toEqual(['closed → open']);
    expect(circuit('two')).toBe('isolated');
    expect(phase).toBeDefined();
  });
});

import { createInspector } from '@statelyai/inspect';
import type { InspectionEvent } from 'xstate';
import { describe, expect, it } from 'vitest';
import { INSPECT_LIMITS } from '../../src/inspect/limits.js';
import { isTold, messageOf } from '../../src/inspect/wire.js';
import { harness, policy } from '../engine/harness.js';

type Wire = Record<string, unknown> & { type: string };

const unchanged = (text: string) => text;

/** A message without what differs from one moment to the next. */
function lasting(message: object): object {
  const { createdAt, definition, ...rest } = JSON.parse(JSON.stringify(message)) as Wire;
  expect(createdAt).toMatch(/^\d{13}$/);
  return { ...rest, ...(typeof definition === 'string' && { definition: JSON.parse(definition) as object }) };
}

/** Everything that XState shows of a circuit that opens and closes again. */
async function lifecycle(): Promise<InspectionEvent[]> {
  const seen: InspectionEvent[] = [];
  const { clock, fail } = harness(undefined, { inspect: (event) => seen.push(event) });
  await clock.run(0);
  fail(3);
  await clock.run(20_000);
  return seen;
}

describe('a message of the relay', () => {
  it("is what Stately's own inspector makes of the same step [R33]", async () => {
    const theirs: object[] = [];
    // Its default depth of 10 cuts the actions of a substate off: Stately would not know them.
    const options = { serializationDepthLimit: INSPECT_LIMITS.maxDepth };
    const { inspect } = createInspector({ send: (message) => theirs.push(message) }, options);
    const told = (await lifecycle()).filter(isTold);
    for (const event of told) inspect.next?.(event);
    const ours = told.map((event) => JSON.parse(messageOf(event, unchanged)) as Wire);
    await expect.poll(() => theirs.length).toBe(told.length);
    expect(new Set(ours.map(({ type }) => type)).size).toBe(3);
    expect(ours.map(lasting)).toEqual(theirs.map(lasting).map(withoutIdentity));
  });

  it('says nothing of what the format has no message for [R33]', async () => {
    const left = (await lifecycle()).filter((event) => !isTold(event)).map(({ type }) => type);
    expect(new Set(left)).toEqual(new Set(['@xstate.microstep', '@xstate.action']));
  });

  it('defines each machine, with names for its functions, by what its actors share [R33]', () => {
    const definitions = new Map<string, string>();
    harness(
      { backends: { one: policy, two: policy } },
      {
        inspect: (event) => {
          if (event.type !== '@xstate.actor' || !isTold(event)) return;
          const { name, definition } = JSON.parse(messageOf(event, unchanged)) as Wire;
          definitions.set(String(name), String(definition));
        },
      },
    );
    expect(JSON.parse(definitions.get('supervisor') ?? '')).toMatchObject({
      id: 'supervisor',
      context: { type: 'context' },
      states: { running: {}, draining: {} },
    });
    expect(definitions.get('backend:one')).toContain('"halfOpen"');
    expect(definitions.get('backend:two')).toBe(definitions.get('backend:one'));
    expect(definitions.get('check')).toBe('{"id":"check"}');
  });

  it('holds no secret, and no digest of one [R30] [R33]', () => {
    const identity = 'digest-of-credentials';
    const texts: string[] = [];
    const redact = (text: string) => text.replaceAll('hush', '***');
    const { engine } = harness({ backends: { one: { ...policy, identity } } });
    engine.inspect((event) => {
      if (isTold(event)) texts.push(messageOf(event, redact));
    });
    engine.reconfigure({ backends: { one: { ...policy, identity: `${identity}-2` } } });
    const [first] = texts;
    expect(first).toContain('"spec":{"name":"one"');
    expect(texts.join('')).not.toContain(identity);

    const [actor] = actors();
    if (!actor) throw new Error('nobody was introduced');
    const cause = Object.assign(new Error('hush, it said'), { response: 'hush' });
    const event = { ...actor, type: '@xstate.event' as const, sourceRef: undefined };
    const text = messageOf({ ...event, event: { type: 'hushed', cause } }, redact);
    expect(JSON.parse(text)).toMatchObject({
      event: { type: '***ed', cause: { name: 'Error', message: '***, it said' } },
    });
    expect(text).not.toContain('hush,');
  });

  it('is made of anything: circles, large numbers, what is too deep or too broad [R33] [R36]', () => {
    const [actor] = actors();
    if (!actor) throw new Error('nobody was introduced');
    const circle: Record<string, unknown> = { large: 2n ** 64n };
    circle['self'] = circle;
    let deep: object = {};
    for (let depth = 0; depth < 10_000; depth += 1) deep = { deep };
    const broad = Array.from({ length: 10_000 }, (_, index) => index);
    const event = { type: 'x', circle, deep, broad };
    const text = messageOf({ ...actor, type: '@xstate.event', sourceRef: undefined, event }, unchanged);
    expect(JSON.parse(text)).toMatchObject({ event: { type: 'x', circle: { self: '[Circular]' } } });
    expect(text.length).toBeLessThan(10_000);
  });
});

/** The introductions of an engine with one backend. */
function actors(): InspectionEvent[] {
  const seen: InspectionEvent[] = [];
  harness().engine.inspect((event) => seen.push(event));
  return seen;
}

/** Ours leaves out what is a digest of credentials. */
function withoutIdentity(message: object): object {
  return JSON.parse(
    JSON.stringify(message, (key, value: unknown) => (key === 'identity' ? undefined : value)),
  ) as object;
}

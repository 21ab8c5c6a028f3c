import { createActor, fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendPolicy } from '../../machines/backend-policy.js';
import type { CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { createEngine } from '../../src/create-engine.js';
import { withSharedBeginning } from '../../src/engine/shared-beginning.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { harness, policy } from './harness.js';

const { circuit, health } = policy;
const rate = { of: 'failures', threshold: 0.5, window: { calls: 10 }, minimumCalls: 4 } as const;
const backoff = { multiplier: 2, maxOpenMs: 60_000, jitter: 0, decayMs: 30_000 };
const policies: Record<string, BackendPolicy> = {
  'with a circuit': policy,
  'without a circuit': { health },
  'with rates and backoff': { circuit: { ...circuit, rates: [rate], backoff }, health, maxInFlight: 2 },
};

/** Starts backends of one machine, one after the other, and says where each stands and what it waits for. */
function starting(shared: boolean) {
  const checked: CheckInput[] = [];
  const check = fromCallback<EventObject, CheckInput, CheckEvent>(({ input }) => {
    checked.push(input);
  });
  const parts = { check, random: () => 0.5, passed: () => [] };
  const machine = createBackendMachine(parts);
  const used = shared ? withSharedBeginning(machine, check) : machine;
  return (name: string, ofPolicy: BackendPolicy, checks: boolean) => {
    const clock = new VirtualClock();
    const actor = createActor(used, { input: { name, policy: ofPolicy, checks }, clock }).start();
    return { snapshot: actor.getPersistedSnapshot(), pending: clock.pending, checked: checked.splice(0) };
  };
}

describe('a backend of a policy that others have', () => {
  it.each(Object.entries(policies))('begins as if it were the first: %s [R16] [R18]', (_, ofPolicy) => {
    const [alone, shared] = [starting(false), starting(true)];
    for (const checks of [true, false]) {
      for (const name of ['one', 'two', 'three'])
        expect(shared(name, ofPolicy, checks)).toEqual(alone(name, ofPolicy, checks));
    }
  });

  it('goes its own way from there, as the first does [R16]', async () => {
    const {
      clock,
      engine,
      fail,
      sick,
      events,
      circuit: circuitOf,
    } = harness({
      backends: { one: policy, two: policy },
    });
    await clock.run(0);
    sick('one');
    fail(3, 'one');
    expect([circuitOf('one'), circuitOf('two')]).toEqual(['open', 'closed']);
    await clock.run(1000);
    engine.isolate('one');
    const untilThen = events.length;
    expect(told('one')).toHaveLength(5);
    sick('two');
    fail(3, 'two');
    await clock.run(1000);
    engine.isolate('two');
    expect(events.slice(untilThen).every(({ backend }) => backend === 'two')).toBe(true);
    expect(told('two')).toEqual(told('one'));

    function told(name: string) {
      const own = events.filter(({ backend }) => backend === name);
      return own.map((event) => ({ ...event, backend: '', sequence: 0, at: 0, time: '' }));
    }
  });

  it('begins as an operator wants it, where one has said so before the start [R10]', () => {
    const engine = createEngine({ backends: { one: policy, two: policy } }, { clock: new VirtualClock() });
    engine.isolate('two');
    engine.start();
    expect(engine.status().backends.map(({ circuit: state }) => state)).toEqual(['closed', 'isolated']);
  });
});

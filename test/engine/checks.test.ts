import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/failure.js';
import { harness, policy, refused } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const one = { one: policy };

describe('what a check resolves to', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a word', 'failed'],
    ['an object without a kind', { failure: refused }],
    ['an unknown kind', { kind: 'broken' }],
    ['a success', { kind: 'succeeded' }],
    ['a success that mentions a failure', { kind: 'succeeded', failure: refused }],
    ['a failure without a word of it', { kind: 'failed' }],
    ['a failure that is null', { kind: 'failed', failure: null }],
    ['a failure that is a word', { kind: 'failed', failure: 'timeout' }],
  ])('%s: the backend works [R12]', async (_, said) => {
    const { clock, standing, answer, engine } = harness();
    answer('one', () => Promise.resolve(said as Outcome));
    await clock.run(0);
    expect(standing().health).toBe('healthy');
    expect(engine.backend('one').status().restarts).toBe(0);
  });

  it('a failure: it does not, and what is said of it counts [R12]', async () => {
    const { clock, answer, engine } = harness();
    answer('one', () => Promise.resolve({ kind: 'failed', failure: { category: 'overloaded' } }));
    await clock.run(0);
    expect(engine.backend('one').status()).toMatchObject({
      consecutiveFailures: 1,
      lastErrorCategory: 'overloaded',
    });
  });

  it('a release: nothing is known, and the next check is planned [R12] [R13]', async () => {
    const { clock, answer, standing, checks } = harness();
    answer('one', () => Promise.resolve({ kind: 'released' }));
    await clock.run(4999);
    expect([standing().health, checks.length]).toEqual(['unknown', 1]);
    await clock.run(1);
    expect(checks).toHaveLength(2);
  });
});

describe('a check', () => {
  it('that a call made needless is skipped once: the next is made if no other call succeeds [R15]', async () => {
    const { clock, permit, checks, engine } = harness();
    await clock.run(1000);
    permit().succeed();
    await clock.run(4000);
    expect(checks).toHaveLength(1);
    expect(engine.backend('one').status()).toMatchObject({
      nextAttemptInMs: 5000,
      lastCheckTime: new Date(0).toISOString(),
    });
    await clock.run(5000);
    expect(checks).toHaveLength(2);
  });

  it('of a half-open circuit is made before those that wait, though they came first [R04] [R13]', async () => {
    const backends = { busy: policy, ill: policy, idle: policy };
    const { clock, engine, answer, checks, well } = harness({ backends, maxConcurrentChecks: 1 });
    await clock.run(0);
    await clock.run(0);
    let done: (() => void) | undefined;
    answer('busy', () => new Promise((resolve) => (done = () => resolve(undefined))));
    engine.check('busy');
    await clock.run(0);
    engine.check('idle');
    engine.isolate('ill');
    engine.release('ill');
    well('busy');
    const before = checks.length;
    done?.();
    await clock.run(0);
    await clock.run(0);
    expect(checks.slice(before).map(({ backend }) => backend)).toEqual(['ill', 'idle']);
  });

  it('that still waits for its turn can be ended, and was never made [R02] [R31]', async () => {
    const backends = { busy: policy, idle: policy };
    const { clock, engine, answer, checks, standing } = harness({ backends, maxConcurrentChecks: 1 });
    answer('busy', never);
    await clock.run(0);
    engine.isolate('idle');
    expect(standing('idle')).toMatchObject({ supervision: 'running', circuit: 'isolated' });
    expect(engine.backend('idle').status()).not.toHaveProperty('lastCheckTime');
    await clock.run(10_000);
    expect(checks.filter(({ backend }) => backend === 'idle')).toEqual([]);
  });

  it('that was ended says nothing more, however it ends [R07]', async () => {
    for (const late of [undefined, { kind: 'failed', failure: refused }, { kind: 'released' }] as const) {
      const { clock, engine, answer, events } = harness();
      let say: ((outcome: Outcome | undefined) => void) | undefined;
      answer('one', () => new Promise((resolve) => (say = resolve)));
      await clock.run(0);
      engine.isolate('one');
      const [before, told] = [engine.backend('one').status(), events.length];
      say?.(late);
      await clock.run(0);
      expect([engine.backend('one').status(), events.length]).toEqual([before, told]);
    }
  });

  it('that succeeded is one of the attempts of a rate, once it is in time [R09]', async () => {
    const rates = [{ of: 'failures', threshold: 0.5, window: { calls: 10 }, minimumCalls: 5 }] as const;
    const { clock, engine, answer, well } = harness({
      backends: { one: { ...policy, circuit: { ...policy.circuit, rates: [...rates] } } },
    });
    const calls = () =>
      engine
        .backend('one')
        .status()
        .rates?.map((rate) => rate.calls);
    await clock.run(0);
    expect(calls()).toEqual([1]);
    let say: (() => void) | undefined;
    answer('one', () => new Promise((resolve) => (say = () => resolve(undefined))));
    engine.check('one');
    await clock.run(0);
    engine.isolate('one');
    well();
    say?.();
    await clock.run(0);
    expect(calls()).toEqual([0]);
    engine.release('one');
    await clock.run(0);
    answer('one', () => Promise.resolve({ kind: 'failed', failure: refused }));
    engine.check('one');
    await clock.run(0);
    answer('one', () => Promise.resolve({ kind: 'released' }));
    engine.check('one');
    await clock.run(0);
    expect(calls()).toEqual([1]);
  });

  it('of an engine without checks is never made, and calls alone say how a backend is [R12]', async () => {
    const { clock, engine, checks, permit, standing } = harness({ backends: one }, { checked: false });
    engine.check('one');
    await clock.run(100_000);
    expect([checks.length, clock.pending, standing().health]).toEqual([0, 0, 'unknown']);
    permit().succeed();
    expect(standing().health).toBe('healthy');
  });
});

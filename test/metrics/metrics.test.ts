import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.js';
import { crash, harness, policy, refused } from '../engine/harness.js';
import { Scrape } from './exposition.js';

/** An engine in virtual time, and what is counted of it. */
async function counted(...args: Parameters<typeof harness>) {
  const world = harness(...args);
  const metrics = new Metrics('1.2.3', {
    status: () => world.engine.status(),
    clientSessions: () => ({ http: 2, stdio: 1 }),
    isConnected: (backend) => backend === 'one',
  });
  world.engine.subscribe((event) => metrics.note(event));
  await world.clock.run(0);
  const scrape = async () => new Scrape((await metrics.page()).text);
  return { ...world, metrics, scrape };
}

const two = { backends: { one: policy, two: policy } };
const TRANSITIONS = 'breakwater_circuit_transitions_total';
const of =
  (backend: string) =>
  (labels: Readonly<Record<string, string>>): boolean =>
    labels['backend'] === backend;

describe('transitions', () => {
  it('of a scripted outage are counted once each, by from, to and cause [R31] [R32]', async () => {
    const { scrape, fail, sick, well, clock, story } = await counted(two);
    sick();
    fail(3);
    await clock.run(20_000);
    await clock.run(20_000 - 1);
    const before = await scrape();
    expect(before.value('breakwater_circuit_state', { backend: 'one', state: 'open' })).toBe(1);
    well();
    await clock.run(1);
    const after = await scrape();
    expect(story()).toHaveLength(5);
    expect(after.counted(TRANSITIONS, of('one'))).toEqual({
      'closed open call.failed': 1,
      'open half-open openFor': 2,
      'half-open open check.failed': 1,
      'half-open closed check.succeeded': 1,
    });
    expect(after.counted(TRANSITIONS, of('two'))).toEqual({});
    expect(after.counted('breakwater_health_transitions_total', of('one'))).toEqual({
      'unknown healthy check.succeeded': 1,
      'healthy unhealthy call.failed': 1,
      'unhealthy degraded check.succeeded': 1,
    });
  });

  it('of an outage are shown as 0 before they happen, or Prometheus would not see the first [R31]', async () => {
    const { scrape, fail, sick, well, clock } = await counted();
    const names = (each: Scrape): string[] =>
      each.samples.filter(({ name }) => name === TRANSITIONS).map(({ labels }) => JSON.stringify(labels));
    const before = await scrape();
    expect(before.counted(TRANSITIONS)).toEqual({});
    sick();
    fail(3);
    await clock.run(20_000);
    well();
    await clock.run(20_000);
    expect(names(await scrape())).toEqual(names(before));
  });

  it('are as many as the engine tells of, whatever happens [R32]', async () => {
    const acts = ['fail', 'succeed', 'sick', 'well', 'isolate', 'release', 'reset', 'crash'] as const;
    const step = fc.tuple(
      fc.constantFrom('one', 'two'),
      fc.constantFrom(...acts),
      fc.constantFrom(0, 100, 20_000),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { scrape, events, engine, clock, sick, well } = await counted(two);
        const perform: Record<(typeof acts)[number], (name: string) => void> = {
          fail: (name) => {
            const permit = engine.backend(name).permit();
            if (permit.admitted) permit.fail(refused);
          },
          succeed: (name) => {
            const permit = engine.backend(name).permit();
            if (permit.admitted) permit.succeed();
          },
          sick,
          well,
          isolate: (name) => engine.isolate(name),
          release: (name) => engine.release(name),
          reset: (name) => engine.reset(name),
          crash: (name) => crash(engine.backend(name)),
        };
        for (const [name, act, ms] of steps) {
          perform[act](name);
          await clock.run(ms);
        }
        const seen = await scrape();
        for (const [name, type] of [
          [TRANSITIONS, 'circuit.changed'],
          ['breakwater_health_transitions_total', 'health.changed'],
        ] as const) {
          for (const backend of ['one', 'two']) {
            const told: Record<string, number> = {};
            for (const event of events) {
              if (event.type !== type || event.backend !== backend) continue;
              const key = `${event.from} ${event.to} ${event.cause}`;
              told[key] = (told[key] ?? 0) + 1;
            }
            expect(seen.counted(name, of(backend))).toEqual(told);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('states', () => {
  const one = (state: string) => ({ [state]: 1 });

  it('are shown in the words of /status, one of each at a time [R31]', async () => {
    const { scrape, fail, engine, clock, sick } = await counted();
    const states = async () => {
      const seen = await scrape();
      return ['phase', 'circuit_state', 'backend_health', 'backend_serving'].map((name) =>
        seen.counted(`breakwater_${name}`),
      );
    };
    expect(await states()).toEqual([one('Ready'), one('closed'), one('healthy'), one('')]);
    sick();
    fail(3);
    expect(await states()).toEqual([one('Failed'), one('open'), one('unhealthy'), {}]);
    engine.release('one');
    expect(await states()).toEqual([one('Failed'), one('half-open'), one('unhealthy'), {}]);
    engine.isolate('one');
    await clock.run(0);
    expect(await states()).toEqual([one('Failed'), one('isolated'), one('unhealthy'), {}]);
  });

  it('a healthy backend that is isolated is as unhealthy as in /status [R14] [R31]', async () => {
    const { scrape, engine, health } = await counted();
    engine.isolate('one');
    expect(health()).toBe('healthy');
    expect((await scrape()).counted('breakwater_backend_health')).toEqual(one('unhealthy'));
  });

  it('without a breaker there is no circuit to be seen [R11] [R31]', async () => {
    const { scrape } = await counted({ backends: { one: { circuit: { enabled: false } } } });
    expect((await scrape()).samples.filter(({ name }) => name.includes('circuit'))).toEqual([]);
  });

  it('failures in a row, permits out and sessions are those of now [R31]', async () => {
    const { scrape, fail, permit } = await counted();
    fail(2);
    const [first] = [permit(), permit()];
    const seen = await scrape();
    expect(seen.value('breakwater_consecutive_failures', { backend: 'one' })).toBe(2);
    expect(seen.value('breakwater_permits_out', { backend: 'one' })).toBe(2);
    expect(seen.counted('breakwater_client_sessions')).toEqual({ http: 2, stdio: 1 });
    expect(seen.counted('breakwater_backend_sessions')).toEqual({ '': 1 });
    expect(seen.counted('breakwater_info')).toEqual({ '1.2.3': 1 });
    first.release();
    expect((await scrape()).value('breakwater_permits_out', { backend: 'one' })).toBe(1);
  });
});

describe('totals', () => {
  it('of stale outcomes survive a restart, and another backend under the same name [R07] [R17] [R31]', async () => {
    const { scrape, engine, permit, fail, clock } = await counted();
    const stale = async () => (await scrape()).value('breakwater_stale_outcomes_total', { backend: 'one' });
    const late = permit();
    fail(3);
    late.fail(refused);
    expect(await stale()).toBe(1);
    crash(engine.backend('one'));
    await clock.run(100);
    expect(await stale()).toBe(1);
    engine.configure({ one: { ...policy, identity: 'another' } });
    await clock.run(0);
    expect(engine.backend('one').status().calls.stale).toBe(0);
    expect(await stale()).toBe(1);
    const later = permit();
    fail(3);
    later.succeed();
    expect(await stale()).toBe(2);
  });

  it('of what an observed circuit would have refused [R09] [R31]', async () => {
    const observed = { ...policy, circuit: { ...policy.circuit, observeOnly: true } };
    const { scrape, fail, permit } = await counted({ backends: { one: observed } });
    fail(3);
    permit().succeed();
    permit().succeed();
    expect((await scrape()).value('breakwater_would_refuse_total', { backend: 'one' })).toBe(2);
  });

  it('of crashes and restarts, up to the one that gives the backend up [R16] [R31]', async () => {
    const config = { ...two, supervision: { intensity: 2, periodMs: 60_000, backoffMs: 100 } };
    const { scrape, engine, clock } = await counted(config);
    for (let times = 0; times < 3; times += 1) {
      crash(engine.backend('one'));
      await clock.run(1000);
    }
    const seen = await scrape();
    expect(seen.value('breakwater_backend_crashes_total', { backend: 'one' })).toBe(3);
    expect(seen.value('breakwater_backend_restarts_total', { backend: 'one' })).toBe(2);
    expect(seen.value('breakwater_backend_crashes_total', { backend: 'two' })).toBe(0);
    expect(seen.counted('breakwater_backend_supervision', of('one'))).toEqual({ gaveUp: 1 });
  });
});

describe('calls and health checks', () => {
  const failed = { kind: 'failed', failure: refused } as const;

  it('are counted by outcome and category, and their times in seconds [R31]', async () => {
    const { scrape, metrics } = await counted();
    metrics.callEnded('one', { kind: 'succeeded' }, 30);
    metrics.callEnded('one', { kind: 'succeeded' }, 2000);
    metrics.callEnded('one', failed, 4);
    metrics.callEnded('one', { kind: 'released' }, 1);
    metrics.checkEnded('one', failed, 70_000);
    metrics.callRefused('one', 'BULKHEAD_FULL');
    const seen = await scrape();
    expect(seen.counted('breakwater_calls_total')).toEqual({
      'succeeded none': 2,
      'failed connection_failed': 1,
      'released none': 1,
    });
    expect(seen.counted('breakwater_health_checks_total')).toEqual({ 'failed connection_failed': 1 });
    expect(seen.counted('breakwater_refusals_total')).toEqual({ BULKHEAD_FULL: 1 });
    const times = { backend: 'one', outcome: 'succeeded' };
    const within = (le: string) => seen.value('breakwater_call_duration_seconds_bucket', { ...times, le });
    expect(['0.025', '0.05', '1', '2.5', '+Inf'].map(within)).toEqual([0, 1, 1, 2, 2]);
    expect(seen.value('breakwater_call_duration_seconds_sum', times)).toBeCloseTo(2.03);
    const check = { backend: 'one', outcome: 'failed' };
    expect(seen.value('breakwater_health_check_duration_seconds_bucket', { ...check, le: '60' })).toBe(0);
    expect(seen.count('breakwater_health_check_duration_seconds', check)).toBe(1);
  });
});

describe('labels', () => {
  it('of a backend that is removed go with it, and late calls bring none back [R18] [R31] [R36]', async () => {
    const { scrape, metrics, engine, fail, clock } = await counted(two);
    const exercise = () => {
      metrics.callEnded('two', { kind: 'succeeded' }, 1);
      metrics.callRefused('two', 'CIRCUIT_OPEN');
      metrics.checkEnded('two', { kind: 'succeeded' }, 1);
    };
    exercise();
    fail(3, 'two');
    const series = async () => (await scrape()).samples.filter(({ labels }) => labels['backend'] === 'two');
    expect((await series()).length).toBeGreaterThan(50);
    engine.remove('two');
    await clock.run(0);
    exercise();
    expect(await series()).toEqual([]);
    engine.configure({ two: policy });
    await clock.run(0);
    metrics.callEnded('two', { kind: 'succeeded' }, 1);
    const seen = await scrape();
    expect(seen.counted('breakwater_calls_total', of('two'))).toEqual({ 'succeeded none': 1 });
    expect(seen.counted(TRANSITIONS, of('two'))).toEqual({});
  });

  it('hold whatever a backend is called [R31]', async () => {
    const name = '"quoted"\\ and\nbroken, {a="b"} ünïcode';
    const { scrape } = await counted({ backends: { [name]: policy, __proto__: policy } });
    const seen = await scrape();
    expect(seen.value('breakwater_backend_serving', { backend: name })).toBe(1);
  });
});

it('two gateways in one process share nothing, and none leaves anything running [R19] [R31]', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const [one, other] = [await counted(), await counted()];
  one.fail(3);
  expect((await one.scrape()).value('breakwater_circuit_state', { backend: 'one', state: 'open' })).toBe(1);
  expect((await other.scrape()).value('breakwater_circuit_state', { backend: 'one', state: 'open' })).toBe(0);
  expect((await other.scrape()).counted(TRANSITIONS)).toEqual({});
  expect(timers()).toBeLessThanOrEqual(before);
});

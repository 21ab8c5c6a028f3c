import { describe, expect, it } from 'vitest';
import { BUILT_IN } from '../../src/simulate/built-in.js';
import { MAX_ATTEMPTS } from '../../src/simulate/scenario.js';
import { simulate } from '../../src/simulate/simulate.js';
import { failureHandling, layered, load, sample } from '../config/sample.js';
import { DEFAULTS, entries, scenario, simulated, story } from './simulated.js';

describe("a crash under the reference's defaults", () => {
  it('opens the circuit at the fifth failure, and half-open begins exactly 60 s later [R01] [R03]', async () => {
    const run = await simulated(DEFAULTS, 'crash');
    // A call at each tenth of a second and a half, refused a millisecond later.
    expect(story(run)).toEqual([
      '10451 closed → open',
      '70451 open → half-open',
      '70452 half-open → open',
      '130452 open → half-open',
      '130472 half-open → closed',
    ]);
    const [opened] = entries(run, 'circuit.changed');
    expect(opened).toMatchObject({ consecutiveFailures: 5, category: 'connection_failed' });
    expect(run.figures).toMatchObject({ failed: 5, refused: 1200, openings: 2, openMs: 120_000 });
  });

  it('each attempt in half-open says what it found [R04]', async () => {
    const run = await simulated(DEFAULTS, 'crash');
    expect(entries(run, 'attempt')).toEqual([
      {
        atMs: 70_452,
        type: 'attempt',
        by: 'check',
        found: 'failed',
        category: 'connection_failed',
        tookMs: 1,
      },
      { atMs: 130_472, type: 'attempt', by: 'check', found: 'succeeded', tookMs: 20 },
    ]);
  });

  it('says when it was noticed, when the circuit opened, and when service was back [R31]', async () => {
    const { outages } = await simulated(DEFAULTS, 'crash');
    expect(outages).toEqual([
      {
        phase: { fromMs: 10_000, toMs: 100_000, is: 'down' },
        noticedAfterMs: 51,
        unhealthyAfterMs: 251,
        openedAfterMs: 451,
        backAfterMs: 30_550,
        failed: 5,
        refused: 895,
        refusedAfter: 305,
      },
    ]);
  });
});

describe('any simulation', () => {
  const off = failureHandling('circuitBreaker: {enabled: false}');
  const observed = failureHandling('circuitBreaker: {enabled: true, observeOnly: true}');
  const rates = failureHandling(
    'maxInFlight: 8',
    'circuitBreaker: {enabled: true, slowCallThreshold: 2s, rates: [{of: slowCalls, threshold: 0.8, window: {time: 60s}}], backoff: {multiplier: 2}}',
  );
  const cases = Object.entries({
    'a plain circuit': DEFAULTS,
    'no circuit': off,
    'an observed one': observed,
    rates,
  }).flatMap(([what, text]) => BUILT_IN.map(({ name }) => [what, name, text] as const));

  it.each(cases)('under %s the ledger of %s adds up [R31]', async (what, name, text) => {
    const { figures, buckets, outages, circuit, health, timeline } = await simulated(text, name);
    const { attempted, admitted, refused, succeeded, failed, released } = figures;
    expect(attempted).toBe(1800);
    expect(attempted).toBe(admitted + refused);
    expect(admitted).toBe(succeeded + failed + released);
    for (const end of ['succeeded', 'failed', 'refused', 'released'] as const) {
      expect(buckets.reduce((sum, bucket) => sum + bucket[end], 0)).toBe(figures[end]);
    }
    expect(Object.values(figures.refusedWith).reduce((sum, count) => sum + count, 0)).toBe(refused);
    // Calls that are slow and succeed are proof of health: only a rate of them is noticed.
    const isNoticed = name !== 'slow' || what === 'rates';
    expect(outages.every(({ noticedAfterMs }) => noticedAfterMs !== undefined)).toBe(isNoticed);
    for (const stays of [circuit, health]) {
      expect(stays.slice(1).map(({ fromMs }) => fromMs)).toEqual(stays.slice(0, -1).map(({ toMs }) => toMs));
    }
    const times = timeline.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.each(BUILT_IN.map(({ name }) => name))('%s twice is the same, to the letter [R34]', async (name) => {
    const [one, other] = [await simulated(rates, name), await simulated(rates, name)];
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it('another seed fails other calls [R34]', async () => {
    const phases = [{ fromMs: 1000, toMs: 59_000, is: 'failing', rate: 0.3 }] as const;
    const [one, other] = await Promise.all(
      [1, 2].map((seed) => simulated(off, scenario({ phases, seed })).then(({ buckets }) => buckets)),
    );
    expect(one).not.toEqual(other);
  });
});

describe('a configuration', () => {
  it('without a circuit breaker admits every call, and says so [R11]', async () => {
    const run = await simulated(sample(), 'crash');
    expect(run).toMatchObject({ breaker: 'disabled', circuit: [], figures: { refused: 0, openings: 0 } });
    expect(run.figures.failed).toBe(900);
    expect(story(run)).toEqual([]);
  });

  it('that only observes refuses nothing, and counts what it would have refused [R09]', async () => {
    const text = failureHandling('circuitBreaker: {enabled: true, observeOnly: true}');
    const { breaker, figures, circuit } = await simulated(text, 'crash');
    expect(breaker).toBe('observed');
    expect(figures.refused).toBe(0);
    expect(figures.wouldRefuse).toBeGreaterThan(1000);
    expect(circuit.map(({ state }) => state)).toContain('open');
  });

  it('limits calls in flight, and the time of each [R09] [R25]', async () => {
    const text = failureHandling('maxInFlight: 7', 'circuitBreaker: {enabled: true}');
    const limited = await simulated(`${text}\n  timeouts: {default: 3s}`, 'hang');
    expect(limited.callTimeoutMs).toBe(3000);
    expect(limited.figures).toMatchObject({ maxInFlight: 7, longestCallMs: 3000 });
    expect(limited.figures.refusedWith.BULKHEAD_FULL).toBeGreaterThan(20);
    // Seven calls began when it hung; the fifth of them to time out opens the circuit.
    expect(limited.outages[0]).toMatchObject({ noticedAfterMs: 3050, openedAfterMs: 3450 });
  });

  it('opens by its rates, and leaves a circuit open for longer that opens again [R09]', async () => {
    const text = failureHandling(
      'circuitBreaker: {enabled: true, timeout: 10s, rates: [{of: failures, threshold: 0.5, window: {calls: 20}, minimumCalls: 10}], backoff: {multiplier: 3, jitter: 0}}',
    );
    const run = await simulated(text, 'crash');
    const opened = entries(run, 'circuit.changed').filter(({ to }) => to === 'open');
    expect(opened[0]?.rate).toMatchObject({ of: 'failures', rate: 0.5 });
    expect(opened.map(({ retryAfterMs }) => retryAfterMs)).toEqual([10_000, 30_000, 90_000]);
  });

  it('lets calls try beside the health check, as many as maxProbes allows [R04] [R05]', async () => {
    const text = failureHandling(
      'circuitBreaker: {enabled: true, timeout: 5s, maxProbes: 3, successThreshold: 4}',
    );
    const slow = { fromMs: 4900, toMs: 60_000, is: 'slow', latencyMs: 500 } as const;
    const run = await simulated(text, scenario({ phases: [{ fromMs: 1000, toMs: 4900, is: 'down' }, slow] }));
    // Half-open from 6451 on: the check and two calls, and three more when these have ended, which are not needed any more.
    expect(entries(run, 'attempt').map(({ atMs, by, found }) => `${atMs} ${by} ${found}`)).toEqual([
      '6951 check succeeded',
      '7050 call succeeded',
      '7150 call succeeded',
      '7451 check succeeded',
    ]);
  });

  it("is judged by the backend's own settings, as validate prints them [R28]", async () => {
    const config = load(layered('circuitBreaker: {enabled: true}', 'circuitBreaker: {failureThreshold: 2}'));
    const own = await simulate([config], scenario({ phases: [{ fromMs: 5000, toMs: 50_000, is: 'down' }] }));
    const other = await simulate([config], own.scenario, 'other');
    expect(own.runs[0]).toMatchObject({ backend: 'own', outages: [{ openedAfterMs: 151, failed: 2 }] });
    expect(own.runs[0]?.failureHandling['circuitBreaker.failureThreshold']).toBe('2');
    expect(other.runs[0]).toMatchObject({ backend: 'other', outages: [{ openedAfterMs: 451, failed: 5 }] });
  });

  it('is compared with another on the same outage [R34]', async () => {
    const quick = failureHandling('circuitBreaker: {enabled: true, failureThreshold: 3, timeout: 5s}');
    const { runs } = await simulate([load(DEFAULTS), load(quick)], BUILT_IN[0]!);
    expect(runs.map(({ outages }) => outages[0]?.openedAfterMs)).toEqual([451, 251]);
    const [late, soon] = runs.map(({ outages }) => outages[0]?.backAfterMs ?? Infinity);
    expect(soon!).toBeLessThan(late!);
    expect(soon!).toBeLessThan(5100);
  });
});

describe('a simulation is refused', () => {
  it('where the backend is not there, naming those that are [R27]', async () => {
    await expect(simulate([load(DEFAULTS)], BUILT_IN[0]!, 'two')).rejects.toThrow(
      '/srv/vmcp.yaml has no backend "two"; it has one',
    );
    await expect(simulate([load(sample({ backends: '' }))], BUILT_IN[0]!)).rejects.toThrow(
      'has no backend whose failures could be simulated',
    );
  });

  it('where there would be more health checks than it may make [R13]', async () => {
    const text = failureHandling('healthCheckInterval: 10ms', 'healthCheckTimeout: 5ms');
    await expect(simulated(text, scenario({ durationMs: 3_600_000, callsPerSecond: 1 }))).rejects.toThrow(
      `one would be checked 400000 times, at most ${MAX_ATTEMPTS} are simulated`,
    );
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { failureHandlingCrd } from '../../src/config/crd.js';
import { configSchema } from '../../src/config/schema.js';
import {
  breaker,
  failureHandling,
  layered,
  load,
  noticesOf,
  problem,
  RATE,
  refusal,
  sample,
  SLOW,
} from './sample.js';

const OPERATIONAL = 'operational.failureHandling';
const BREAKER = `${OPERATIONAL}.circuitBreaker`;

const policiesOf = (text: string) =>
  load(text).backends.map(({ policy: { circuit, maxInFlight } }) => ({ ...circuit, maxInFlight }));
const shownOf = (text: string, index = 0) =>
  Object.fromEntries((load(text).backends[index]?.effective ?? []).map(({ key, value }) => [key, value]));

describe('policies in a file', () => {
  it('are none where nothing is said, and everything is as the reference has it [R09] [R27]', () => {
    const [backend] = load(failureHandling('circuitBreaker: {enabled: true}')).backends;
    expect(Object.keys(backend?.policy ?? {}).sort()).toEqual(['circuit', 'health', 'identity']);
    expect(backend?.policy.circuit).toStrictEqual({
      enabled: true,
      failureThreshold: 5,
      openMs: 60_000,
      successThreshold: 1,
      maxProbes: 1,
      probeLimitMs: 30_000,
    });
  });

  it('reach the engine in its words: the example of README, which has nothing to be warned of [R09] [R28]', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [, example = ''] = /```yaml\n(operational:[^`]*rates:[^`]*)```/.exec(readme) ?? [];
    const policies = 'partialFailureMode: best_effort\n    maxInFlight';
    const text = sample({ operational: example.replace('maxInFlight', policies) });
    expect(load(text).notices).toEqual([]);
    expect(policiesOf(text)).toEqual([
      {
        enabled: true,
        failureThreshold: 5,
        openMs: 30_000,
        successThreshold: 1,
        maxProbes: 1,
        probeLimitMs: 30_000,
        rates: [
          { of: 'failures', threshold: 0.5, window: { calls: 100 }, minimumCalls: 20 },
          { of: 'slowCalls', threshold: 0.8, window: { ms: 60_000 }, minimumCalls: 10 },
        ],
        slowCallMs: 2000,
        backoff: { multiplier: 2, maxOpenMs: 300_000, jitter: 0.1, decayMs: 30_000 },
        maxInFlight: 64,
      },
    ]);
    // What README calls the defaults are the defaults.
    expect(policiesOf(text.replace(/backoff: \{.*\}/, 'backoff: {}'))).toEqual(policiesOf(text));
    expect(policiesOf(text.replace('observeOnly: false', 'observeOnly: true'))).toMatchObject([
      { observeOnly: true },
    ]);
  });

  it('retries are none unless they are asked for, and then as README says [R28]', () => {
    const retriesOf = (text: string) => load(text).backends.map(({ retry }) => retry);
    const asked = (retry: string) =>
      sample({ operational: `operational: {failureHandling: {retry: {${retry}}}}` });
    expect(retriesOf(sample())).toEqual([undefined]);
    expect(retriesOf(asked('budget: 0.5'))).toEqual([undefined]);
    expect(retriesOf(asked('maxRetries: 2'))).toEqual([{ maxRetries: 2, budget: 0.1 }]);
    expect(retriesOf(asked('maxRetries: 5, budget: 1'))).toEqual([{ maxRetries: 5, budget: 1 }]);
    expect(shownOf(asked('maxRetries: 2'))).toMatchObject({ 'retry.maxRetries': '2', 'retry.budget': '0.1' });
    expect(shownOf(sample())).not.toHaveProperty('retry.maxRetries');
  });

  it('beside rates, failures in a row trip only where it is written [R09] [R28]', () => {
    expect(policiesOf(breaker(`rates: [{${RATE}}]`))[0]).not.toHaveProperty('failureThreshold');
    // In operational a zero is not written, as in the reference.
    const zero = breaker(`failureThreshold: 0, rates: [{${RATE}}]`);
    expect(policiesOf(zero)[0]).not.toHaveProperty('failureThreshold');
    expect(noticesOf(load(zero), `${BREAKER}.failureThreshold`)).toEqual([
      'zero counts as not set: none is used',
    ]);
    expect(policiesOf(breaker(`failureThreshold: 4, rates: [{${RATE}}]`))).toMatchObject([
      { failureThreshold: 4 },
    ]);
    expect(policiesOf(breaker('rates: []'))).toMatchObject([{ failureThreshold: 5 }]);
  });

  it('are not held against other numbers while the breaker is off; the limit on calls holds [R09] [R28]', () => {
    const text = failureHandling(
      'maxInFlight: 3',
      `circuitBreaker: {timeout: 10ms, rates: [{${RATE}}], backoff: {maxTimeout: 5s}}`,
    );
    expect(policiesOf(text)).toMatchObject([{ enabled: false, openMs: 60_000, maxInFlight: 3 }]);
    expect(policiesOf(text)[0]).not.toHaveProperty('rates');
    expect(policiesOf(failureHandling('circuitBreaker: {timeout: -1s}'))).toMatchObject([{ openMs: 60_000 }]);
  });

  it('are read from a manifest too, and faults have their place in it [R09] [R27]', () => {
    const manifest = (rate: string) =>
      [
        'apiVersion: toolhive.stacklok.dev/v1beta1',
        'kind: VirtualMCPServer',
        'metadata: {name: m}',
        'spec:',
        '  groupRef: {name: g}',
        '  incomingAuth: {type: anonymous}',
        '  config:',
        '    backends: [{name: one, url: "http://x/", transport: sse}]',
        `    operational: {failureHandling: {circuitBreaker: {enabled: true, rates: [{${rate}}]}}}`,
      ].join('\n');
    expect(policiesOf(manifest(RATE))[0]?.rates).toHaveLength(1);
    expect(problem(manifest(RATE.replace('0.5', '50')))).toMatchObject({
      key: `spec.config.${BREAKER}.rates[0].threshold`,
      line: 9,
    });
  });
});

describe('policies of one backend', () => {
  it('override those of the file value by value, and a list as a whole [R09] [R28]', () => {
    const text = layered(
      `maxInFlight: 8, circuitBreaker: {enabled: true, failureThreshold: 3, rates: [{${RATE}}, {${SLOW}}], slowCallThreshold: 2s, backoff: {multiplier: 3, jitter: 0}, observeOnly: true}`,
      `maxInFlight: 9, circuitBreaker: {timeout: 20s, rates: [{${SLOW}}], backoff: {maxTimeout: 25s}, observeOnly: false}`,
    );
    const [own, other] = policiesOf(text);
    expect(own).toMatchObject({
      maxInFlight: 9,
      failureThreshold: 3,
      rates: [{ of: 'slowCalls' }],
      slowCallMs: 2000,
      backoff: { multiplier: 3, maxOpenMs: 25_000, jitter: 0, decayMs: 20_000 },
    });
    expect(own).not.toHaveProperty('observeOnly');
    expect(other).toMatchObject({
      maxInFlight: 8,
      rates: [{ of: 'failures' }, { of: 'slowCalls' }],
      backoff: { multiplier: 3, maxOpenMs: 600_000, jitter: 0, decayMs: 60_000 },
      observeOnly: true,
    });
  });

  it('may do without the rates of the file, and what belongs to them [R09] [R28]', () => {
    const text = layered(
      `circuitBreaker: {enabled: true, rates: [{${SLOW}}], slowCallThreshold: 2s}`,
      'circuitBreaker: {rates: []}',
    );
    const [own, other] = policiesOf(text);
    expect(own).toMatchObject({ failureThreshold: 5 });
    expect(own).not.toHaveProperty('rates');
    expect(own).not.toHaveProperty('slowCallMs');
    expect(other).toMatchObject({ slowCallMs: 2000 });
    expect(shownOf(text)).toMatchObject({
      'circuitBreaker.failureThreshold': '5',
      'circuitBreaker.rates': 'none',
    });
    expect(load(text).backends[0]?.effective).toContainEqual({
      key: 'circuitBreaker.slowCallThreshold',
      value: '2s',
      origin: 'operational',
      line: 9,
      note: 'no rate here is of slowCalls',
    });
  });

  it.each([
    ['maxInFlight: 0', 'maxInFlight', 'maxInFlight must be >= 1, got 0'],
    [
      'circuitBreaker: {slowCallThreshold: 0s}',
      'circuitBreaker.slowCallThreshold',
      'circuitBreaker.slowCallThreshold must be positive, got 0s',
    ],
    [
      `circuitBreaker: {rates: [{${SLOW}}]}`,
      'circuitBreaker.slowCallThreshold',
      'circuitBreaker.slowCallThreshold is required by a rate of slowCalls: from when on a call is slow',
    ],
    [
      'circuitBreaker: {timeout: 5m}',
      'circuitBreaker.timeout',
      'circuitBreaker.backoff.maxTimeout (2m0s) must be at least circuitBreaker.timeout (5m0s)',
    ],
  ])('with %s are refused in their own place: %s, %s [R09] [R28]', (own, key, message) => {
    const text = layered(
      `circuitBreaker: {enabled: true, rates: [{${RATE}}], backoff: {maxTimeout: 2m}}`,
      own,
    );
    expect(problem(text)).toMatchObject({
      key: `backends[0].failureHandling.${key}`,
      line: 7,
      message: `backends[0].failureHandling: ${message}`,
    });
  });

  it.each([
    ['maxInFlight: 0', 'maxInFlight'],
    ['circuitBreaker: {backoff: {multiplier: 0}}', 'circuitBreaker.backoff.multiplier'],
    ['circuitBreaker: {backoff: {jitter: 2}}', 'circuitBreaker.backoff.jitter'],
    ['circuitBreaker: {backoff: {decayInterval: 0s}}', 'circuitBreaker.backoff.decayInterval'],
    ['circuitBreaker: {timeout: 2s, backoff: {maxTimeout: 1s}}', 'circuitBreaker.backoff.maxTimeout'],
    [`circuitBreaker: {rates: [{${SLOW}}]}`, 'circuitBreaker.slowCallThreshold'],
    ['circuitBreaker: {slowCallThreshold: 1s}', 'circuitBreaker.slowCallThreshold'],
    ['circuitBreaker: {rates: [{of: failures, threshold: 1}]}', 'circuitBreaker.rates[0].window'],
  ])('%s, wrong in the file, is not told again for each backend: %s [R09] [R28]', (text, key) => {
    const { problems } = refusal(layered(text, 'circuitBreaker: {enabled: true}'));
    expect(problems.map((fault) => fault.key)).toEqual([`${OPERATIONAL}.${key}`]);
  });
});

describe('policies in effect', () => {
  it('are shown in words, each with its place, and no others [R09] [R28]', () => {
    const text = breaker(
      `rates: [{${RATE}, minimumCalls: 20}, {${SLOW.replace('0.8', '0.07')}}], slowCallThreshold: 1.5s, backoff: {jitter: 0.25}`,
      'maxInFlight: 64',
    );
    const rows = load(text).backends[0]?.effective.filter(({ key }) =>
      /maxInFlight|failureThreshold|rates|slowCall|backoff|observeOnly/.test(key),
    );
    expect(rows).toEqual([
      { key: 'maxInFlight', value: '64', origin: 'operational', line: 10 },
      { key: 'circuitBreaker.failureThreshold', value: 'none', origin: 'default', note: 'there are rates' },
      {
        key: 'circuitBreaker.rates',
        value:
          'failures >= 50% of the last 100 calls (from 20)\nslow calls >= 7% of the calls of the last 1m0s (from 10)',
        origin: 'operational',
        line: 11,
      },
      { key: 'circuitBreaker.slowCallThreshold', value: '1.5s', origin: 'operational', line: 11 },
      { key: 'circuitBreaker.backoff.multiplier', value: '2', origin: 'default' },
      { key: 'circuitBreaker.backoff.maxTimeout', value: '10m0s', origin: 'default' },
      { key: 'circuitBreaker.backoff.jitter', value: '0.25', origin: 'operational', line: 11 },
      { key: 'circuitBreaker.backoff.decayInterval', value: '1m0s', origin: 'default' },
      { key: 'circuitBreaker.observeOnly', value: 'false', origin: 'default' },
    ]);
    const small = breaker('rates: [{of: failures, threshold: 1, window: {calls: 4}}]');
    expect(shownOf(small)['circuitBreaker.rates']).toBe('failures >= 100% of the last 4 calls (from 4)');
    const plain = Object.keys(shownOf(sample()));
    expect(plain.filter((key) => /maxInFlight|rates|slowCall|backoff/.test(key))).toEqual([]);
  });
});

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

/** Every key of a schema, with those around it. */
function keysOf({ properties = {}, items }: SchemaNode, path = ''): string[] {
  const inside = Object.entries(properties).flatMap(([key, node]) => [
    `${path}${key}`,
    ...keysOf(node, `${path}${key}.`),
  ]);
  return items === undefined ? inside : [...inside, ...keysOf(items, `${path}[].`)];
}

describe('the schemas', () => {
  const accepts = new Ajv({ strict: true }).compile(configSchema());

  it.each([
    [
      true,
      breaker(`rates: [{${RATE}}, {${SLOW}, minimumCalls: 3}], slowCallThreshold: 2s, backoff: {jitter: 0}`),
    ],
    [true, layered('maxInFlight: 1', 'maxInFlight: 2, circuitBreaker: {observeOnly: true}')],
    [false, breaker(`rates: [{${RATE.replace('100', '100, time: 1m')}}]`)],
    [false, breaker('rates: [{of: failures, threshold: 0.5}]')],
    [false, breaker(`rates: [{${RATE.replace('0.5', '0')}}]`)],
    [false, breaker(`rates: [{${RATE.replace('failures', 'errors')}}]`)],
    [false, breaker(`rates: [${Array.from({ length: 9 }, () => `{${RATE}}`).join(', ')}]`)],
    [false, breaker('backoff: {multiplier: 0.5}')],
    [false, breaker('backoff: {maxTime: 1m}')],
    [false, layered('maxInFlight: 0', '')],
  ])('for editors says %s of %j [R09] [R28]', (verdict, text) => {
    expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(verdict);
  });

  it('for editors and for clusters have the same keys [R09] [R28]', () => {
    const operational = (configSchema() as SchemaNode).properties?.['operational'];
    const editors = keysOf(operational?.properties?.['failureHandling'] ?? {});
    const crd = parse(failureHandlingCrd()) as { failureHandling: SchemaNode };
    expect(keysOf(crd.failureHandling).sort()).toEqual(editors.sort());
    expect(editors).toContain('circuitBreaker.rates.[].window.calls');
  });
});

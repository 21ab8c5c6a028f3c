import { describe, expect, it } from 'vitest';
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

const MILLION = '1000000';
const REFUSED: [text: string, key: string, message: string][] = [
  [
    `rates: [{${RATE.replace('100', '100, time: 1m')}}]`,
    'rates[0].window',
    'must have either calls or time, not both',
  ],
  [
    `rates: [{${RATE}}, {of: failures, threshold: 1, window: {}}]`,
    'rates[1].window',
    'is required: calls or time, such as {calls: 100}',
  ],
  [
    'rates: [{of: failures, threshold: 1}]',
    'rates[0].window',
    'is required: calls or time, such as {calls: 100}',
  ],
  [`rates: [{${RATE.replace('100', '0')}}]`, 'rates[0].window.calls', `must be from 1 to ${MILLION}, got 0`],
  [
    `rates: [{${RATE.replace('100', '1000001')}}]`,
    'rates[0].window.calls',
    `must be from 1 to ${MILLION}, got 1000001`,
  ],
  [
    'rates: [{of: failures, threshold: 1, window: {time: 999ms}}]',
    'rates[0].window.time',
    'must be >= 1s, got 999ms',
  ],
  [
    `rates: [{${RATE}, minimumCalls: 101}]`,
    'rates[0].minimumCalls',
    '(101) must be at most window.calls (100), or the rate would never be judged',
  ],
  [`rates: [{${RATE}, minimumCalls: 0}]`, 'rates[0].minimumCalls', 'must be >= 1, got 0'],
  [
    `rates: [{${RATE.replace('0.5', '0')}}]`,
    'rates[0].threshold',
    'must be more than 0 and at most 1, got 0',
  ],
  [
    `rates: [{${RATE.replace('0.5', '-1e-3')}}]`,
    'rates[0].threshold',
    'must be more than 0 and at most 1, got -0.001',
  ],
  ['rates: [{of: failures, window: {calls: 9}}]', 'rates[0].threshold', 'is required: a share such as 0.5'],
  ['rates: [{threshold: 1, window: {calls: 9}}]', 'rates[0].of', 'must be one of: failures, slowCalls'],
  [
    `rates: [${Array.from({ length: 9 }, () => `{${RATE}}`).join(', ')}]`,
    'rates',
    'must be at most 8, got 9',
  ],
  ['slowCallThreshold: -1s', 'slowCallThreshold', 'must be positive, got -1s'],
  [
    `rates: [{${RATE}}], slowCallThreshold: 1s`,
    'slowCallThreshold',
    'needs a rate of slowCalls in circuitBreaker.rates beside it',
  ],
  ['backoff: {multiplier: 0.99}', 'backoff.multiplier', 'must be >= 1, got 0.99'],
  ['backoff: {jitter: 1.5}', 'backoff.jitter', 'must be from 0 to 1, got 1.5'],
  ['backoff: {jitter: -.5}', 'backoff.jitter', 'must be from 0 to 1, got -0.5'],
  ['backoff: {decayInterval: 0s}', 'backoff.decayInterval', 'must be positive, got 0s'],
  [
    'timeout: 30s, backoff: {maxTimeout: 29s}',
    'backoff.maxTimeout',
    '(29s) must be at least circuitBreaker.timeout (30s)',
  ],
];

describe('a policy that cannot be meant', () => {
  it.each(REFUSED)('%s is refused at %s: %s [R09] [R28]', (text, key, message) => {
    const error = refusal(breaker(text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.lines()).toEqual([`/srv/vmcp.yaml:10: ${BREAKER}.${key}: circuitBreaker.${key} ${message}`]);
  });

  it.each([
    `rates: [{${RATE.replace('100', '1000000')}, minimumCalls: 1000000}, {${RATE.replace('0.5', '1')}}]`,
    `rates: [{${SLOW.replace('60s', '1s').replace('0.8', '1e-9')}, minimumCalls: 1}], slowCallThreshold: 1ns`,
    `rates: [${Array.from({ length: 8 }, () => `{${RATE}}`).join(', ')}]`,
    'timeout: 30s, backoff: {multiplier: 1, maxTimeout: 30s, jitter: 1, decayInterval: 1ns}',
    'backoff: {jitter: 0}',
  ])('%s, at its limits, is accepted [R09] [R28]', (text) => {
    expect(load(breaker(text, 'maxInFlight: 1')).backends[0]?.policy.maxInFlight).toBe(1);
  });

  it('a rate of slow calls without a threshold for them is refused, as is a limit of none [R09] [R28]', () => {
    expect(problem(breaker(`rates: [{${SLOW}}]`))).toMatchObject({
      key: `${BREAKER}.slowCallThreshold`,
      line: 10,
      message: `${OPERATIONAL}: circuitBreaker.slowCallThreshold is required by a rate of slowCalls: from when on a call is slow`,
    });
    expect(problem(failureHandling('maxInFlight: 0'))).toMatchObject({
      key: `${OPERATIONAL}.maxInFlight`,
      message: `${OPERATIONAL}: maxInFlight must be >= 1, got 0`,
    });
  });

  it.each([
    ['maxRetries: 6', 'maxRetries', 'must be from 0 to 5, got 6'],
    ['maxRetries: -1', 'maxRetries', 'must be from 0 to 5, got -1'],
    ['budget: 0', 'budget', 'must be more than 0 and at most 1, got 0'],
    ['budget: 1.5', 'budget', 'must be more than 0 and at most 1, got 1.5'],
  ])('a retry with %s is refused [R28]', (text, key, message) => {
    expect(problem(failureHandling(`retry: {${text}}`))).toMatchObject({
      key: `${OPERATIONAL}.retry.${key}`,
      message: `${OPERATIONAL}: retry.${key} ${message}`,
    });
  });

  it('a value that is nearly right is refused with its neighbour [R09] [R28]', () => {
    expect(problem(breaker(`rates: [{${RATE.replace('0.5', '50')}}]`)).suggestion).toBe('0.5');
    expect(problem(breaker(`rates: [{${RATE.replace('0.5', '150')}}]`))).not.toHaveProperty('suggestion');
    const slow = SLOW.replace('slowCalls', 'slow_calls');
    expect(problem(breaker(`rates: [{${slow}}]`)).suggestion).toBe('slowCalls');
  });

  it.each([
    [`rates: {${RATE}}`, 'rates', 'expected a list, got a mapping'],
    ['rates: [~]', 'rates[0]', 'expected a mapping, got nothing'],
    [
      `rates: [{${RATE.replace('0.5', '50%')}}]`,
      'rates[0].threshold',
      'expected a number such as 0.5, got "50%"',
    ],
    [
      `rates: [{${RATE.replace('0.5', '.nan')}}]`,
      'rates[0].threshold',
      'expected a number such as 0.5, got ".nan"',
    ],
    [
      `rates: [{${RATE.replace('0.5', '"0.5"')}}]`,
      'rates[0].threshold',
      'expected a number such as 0.5, got the quoted text "0.5"',
    ],
    ['backoff: {multiplier: .inf}', 'backoff.multiplier', 'expected a number such as 0.5, got ".inf"'],
    ['backoff: {multiplier: 1e999}', 'backoff.multiplier', 'expected a number such as 0.5, got "1e999"'],
    ['backoff: 2', 'backoff', 'expected a mapping, got a single value'],
    [`rates: [{${RATE}, minimumCalls: 1.5}]`, 'rates[0].minimumCalls', 'expected a whole number, got "1.5"'],
    ['slowCallThreshold: 2', 'slowCallThreshold', 'invalid duration: time: missing unit in duration "2"'],
  ])('%s does not fit: %s, %s [R09] [R28]', (text, key, message) => {
    const error = refusal(breaker(text));
    expect(error.code).toBe('CONFIG_PARSE');
    expect(error.lines()).toEqual([`/srv/vmcp.yaml:10: ${BREAKER}.${key}: ${message}`]);
  });

  it.each([
    ['rate: []', 'rate', 'rates'],
    [`rates: [{${RATE}, minCalls: 1}]`, 'rates[0].minCalls', 'minimumCalls'],
    [`rates: [{${RATE.replace('calls:', 'call:')}}]`, 'rates[0].window.call', 'calls'],
    ['slowCallThreshhold: 2s', 'slowCallThreshhold', 'slowCallThreshold'],
    ['backoff: {maxTimeOut: 1m}', 'backoff.maxTimeOut', 'maxTimeout'],
    ['observe_only: true', 'observe_only', 'observeOnly'],
  ])('%s is an unknown key, %s, near to %s [R09] [R28]', (text, key, suggestion) => {
    expect(problem(breaker(text))).toMatchObject({ key: `${BREAKER}.${key}`, line: 10, suggestion });
    const near = problem(failureHandling('maxInflight: 1'));
    expect(near).toMatchObject({ key: `${OPERATIONAL}.maxInflight`, suggestion: 'maxInFlight' });
  });
});

describe('policies that do less than their author may think', () => {
  it('those of a breaker that is off are warnings, each with its line [R09] [R27]', () => {
    const text = failureHandling(
      'partialFailureMode: fail',
      'maxInFlight: 3',
      'circuitBreaker:',
      `  rates: [{${SLOW}}]`,
      '  slowCallThreshold: 1h',
      '  backoff: {}',
      '  observeOnly: true',
    );
    const message = 'not used while the circuit breaker is off';
    expect(load(text).notices).toEqual(
      ['rates', 'slowCallThreshold', 'backoff', 'observeOnly'].map((key, index) => ({
        severity: 'warning',
        key: `${BREAKER}.${key}`,
        line: 12 + index,
        message,
      })),
    );
    expect(load(failureHandling('partialFailureMode: fail', 'circuitBreaker: {rates: []}')).notices).toEqual(
      [],
    );
  });

  it('one backend may turn its breaker off, or on, without a word about the others [R09] [R28]', () => {
    const off = layered(
      `circuitBreaker: {enabled: true, failureThreshold: 5, rates: [{${RATE}}]}`,
      'circuitBreaker: {enabled: false}',
    );
    expect(load(off).notices).toEqual([]);
    const written = layered(
      'circuitBreaker: {enabled: true}',
      `circuitBreaker: {enabled: false, backoff: {}}`,
    );
    expect(noticesOf(load(written), 'backends[0].failureHandling.circuitBreaker.backoff')).toHaveLength(1);
  });

  it('a call that times out before it is slow is a warning, for each timeout once [R09] [R27]', () => {
    const text = (threshold: string) =>
      sample({
        operational: `operational: {timeouts: {perWorkload: {one: 5s}}, failureHandling: {partialFailureMode: fail, circuitBreaker: {enabled: true, failureThreshold: 5, rates: [{${SLOW}}], slowCallThreshold: ${threshold}}}}`,
        backends: [
          'backends:',
          ...['one', 'two', 'three'].map((name) => `  - {name: ${name}, url: "http://x/", transport: sse}`),
        ].join('\n'),
      });
    const warned = (threshold: string) => noticesOf(load(text(threshold)), `${BREAKER}.slowCallThreshold`);
    const message = (limit: string) =>
      `slowCallThreshold (30s) is not less than the timeout of a call (${limit}): without progress, a call ends before it is slow`;
    expect(warned('30s')).toEqual([message('5s'), message('30s')]);
    expect(warned('5s')).toHaveLength(1);
    expect(warned('4.9s')).toEqual([]);
    // Inherited, and of no use: nothing is slow.
    const none = layered(
      `circuitBreaker: {enabled: true, failureThreshold: 5, rates: [{${SLOW}}], slowCallThreshold: 1h}`,
      'circuitBreaker: {rates: []}',
    );
    expect(load(none.replace(/\n.*name: other.*/, '')).notices).toEqual([]);
  });

  it('a circuit that refuses nothing is a warning [R09] [R27]', () => {
    expect(load(breaker('observeOnly: true')).notices).toEqual([
      {
        severity: 'warning',
        key: `${BREAKER}.observeOnly`,
        line: 10,
        message: 'the circuit refuses nothing: what it would have refused is sent on, and counted',
      },
    ]);
    expect(load(breaker('observeOnly: false')).notices).toEqual([]);
  });

  it.each([
    [
      `rates: [{${RATE}, minimumCalls: 40}, {${RATE}, minimumCalls: 30}]`,
      'a backend without calls is judged by its health alone until 30 health checks were made',
    ],
    [
      'rates: [{of: failures, threshold: 1, window: {calls: 4}}]',
      'a backend without calls is judged by its health alone until 4 health checks were made',
    ],
    [`rates: [{${SLOW}}], slowCallThreshold: 1s`, 'a backend that fails fast is judged by its health alone'],
  ])('%s without failureThreshold is a warning: %s [R09] [R27]', (text, rest) => {
    expect(load(breaker(text)).notices).toEqual([
      {
        severity: 'warning',
        key: `${BREAKER}.rates`,
        line: 10,
        message: `without failureThreshold, failures in a row do not open the circuit: ${rest}`,
      },
    ]);
    expect(load(breaker(`failureThreshold: 5, ${text}`)).notices).toEqual([]);
  });
});

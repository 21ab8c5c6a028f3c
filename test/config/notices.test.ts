import { describe, expect, it } from 'vitest';
import { formatNotice } from '../../src/config/problems.js';
import { failureHandling, load, noticesOf, sample } from './sample.js';

const FAILURE = 'operational.failureHandling';

describe('what the reference accepts in silence', () => {
  it.each([
    ['healthCheckInterval: 0s', 'healthCheckInterval', 'zero counts as not set: 30s is used'],
    ['unhealthyThreshold: 0', 'unhealthyThreshold', 'zero counts as not set: 3 is used'],
    ['statusReportingInterval: 0', 'statusReportingInterval', 'zero counts as not set: 30s is used'],
    [
      'circuitBreaker: {enabled: true, failureThreshold: 0}',
      'circuitBreaker.failureThreshold',
      'zero counts as not set: 5 is used',
    ],
    [
      'circuitBreaker: {enabled: true, timeout: 0s}',
      'circuitBreaker.timeout',
      'zero counts as not set: 1m0s is used',
    ],
  ])('%s is a warning with its line: %s, %s [R27]', (line, key, message) => {
    const config = load(failureHandling(line));
    expect(config.notices).toContainEqual({
      severity: 'warning',
      key: `${FAILURE}.${key}`,
      line: 9,
      message,
    });
    const { circuit, health } = config.backends[0]?.policy ?? {};
    expect([health?.checkIntervalMs, health?.unhealthyThreshold]).toEqual([30_000, 3]);
    expect([circuit?.failureThreshold, circuit?.openMs]).toEqual([5, 60_000]);
  });

  it('timeouts.default of zero is a warning [R27]', () => {
    const config = load(sample({ operational: 'operational: {timeouts: {default: 0s}}' }));
    expect(noticesOf(config, 'operational.timeouts.default')).toEqual([
      'zero counts as not set: 30s is used',
    ]);
    expect(config.timeouts.defaultMs).toBe(30_000);
  });

  it('a default timeout that is not less than the interval is shortened, with a warning [R27]', () => {
    const config = load(failureHandling('healthCheckInterval: 5s'));
    expect(noticesOf(config, `${FAILURE}.healthCheckTimeout`)).toEqual([
      'by default, healthCheckTimeout (10s) must be less than healthCheckInterval (5s) to prevent checks from queuing up: 2.5s is used',
    ]);
    const [backend] = config.backends;
    expect(backend?.policy.health).toMatchObject({ checkIntervalMs: 5000, checkTimeoutMs: 2500 });
    expect(backend?.effective).toContainEqual({
      key: 'healthCheckTimeout',
      value: '2.5s',
      origin: 'default',
      note: 'half of healthCheckInterval',
    });
  });

  it('a circuit that opens before health turns unhealthy is a warning [R27]', () => {
    const breaker = (enabled: string) =>
      load(
        failureHandling(
          'unhealthyThreshold: 3',
          `circuitBreaker: {enabled: ${enabled}, failureThreshold: 1}`,
        ),
      );
    const key = `${FAILURE}.circuitBreaker.failureThreshold`;
    expect(noticesOf(breaker('true'), key)).toEqual([
      expect.stringContaining('failureThreshold (1) is less than unhealthyThreshold (3)'),
    ]);
    expect(noticesOf(breaker('false'), key)).toEqual([]);
  });

  it('the same for ten backends is said once, and for an override at its place [R27]', () => {
    const backends = ['backends:', ...Array.from('abcdefghij')].map((name, index) =>
      index === 0 ? name : `  - {name: ${name}, url: "http://x/", transport: sse}`,
    );
    const own = '  - {name: k, url: "http://x/", transport: sse, failureHandling: {unhealthyThreshold: 9}}';
    const operational =
      'operational: {failureHandling: {circuitBreaker: {enabled: true, failureThreshold: 2}}}';
    const config = load(sample({ backends: [...backends, own].join('\n'), operational }));
    const keys = config.notices
      .filter(({ message }) => message.includes('is less than unhealthyThreshold'))
      .map(({ key }) => key);
    expect(keys).toEqual([
      'backends[10].failureHandling.circuitBreaker.failureThreshold',
      `${FAILURE}.circuitBreaker.failureThreshold`,
    ]);
  });

  it('numbers out of range while the breaker is off are not used, with a warning [R27]', () => {
    const config = load(failureHandling('circuitBreaker: {failureThreshold: -1, timeout: 10ms}'));
    expect(config.backends[0]?.policy.circuit).toMatchObject({
      enabled: false,
      failureThreshold: 5,
      openMs: 60_000,
    });
    expect(noticesOf(config, `${FAILURE}.circuitBreaker.timeout`)).toHaveLength(1);
  });

  it('an unset partialFailureMode is best_effort, with a warning [R27]', () => {
    const unset = load(sample());
    expect(unset.partialFailureMode).toBe('best_effort');
    expect(noticesOf(unset, `${FAILURE}.partialFailureMode`)).toHaveLength(1);
    const set = load(failureHandling('partialFailureMode: best_effort'));
    expect(noticesOf(set, `${FAILURE}.partialFailureMode`)).toEqual([]);
  });

  it('names that no backend has are warnings with the nearest one [R27]', () => {
    const config = load(
      sample({
        backends: 'backends: [{name: github, url: "http://x/", transport: sse}]',
        operational: 'operational: {timeouts: {perWorkload: {gihub: 1s}}}',
        outgoingAuth: 'outgoingAuth: {source: inline, backends: {jira: {type: unauthenticated}}}',
      }),
    );
    expect(noticesOf(config, 'operational.timeouts.perWorkload.gihub')).toEqual([
      'no backend is named "gihub" (did you mean "github"?)',
    ]);
    expect(noticesOf(config, 'outgoingAuth.backends.jira')).toEqual(['no backend is named "jira"']);
  });

  it('a filter with the original name of a renamed tool is a warning [R27]', () => {
    const aggregation =
      'aggregation: {conflictResolution: prefix, conflictResolutionConfig: {prefixFormat: x}, tools: [{workload: one, filter: [a, c], overrides: {a: {name: b}, c: {description: d}}}]}';
    const config = load(sample({ aggregation }));
    expect(noticesOf(config, 'aggregation.tools[0].filter[0]')).toHaveLength(1);
    expect(noticesOf(config, 'aggregation.tools[0].filter[1]')).toEqual([]);
  });

  it('a file without traps has nothing to be told [R27]', () => {
    expect(load(failureHandling('partialFailureMode: best_effort')).notices).toEqual([]);
  });
});

const incoming = (text: string) => ({ incomingAuth: `incomingAuth: ${text}` });
const policies = (...texts: readonly string[]) =>
  incoming(`{type: anonymous, authz: {type: cedar, policies: ${JSON.stringify(texts)}}}`);
const strategy = (text: string) => ({
  outgoingAuth: `outgoingAuth: {source: inline, backends: {one: ${text}}}`,
});

describe('what is understood and not supported', () => {
  it.each<[changes: Record<string, string>, severity: string, key: string]>([
    [
      { compositeTools: 'compositeTools: [{name: n, description: d, steps: [{id: a, tool: t}]}]' },
      'ignored',
      'compositeTools',
    ],
    [{ compositeToolRefs: 'compositeToolRefs: [{name: n}]' }, 'ignored', 'compositeToolRefs'],
    [{ optimizer: 'optimizer: {maxToolsToReturn: 8}' }, 'ignored', 'optimizer'],
    [{ codeMode: 'codeMode: {enabled: true}' }, 'ignored', 'codeMode'],
    [{ rateLimiting: 'rateLimiting: {shared: {maxTokens: 1, refillPeriod: 1s}}' }, 'ignored', 'rateLimiting'],
    [
      { sessionStorage: 'sessionStorage: {provider: redis, address: x}' },
      'ignored',
      'sessionStorage.provider',
    ],
    [{ telemetry: 'telemetry: {endpoint: x, samplingRate: 0.1}' }, 'ignored', 'telemetry'],
    [{ telemetry: 'telemetry: {tracingEnabled: true}' }, 'ignored', 'telemetry'],
    [{ audit: 'audit: {enabled: true}' }, 'ignored', 'audit'],
    [{ passthroughHeaders: 'passthroughHeaders: [X-Request-Id]' }, 'ignored', 'passthroughHeaders'],
    [
      {
        backends: 'backends: [{name: one, url: "http://x/", transport: sse, type: entry, caBundlePath: /ca}]',
      },
      'ignored',
      'backends[0].caBundlePath',
    ],
    [
      strategy('{type: token_exchange, tokenExchange: {tokenUrl: u}}'),
      'ignored',
      'outgoingAuth.backends.one.type',
    ],
    [strategy('{type: aws_sts, awsSts: {region: r}}'), 'ignored', 'outgoingAuth.backends.one.type'],
    [{ outgoingAuth: 'outgoingAuth: {source: discovered}' }, 'ignored', 'outgoingAuth.source'],
    [incoming('{type: local}'), 'refuses', 'incomingAuth.type'],
    [policies('forbid(principal, action, resource);'), 'refuses', 'incomingAuth.authz'],
    [
      policies('permit(principal, action, resource);', 'forbid(principal, action, resource);'),
      'refuses',
      'incomingAuth.authz',
    ],
    [policies('permit(\n  principal, action, resource\n);'), 'ignored', 'incomingAuth.authz'],
  ])('%j is valid and %s, at %s [R29]', (changes, severity, key) => {
    const config = load(sample(changes));
    const found = config.notices.filter((notice) => notice.key === key);
    expect(found).toEqual([expect.objectContaining({ severity, line: expect.any(Number) as number })]);
    const refused = config.notices.some((notice) => notice.severity === 'refuses');
    expect(refused).toBe(severity === 'refuses');
  });

  it('memory sessions, authz none and anonymous need no word [R29]', () => {
    const config = load(
      sample({
        sessionStorage: 'sessionStorage: {provider: memory}',
        ...incoming('{type: anonymous, authz: {type: none}}'),
        operational: 'operational: {failureHandling: {partialFailureMode: fail}}',
      }),
    );
    expect(config.notices).toEqual([]);
  });

  it.each([
    ['{}', true],
    ['{enablePrometheusMetricsPath: true}', true],
    ['{enablePrometheusMetricsPath: false, metricsEnabled: false}', false],
  ])('telemetry: %s needs no word, and /metrics is served: %j [R27] [R29]', (telemetry, servesMetrics) => {
    const { notices, ...config } = load(sample({ telemetry: `telemetry: ${telemetry}` }));
    expect(config.servesMetrics).toBe(servesMetrics);
    expect(notices.filter(({ key }) => key.startsWith('telemetry'))).toEqual([]);
  });

  it('a strategy that is not supported sends nothing and counts as none [R29]', () => {
    const [backend] = load(sample(strategy('{type: token_exchange, tokenExchange: {tokenUrl: u}}'))).backends;
    expect(backend).toMatchObject({
      authType: 'token_exchange',
      hasAuth: false,
      connection: { headers: {} },
    });
  });

  it('is told as a line of text [R29]', () => {
    const notice = load(sample(incoming('{type: local}'))).notices.find(
      ({ severity }) => severity === 'refuses',
    );
    expect(notice && formatNotice('vmcp.yaml', notice)).toMatch(
      /^vmcp\.yaml:\d+: refuses: incomingAuth\.type: /,
    );
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { effectiveFailureHandling } from '../../src/config/effective.js';
import { formatNotice } from '../../src/config/problems.js';
import { load, noticesOf, problem, refusal, sample } from './sample.js';

const stdio = (...lines: readonly string[]) =>
  sample({ backends: ['backends:', '  - name: files', ...lines.map((line) => `    ${line}`)].join('\n') });

describe('stdio backends', () => {
  it('have command, arguments, environment and a folder relative to the file [R28]', () => {
    const text = stdio(
      'transport: stdio',
      'command: npx',
      'args: [-y, server, 1.0]',
      "env: {TOKEN: '${SECRET}-x', LEVEL: 3, LITERAL: '$${SECRET}', EMPTY: ''}",
      'cwd: ./data',
    );
    const [backend] = load(text, { env: { SECRET: 's3cr3t' } }).backends;
    expect(backend?.connection).toEqual({
      transport: 'stdio',
      command: 'npx',
      args: ['-y', 'server', '1.0'],
      env: { TOKEN: 's3cr3t-x', LEVEL: '3', LITERAL: '${SECRET}', EMPTY: '' },
      cwd: '/srv/data',
    });
    expect(backend).toMatchObject({ authType: 'unauthenticated', hasAuth: false, timeoutMs: 30_000 });
  });

  it('start in the folder of the file when they say nothing [R28]', () => {
    const [backend] = load(stdio('transport: stdio', 'command: x')).backends;
    expect(backend?.connection).toMatchObject({ cwd: '/srv', args: [], env: {} });
  });

  it.each([
    [['transport: stdio'], 'command', 'backends[0].command is required when transport is stdio'],
    [
      ['transport: stdio', 'command: x', 'url: "http://x/"'],
      'url',
      'backends[0].url has no meaning when transport is stdio',
    ],
    [
      ['transport: sse', 'url: "http://x/"', 'args: []'],
      'args',
      'backends[0].args is only valid when transport is stdio',
    ],
    [['transport: sse'], 'url', 'backends[0].url is required when transport is streamable-http or sse'],
    [['transport: sse', 'url: "ftp://x/"'], 'url', 'backends[0].url must be an http:// or https:// address'],
    [
      ['transport: streamable', 'url: "http://x/"'],
      'transport',
      'backends[0].transport must be one of: stdio, streamable-http, sse',
    ],
    [['url: "http://x/"'], 'transport', 'backends[0].transport must be one of: stdio, streamable-http, sse'],
  ])('%j is refused at %s: %s [R28]', (lines, key, message) => {
    expect(problem(stdio(...lines))).toMatchObject({ key: `backends[0].${key}`, message });
  });

  it('a transport nearly right is suggested [R28]', () => {
    expect(problem(stdio('transport: streamable_http', 'url: "http://x/"')).suggestion).toBe(
      'streamable-http',
    );
  });

  it('a variable that is not set is named [R28]', () => {
    const error = refusal(stdio('transport: stdio', 'command: x', "env: {A: '${GONE}', B: '${HERE}'}"), {
      env: { HERE: '' },
    });
    expect(error.message).toBe('failed to process config: backend files: environment variable GONE not set');
    expect(error.problems[0]).toMatchObject({ key: 'backends[0].env.A', line: 10 });
  });
});

describe('backends of one name', () => {
  it('the first is used, with a warning [R27]', () => {
    const one = (path: string) => `  - {name: one, url: "http://x/${path}", transport: sse}`;
    const config = load(sample({ backends: ['backends:', one('a'), one('b')].join('\n') }));
    expect(config.backends.map(({ connection }) => connection)).toMatchObject([{ url: 'http://x/a' }]);
    expect(noticesOf(config, 'backends[1].name')).toEqual([
      'duplicate backend name "one": backends[0] is used, this one is left out',
    ]);
  });

  it('names that differ in case are two backends, with a warning [R27]', () => {
    const text =
      'backends: [{name: a, url: "http://x/", transport: sse}, {name: A, url: "http://x/", transport: sse}]';
    const config = load(sample({ backends: text }));
    expect(config.backends).toHaveLength(2);
    expect(noticesOf(config, 'backends[1].name')).toHaveLength(1);
  });
});

describe('credentials', () => {
  const header = (fields: string) =>
    sample({
      outgoingAuth: `outgoingAuth: {source: inline, backends: {one: {type: header_injection, headerInjection: {headerName: Authorization, ${fields}}}}}`,
    });
  const env = { TOKEN: 'Bearer s3cr3t' };

  it('come from the environment and are sent with every request [R30]', () => {
    const [backend] = load(header('headerValueEnv: TOKEN'), { env }).backends;
    expect(backend?.connection).toMatchObject({ headers: { Authorization: 'Bearer s3cr3t' } });
    expect(backend).toMatchObject({ authType: 'header_injection', hasAuth: true });
  });

  it.each([
    ['headerValueEnv: TOKEN', {}, 'environment variable TOKEN not set or empty'],
    ['headerValueEnv: TOKEN', { TOKEN: '' }, 'environment variable TOKEN not set or empty'],
    ['headerValueEnv: toString', {}, 'environment variable toString not set or empty'],
    ['headerValue: a, headerValueEnv: B', {}, 'only one of headerValue or headerValueEnv must be set'],
    ['headerValue: ""', {}, 'either headerValue or headerValueEnv must be set'],
    [
      'headerValueEnv: TOKEN',
      { TOKEN: 's3cr3t\r\nX: y' },
      'environment variable TOKEN holds characters that a header cannot carry',
    ],
  ])('%s with %j is refused: %s [R27]', (fields, variables, message) => {
    const error = refusal(header(fields), { env: variables });
    expect(error.message).toBe(`failed to process config: backend one: ${message}`);
    expect(error.problems[0]).toMatchObject({
      key: 'outgoingAuth.backends.one.headerInjection.headerValueEnv',
      line: 4,
    });
  });

  it('all that are missing are told at once [R27]', () => {
    const injection = (name: string) =>
      `{type: header_injection, headerInjection: {headerName: X, headerValueEnv: ${name}}}`;
    const outgoing = `outgoingAuth: {source: inline, default: ${injection('A')}, backends: {one: ${injection('B')}}}`;
    expect(refusal(sample({ outgoingAuth: outgoing })).problems.map(({ message }) => message)).toEqual([
      'backend default: environment variable A not set or empty',
      'backend one: environment variable B not set or empty',
    ]);
  });

  it('never show in what is printed of a configuration, its notices or its errors [R30]', () => {
    const text = sample({
      outgoingAuth: [
        'outgoingAuth:',
        '  source: inline',
        '  default: {type: header_injection, headerInjection: {headerName: X-Api-Key, headerValue: inl1ne}}',
        '  backends:',
        '    one: {type: header_injection, headerInjection: {headerName: Authorization, headerValueEnv: TOKEN}}',
      ].join('\n'),
      backends: [
        'backends:',
        '  - {name: one, url: "http://x/", transport: sse}',
        '  - {name: two, url: "http://x/", transport: sse}',
        '  - {name: three, transport: stdio, command: x, env: {KEY: "${TOKEN}"}}',
      ].join('\n'),
    });
    const config = load(text, { env });
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 20 }),
      ...config.notices.map((notice) => formatNotice(config.file, notice)),
      JSON.stringify(effectiveFailureHandling(config)),
    ].join('\n');
    expect(shown).not.toMatch(/s3cr3t|inl1ne/);
    expect(shown).toContain('Authorization');
    expect(noticesOf(config, 'outgoingAuth.default.headerInjection.headerValue')).toHaveLength(1);
    expect(JSON.stringify(refusal(text.replace('groupRef: ', 'groupref: '), { env }).problems)).not.toMatch(
      /s3cr3t|inl1ne/,
    );
  });

  it('in an address are refused without repeating them [R30]', () => {
    const text = sample({ backends: 'backends: [{name: a, url: "http://u:s3cr3t@x/", transport: sse}]' });
    const error = refusal(text);
    expect(error.problems[0]?.key).toBe('backends[0].url');
    expect(error.message).not.toContain('s3cr3t');
  });

  it('in the wrong place are not repeated [R30]', () => {
    const text = sample({
      outgoingAuth:
        'outgoingAuth: {source: inline, default: {type: header_injection, headerInjection: s3cr3t}}',
    });
    expect(JSON.stringify(refusal(text).lines())).not.toContain('s3cr3t');
  });

  it('make another backend when they change, as do address and command [R30]', () => {
    const identity = (text: string, token: string) =>
      load(text, { env: { TOKEN: token } }).backends[0]?.identity ?? '';
    const one = header('headerValueEnv: TOKEN');
    expect(identity(one, 'a')).toBe(identity(`# moved\n${one}`, 'a'));
    expect(identity(one, 'a')).not.toBe(identity(one, 'b'));
    expect(identity(one, 'a')).not.toBe(identity(one.replace(':1/', ':2/'), 'a'));
    expect(identity(one, 'a')).not.toBe(identity(one.replace('streamable-http', 'sse'), 'a'));
    expect(identity(one, 'a')).not.toContain('a'.repeat(32));
    const command = stdio('transport: stdio', 'command: x', 'args: [a]');
    expect(identity(command, '')).not.toBe(identity(command.replace('[a]', '[b]'), ''));
  });
});

describe('failure handling of one backend', () => {
  const text = sample({
    operational: [
      'operational:',
      '  timeouts: {default: 20s, perWorkload: {two: 45s}}',
      '  failureHandling:',
      '    healthCheckInterval: 20s',
      '    unhealthyThreshold: 2',
      '    partialFailureMode: best_effort',
      '    circuitBreaker:',
      '      enabled: true',
      '      timeout: 90s',
    ].join('\n'),
    backends: [
      'backends:',
      '  - {name: one, url: "http://x/", transport: sse}',
      '  - name: two',
      '    url: "http://x/"',
      '    transport: sse',
      '    failureHandling:',
      '      healthCheckInterval: 5s',
      '      healthCheckTimeout: 2s',
      '      degradedThreshold: 1500ms',
      '      circuitBreaker: {failureThreshold: 3, timeout: 20s, successThreshold: 2, maxProbes: 4, probeLimit: 1s}',
    ].join('\n'),
  });

  it('overrides that of the file value by value [R28]', () => {
    const config = load(text);
    const [one, two] = config.backends;
    expect(one?.policy).toMatchObject({
      circuit: {
        enabled: true,
        failureThreshold: 5,
        openMs: 90_000,
        successThreshold: 1,
        maxProbes: 1,
        probeLimitMs: 30_000,
      },
      health: {
        checkIntervalMs: 20_000,
        checkTimeoutMs: 10_000,
        unhealthyThreshold: 2,
        degradedThresholdMs: 5000,
      },
    });
    expect(two?.policy).toMatchObject({
      circuit: {
        enabled: true,
        failureThreshold: 3,
        openMs: 20_000,
        successThreshold: 2,
        maxProbes: 4,
        probeLimitMs: 1000,
      },
      health: {
        checkIntervalMs: 5000,
        checkTimeoutMs: 2000,
        unhealthyThreshold: 2,
        degradedThresholdMs: 1500,
      },
    });
    expect([one?.timeoutMs, two?.timeoutMs]).toEqual([20_000, 45_000]);
    expect(one?.policy.identity).toBe(one?.identity);
  });

  it('is told with the origin and the line of every value [R28]', () => {
    const [one, two] = effectiveFailureHandling(load(text));
    expect(one).toMatchObject({ backend: 'one' });
    expect(one?.values).toEqual([
      { key: 'healthCheckInterval', value: '20s', origin: 'operational', line: 19 },
      { key: 'healthCheckTimeout', value: '10s', origin: 'default' },
      { key: 'unhealthyThreshold', value: '2', origin: 'operational', line: 20 },
      { key: 'degradedThreshold', value: '5s', origin: 'default' },
      { key: 'circuitBreaker.enabled', value: 'true', origin: 'operational', line: 23 },
      { key: 'circuitBreaker.failureThreshold', value: '5', origin: 'default' },
      { key: 'circuitBreaker.timeout', value: '1m30s', origin: 'operational', line: 24 },
      { key: 'circuitBreaker.successThreshold', value: '1', origin: 'default' },
      { key: 'circuitBreaker.maxProbes', value: '1', origin: 'default' },
      { key: 'circuitBreaker.probeLimit', value: '30s', origin: 'default' },
      { key: 'circuitBreaker.observeOnly', value: 'false', origin: 'default' },
    ]);
    const own = two?.values.filter(({ origin }) => origin === 'backend').map(({ key, line }) => [key, line]);
    expect(own).toEqual([
      ['healthCheckInterval', 12],
      ['healthCheckTimeout', 13],
      ['degradedThreshold', 14],
      ['circuitBreaker.failureThreshold', 15],
      ['circuitBreaker.timeout', 15],
      ['circuitBreaker.successThreshold', 15],
      ['circuitBreaker.maxProbes', 15],
      ['circuitBreaker.probeLimit', 15],
    ]);
  });

  it.each([
    ['{healthCheckInterval: 0s}', 'healthCheckInterval', 'healthCheckInterval must be positive'],
    [
      '{circuitBreaker: {enabled: true, failureThreshold: 0}}',
      'circuitBreaker.failureThreshold',
      'circuitBreaker.failureThreshold must be >= 1, got 0',
    ],
    [
      '{circuitBreaker: {enabled: true, timeout: 0}}',
      'circuitBreaker.timeout',
      'circuitBreaker.timeout must be > 0, got 0s',
    ],
    [
      '{healthCheckTimeout: 1m}',
      'healthCheckTimeout',
      'healthCheckTimeout (1m0s) must be less than healthCheckInterval (30s) to prevent checks from queuing up',
    ],
  ])('%s is refused by the same rules: %s, %s [R28]', (section, key, message) => {
    const backends = `backends: [{name: one, url: "http://x/", transport: sse, failureHandling: ${section}}]`;
    expect(problem(sample({ backends }))).toMatchObject({
      key: `backends[0].failureHandling.${key}`,
      line: 6,
      message: `backends[0].failureHandling: ${message}`,
    });
  });
});

describe('the result', () => {
  it('is frozen through and through [R27]', () => {
    const config = load(sample());
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(walk);
    };
    walk(config);
  });

  it('holds aggregation, hosts and labels [R28]', () => {
    const config = load(
      sample({
        aggregation: [
          'aggregation:',
          '  conflictResolution: priority',
          '  conflictResolutionConfig: {priorityOrder: [one]}',
          '  tools:',
          '    - {workload: one, filter: [a], excludeAll: true}',
          '    - workload: two',
          '      filter: []',
          '      overrides: {toString: {name: b, annotations: {readOnlyHint: true}}}',
          '  unavailable: keep',
          '  defaultToolVisibility: deny',
        ].join('\n'),
        server: 'server: {allowedHosts: [example.org], allowedOrigins: ["https://example.org"]}',
        metadata: 'metadata: {team: a, empty: ~}',
        operational:
          'operational: {logLevel: debug, failureHandling: {partialFailureMode: fail, statusReportingInterval: 1m}}',
      }),
    );
    expect(config).toMatchObject({
      aggregation: {
        strategy: 'priority',
        prefixFormat: '{workload}_',
        priorityOrder: ['one'],
        tools: [
          { workload: 'one', filter: ['a'], excludeAll: true },
          { workload: 'two', filter: undefined, excludeAll: false },
        ],
        unavailable: 'keep',
        defaultToolVisibility: 'deny',
        excludeAllTools: false,
      },
      server: { allowedHosts: ['example.org'], allowedOrigins: ['https://example.org'] },
      metadata: { team: 'a', empty: '' },
      logLevel: 'debug',
      servesMetrics: true,
      partialFailureMode: 'fail',
      statusReportingIntervalMs: 60_000,
      incomingAuth: { type: 'anonymous' },
      outgoingAuth: { source: 'inline', defaultType: 'unauthenticated', backends: [] },
      compositeToolCount: 0,
    });
    expect(config.aggregation.tools[1]?.overrides).toEqual({
      toString: { name: 'b', description: undefined, annotations: { readOnlyHint: true } },
    });
  });
});

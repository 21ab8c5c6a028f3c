import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { effectiveFailureHandling } from '../../src/config/effective.js';
import { failureHandling, load, noticesOf, problem, refusal, sample } from './sample.js';

const backend = (fields: string) => sample({ backends: `backends: [{${fields}}]` });
const stdio = (fields: string) => backend(`name: one, transport: stdio, ${fields}`);

describe('a value that is nearly right', () => {
  it.each([
    [failureHandling('partialFailureMode: bestEffort'), 'best_effort'],
    [sample({ incomingAuth: 'incomingAuth: {type: anonymus}' }), 'anonymous'],
    [sample({ outgoingAuth: 'outgoingAuth: {source: in-line}' }), 'inline'],
    [
      sample({ outgoingAuth: 'outgoingAuth: {source: inline, default: {type: headerInjection}}' }),
      'header_injection',
    ],
    [
      sample({ outgoingAuth: 'outgoingAuth: {source: inline, backends: {one: {type: unauthenticate}}}' }),
      'unauthenticated',
    ],
    [
      sample({ aggregation: 'aggregation: {conflictResolution: prefixed, conflictResolutionConfig: {}}' }),
      'prefix',
    ],
    [backend('name: one, url: "http://x/", transport: http'), 'streamable-http'],
  ])('%j is refused with its neighbour: %s [R27]', (text, suggestion) => {
    expect(problem(text).suggestion).toBe(suggestion);
  });

  it('a value that is near to none has no neighbour [R27]', () => {
    expect(problem(failureHandling('partialFailureMode: whatever'))).not.toHaveProperty('suggestion');
    expect(problem(failureHandling('partialFailureMode: " "'))).not.toHaveProperty('suggestion');
  });
});

describe('a file without backends', () => {
  const none = (lines: string) =>
    load(sample({ backends: '', operational: `operational: {failureHandling: {${lines}}}` }));

  it('still says how failures would be handled [R27]', () => {
    const config = none('partialFailureMode: fail, healthCheckInterval: 20s');
    expect(effectiveFailureHandling(config)).toEqual([]);
    const [interval, timeout] = config.effective;
    expect(interval).toEqual({ key: 'healthCheckInterval', value: '20s', origin: 'operational', line: 6 });
    expect(timeout).toEqual({ key: 'healthCheckTimeout', value: '10s', origin: 'default' });
  });

  it('still warns of a circuit that opens before health turns unhealthy [R27]', () => {
    const config = none(
      'partialFailureMode: fail, unhealthyThreshold: 3, circuitBreaker: {enabled: true, failureThreshold: 1}',
    );
    expect(noticesOf(config, 'operational.failureHandling.circuitBreaker.failureThreshold')).toEqual([
      expect.stringMatching(/^failureThreshold \(1\) is less than unhealthyThreshold \(3\)/),
    ]);
  });
});

describe('warnings of what is seldom meant', () => {
  it('a health check timeout of zero is the default one, and not none [R27]', () => {
    const config = load(failureHandling('healthCheckTimeout: 0s', 'partialFailureMode: fail'));
    expect(noticesOf(config, 'operational.failureHandling.healthCheckTimeout')).toEqual([
      'zero counts as not set: 10s is used',
    ]);
    expect(config.backends[0]?.policy.health.checkTimeoutMs).toBe(10_000);
  });

  it.each([
    ['npx -y server', 1],
    ['node', 0],
    ['/opt/my tools/server', 0],
    ['C:\\\\Program Files\\\\server.exe', 0],
  ])('the command %j has %i warnings about its space [R28]', (command, count) => {
    expect(noticesOf(load(stdio(`command: "${command}"`)), 'backends[0].command')).toHaveLength(count);
  });

  it.each([
    ['git-hub_1.x', 0],
    ['a/b', 1],
    ['two words', 1],
    ['caf\\u00e9', 1],
    ['a\\u202eb', 1],
  ])('the backend name %j has %i warnings about its characters [R27]', (name, count) => {
    const config = load(backend(`name: "${name}", url: "http://x/", transport: sse`));
    expect(noticesOf(config, 'backends[0].name')).toHaveLength(count);
  });

  it('a block that is switched off needs no word [R29]', () => {
    const config = load(
      sample({ audit: 'audit: {enabled: false}', codeMode: 'codeMode: {enabled: false}', x: 'optimizer: ~' }),
    );
    expect(config.notices.filter(({ severity }) => severity === 'ignored')).toEqual([]);
  });
});

describe('variables of a stdio backend', () => {
  it('a reference without a name is refused as that [R28]', () => {
    expect(problem(stdio("command: x, env: {A: '${}'}")).message).toBe('backend one: ${} names no variable');
  });

  it('what comes from the environment is secret, whole and in parts; a plain literal is not [R30]', () => {
    const env = { PASSWORD_OF_DB: 'hunter22', MODE: 'loud-mode' };
    const text = stdio(
      "command: x, env: {URL: 'postgres://u:${PASSWORD_OF_DB}@h', M: '${MODE}', NODE_ENV: production, API_KEY: inl1ne}",
    );
    const connection = load(text, { env }).backends[0]?.connection;
    expect(connection?.secrets).toEqual([
      'postgres://u:hunter22@h',
      'hunter22',
      'loud-mode',
      'loud-mode',
      'inl1ne',
    ]);
    expect(Object.isFrozen(connection?.secrets)).toBe(true);
    expect(inspect(connection, { showHidden: false })).not.toMatch(/hunter22|loud-mode|inl1ne/);
    expect(JSON.stringify({ ...connection, env: undefined })).not.toMatch(/hunter22|loud-mode|inl1ne/);
  });

  it('a header is secret whole and after its scheme [R30]', () => {
    const text = sample({
      outgoingAuth:
        'outgoingAuth: {source: inline, default: {type: header_injection, headerInjection: {headerName: A, headerValueEnv: T}}}',
    });
    const connection = load(text, { env: { T: 'Bearer s3cr3t' } }).backends[0]?.connection;
    expect(connection?.secrets).toEqual(['Bearer s3cr3t', 's3cr3t']);
  });
});

describe('names that objects have anyway', () => {
  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'a backend, a timeout, credentials and tools of %s are those of a backend so named [R27]',
    (name) => {
      const config = load(
        sample({
          backends: `backends: [{name: ${name}, url: "http://x/", transport: sse}, {name: other, url: "http://x/", transport: sse}]`,
          outgoingAuth: `outgoingAuth: {source: inline, backends: {${name}: {type: header_injection, headerInjection: {headerName: X-A, headerValueEnv: T}}}}`,
          aggregation: `aggregation: {conflictResolution: prefix, conflictResolutionConfig: {prefixFormat: p}, tools: [{workload: ${name}, overrides: {${name}: {name: b}}}]}`,
          operational: `operational: {timeouts: {perWorkload: {${name}: 7s}}, failureHandling: {partialFailureMode: fail}}`,
        }),
        { env: { T: 'v' } },
      );
      const [first, second] = config.backends;
      expect(first).toMatchObject({ name, timeoutMs: 7000, connection: { headers: { 'X-A': 'v' } } });
      expect(second).toMatchObject({ timeoutMs: 30_000, connection: { headers: {} } });
      expect(Object.keys(config.aggregation.tools[0]?.overrides ?? {})).toEqual([name]);
      expect(config.notices).toEqual([]);
    },
  );

  it.each([
    ['aggregation', 'tools: [{workload: one, overrides: {__proto__: {name: b}}}]'],
    ['outgoingAuth', 'backends: {__proto__: {type: unauthenticated}}'],
    ['operational', 'timeouts: {perWorkload: {__proto__: 1s}}'],
  ])('__proto__ as a key in %s is refused with its place [R27]', (block, text) => {
    expect(problem(sample({ [block]: `${block}: {${text}}` }))).toMatchObject({
      key: expect.stringMatching(/__proto__$/) as string,
      line: expect.any(Number) as number,
      message: '"__proto__" cannot be used as a key',
    });
  });
});

describe('a file with several manifests', () => {
  const manifest = (name: string, kind = 'VirtualMCPServer') =>
    [
      'apiVersion: toolhive.stacklok.dev/v1beta1',
      `kind: ${kind}`,
      `metadata: {name: ${name}}`,
      'spec: {groupRef: {name: g}, incomingAuth: {type: anonymous}, config: {}}',
    ].join('\n');
  const two = `${manifest('first')}\n---\n${manifest('second')}`;

  it('is refused with the way to choose [R27]', () => {
    expect(problem(two).message).toBe(
      'the file holds 2 VirtualMCPServer manifests (first, second): choose one with --server',
    );
    expect(load(two, { server: 'second' }).name).toBe('second');
  });

  it('a name that none has is told with those there are [R27]', () => {
    expect(problem(two, { server: 'secnd' })).toMatchObject({
      message: 'the file holds no VirtualMCPServer named "secnd", only first, second',
      suggestion: 'second',
    });
  });

  it('a manifest of another kind is named [R27]', () => {
    expect(refusal(manifest('x', 'MCPServer')).problems[0]?.message).toBe(
      'the file holds no VirtualMCPServer, only MCPServer',
    );
  });
});

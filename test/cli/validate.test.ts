import { describe, expect, it } from 'vitest';
import { configurationReport } from '../../src/cli/configuration.js';
import { packageRoot } from '../../src/cli/package-root.js';
import { failureHandling, load, sample } from '../config/sample.js';
import { command, fileOf } from './fake-host.js';

const validate = (text: string, env: Record<string, string> = {}) => {
  const file = fileOf(text);
  return command(['validate', '--config', file], env).then((result) => ({ ...result, file }));
};

describe('validate on a valid file', () => {
  it('says so on stdout, with what it means for every backend, and exits with 0 [R27]', async () => {
    const { code, out, err } = await command(['validate', '--config', `${packageRoot()}/vmcp.yaml`]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('✓ Configuration is valid');
    expect(out).toContain('  Backends: everything (streamable-http), memory (stdio), filesystem (stdio)\n');
    expect(out).toContain('Failure handling in effect for everything, memory, filesystem:');
    expect(out).toMatch(/│ healthCheckInterval +│ 5s +│ operational, line \d+ +│/);
    expect(out).toMatch(/│ circuitBreaker\.probeLimit +│ 30s +│ default +│/);
    expect(out).not.toContain('Notices:');
    expect(out).not.toContain('breakwater simulate');
  });

  it('backends that differ have tables of their own, with the place of every value [R28]', async () => {
    const { out } = await validate(
      sample({
        backends: [
          'backends:',
          '  - {name: one, url: "http://x/", transport: sse}',
          '  - {name: two, url: "http://x/", transport: sse}',
          '  - name: three',
          '    url: "http://x/"',
          '    transport: sse',
          '    failureHandling: {unhealthyThreshold: 7}',
        ].join('\n'),
      }),
    );
    expect(out).toContain('Failure handling in effect for one, two:\n');
    expect(out.split('Failure handling in effect for three:\n')[1]).toMatch(
      /│ unhealthyThreshold +│ 7 +│ backend, line 12 +│/,
    );
  });

  it('a circuit that opens before health says so is a warning, and the exit code 0 [R27]', async () => {
    const { code, out, file } = await validate(
      failureHandling(
        'unhealthyThreshold: 3',
        'partialFailureMode: fail',
        'circuitBreaker: {enabled: true, failureThreshold: 1}',
      ),
    );
    expect(code).toBe(0);
    expect(out).toContain(
      `  ${file}:11: warning: operational.failureHandling.circuitBreaker.failureThreshold: failureThreshold (1) is less than unhealthyThreshold (3)`,
    );
    expect(out).toContain(
      `See what it comes to in an outage: breakwater simulate --config ${file} --scenario crash\n`,
    );
  });

  it('the command that shows what a warning comes to is one that a shell takes as it is [R27]', () => {
    const config = load(failureHandling('circuitBreaker: {enabled: true, failureThreshold: 1}'));
    const report = configurationReport({ ...config, file: "it's here.yaml" }, 'a b');
    expect(report).toContain(
      "breakwater simulate --config 'it'\\''s here.yaml' --server 'a b' --scenario crash\n",
    );
  });

  it('blocks that are not supported are named, each with its line [R29]', async () => {
    const blocks = [
      'compositeTools: [{name: n, description: d, steps: [{id: a, tool: t}]}]',
      'optimizer: {maxToolsToReturn: 8}',
      'codeMode: {enabled: true}',
      'rateLimiting: {shared: {maxTokens: 1, refillPeriod: 1s}}',
      'sessionStorage: {provider: redis, address: x}',
    ];
    const { code, out, file } = await validate([sample(), ...blocks].join('\n'));
    expect(code).toBe(0);
    for (const [index, block] of blocks.entries()) {
      expect(out).toContain(`${file}:${7 + index}: ignored: ${block.split(':', 1)[0] ?? ''}`);
    }
    expect(out).not.toContain('refuses to start');
  });

  it('a door that would be open is named, and that serve refuses to start [R29]', async () => {
    const incomingAuth = 'incomingAuth: {type: local}';
    const { code, out, file } = await validate(sample({ incomingAuth }));
    expect(code).toBe(0);
    expect(out).toContain(`${file}:3: refuses: incomingAuth.type: incoming authentication "local"`);
    expect(out).toContain('`breakwater serve` refuses to start with this configuration.');
  });

  it('characters that move, hide or reorder text are shown as codes, on the line they belong to [R36]', async () => {
    const name = '"a\\nNotices:\\e[31m\\u202eb"';
    const { code, out } = await validate(
      sample({ backends: `backends: [{name: ${name}, url: "http://x/", transport: sse}]` }),
    );
    expect(code).toBe(0);
    expect(out).toContain('Backends: a\\u{a}Notices:\\u{1b}[31m\\u{202e}b (sse)\n');
    expect(out).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe('validate on a file that is refused', () => {
  it.each([
    [sample({ groupRef: 'groupref: x' }), 2, 'groupref: unknown key "groupref" (did you mean "groupRef"?)'],
    [
      failureHandling('healthcheckInterval: 5s'),
      9,
      'operational.failureHandling.healthcheckInterval: unknown key "healthcheckInterval" (did you mean "healthCheckInterval"?)',
    ],
    [
      failureHandling('circuitBreaker: {enable: true}'),
      9,
      'operational.failureHandling.circuitBreaker.enable: unknown key "enable" (did you mean "enabled"?)',
    ],
    [
      failureHandling('circuitBreaker: {enabled: true, timeout: 500ms}'),
      9,
      'operational.failureHandling.circuitBreaker.timeout: circuitBreaker.timeout must be >= 1s to prevent thrashing, got 500ms',
    ],
    [
      failureHandling('healthCheckInterval: 1d'),
      9,
      'operational.failureHandling.healthCheckInterval: invalid duration: time: unknown unit "d" in duration "1d"',
    ],
    ['name: x\n\tgroupRef: y\n', 2, 'tab characters must not be used in indentation'],
    [`${sample()}\nname: again`, 7, 'name: duplicate key "name", first used in line 1'],
  ])('%j is refused at line %i: %s [R27]', async (text, line, message) => {
    const { code, out, err, file } = await validate(text);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^breakwater: (configuration loading failed: failed to parse YAML|validation failed: invalid configuration)\n/,
    );
    expect(err).toContain(`\n  ${file}:${line}: ${message}\n`);
  });

  it('the variable that is missing is named, the values of others are not [R30]', async () => {
    const backends = 'backends: [{name: a, transport: stdio, command: x, env: {A: "${HERE}", B: "${GONE}"}}]';
    const { code, err } = await validate(sample({ backends }), { HERE: 'hush-hush' });
    expect(code).toBe(1);
    expect(err).toContain('backends[0].env.B: backend a: environment variable GONE not set\n');
    expect(err).not.toContain('hush-hush');
  });

  it('a file that is not there, and a folder, are refused with 1 [R27]', async () => {
    const gone = await command(['validate', '--config', '/nowhere/vmcp.yaml']);
    expect(gone).toEqual({
      code: 1,
      out: '',
      err: 'breakwater: configuration loading failed: failed to read config file\n  /nowhere/vmcp.yaml: no such file\n',
    });
    const folder = await command(['validate', '--config', packageRoot()]);
    expect(folder).toMatchObject({ code: 1 });
    expect(folder.err).toContain('not a regular file but a directory');
  });

  it('a long explanation is shown to its end [R27]', async () => {
    const name = 'n'.repeat(200);
    const aggregation = `aggregation: {conflictResolution: priority, conflictResolutionConfig: {priorityOrder: [${name}]}, defaultToolVisibility: deny}`;
    const { err } = await validate(sample({ aggregation }));
    expect(err).toMatch(/or remove it from priorityOrder\n$/);
  });

  it('of very many problems a hundred are shown, of a very long line two thousand characters [R36]', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => `key${index}: 1`).join('\n');
    const { err } = await validate(`${sample()}\n${many}`);
    expect(err.split('\n')).toHaveLength(1 + 100 + 1 + 1);
    expect(err).toMatch(/… and 4900 more\n$/);
    const long = await validate(`${sample()}\n${'k'.repeat(500_000)}: 1`);
    expect(long.err.length).toBeLessThan(2200);
  });
});

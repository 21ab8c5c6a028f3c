import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/config/problems.js';
import { parseYaml } from '../../src/config/yaml.js';
import { load, problem, refusal, sample } from './sample.js';

function fault(text: string) {
  return parseYaml(text).problems.map(({ key, line, column, message }) => ({ key, line, column, message }));
}

/** Not the time: the machine may be busy with others. */
const cpuMs = () => process.cpuUsage().user / 1000;

describe('hostile YAML', () => {
  it('an alias bomb is refused at once [R27]', () => {
    const letters = 'abcdefghijklmnop';
    const bomb = Array.from(letters).map((letter, index) => {
      const inner = index === 0 ? 'x' : `*${letters[index - 1] ?? ''}`;
      return `${letter}: &${letter} [${Array(9).fill(inner).join(', ')}]`;
    });
    const started = cpuMs();
    expect(fault(bomb.join('\n'))[0]?.message).toMatch(/^more than 200000 values/);
    expect(cpuMs() - started).toBeLessThan(1000);
  });

  it('the same by merging is refused [R27]', () => {
    const keys = (letter: string) =>
      Array.from({ length: 600 }, (_, index) => `${letter}${index}: 1`).join(', ');
    const first = `m0: &m0 {${keys('k')}}`;
    const more = Array.from({ length: 600 }, (_, index) => `n${index}: {<<: *m0}`);
    expect(fault([first, ...more].join('\n'))[0]?.message).toMatch(/^more than 200000 values/);
  });

  it('deep nesting is refused, with and without aliases [R27]', () => {
    expect(fault('['.repeat(20_000))[0]?.message).toMatch(/depth|nest/i);
    expect(fault('{a: '.repeat(20_000))[0]?.message).toMatch(/depth|nest/i);
    expect(fault('- '.repeat(20_000))[0]?.message).toMatch(/depth|nest/i);
    const nested = (inner: string) => '['.repeat(60) + inner + ']'.repeat(60);
    expect(fault(`a: &a ${nested('1')}\nb: ${nested('*a')}`)[0]?.message).toMatch(/^nested deeper than 100/);
    expect(fault(`a: &a ${nested('1')}\nb: *a`)).toEqual([]);
  });

  it('a hundred thousand keys are parsed in seconds, not in minutes [R27]', () => {
    const many = Array.from({ length: 90_000 }, (_, index) => `k${index}: 1`).join('\n');
    const started = cpuMs();
    expect(fault(many)).toEqual([]);
    expect(cpuMs() - started).toBeLessThan(3000);
  });

  it('duplicate keys are refused, all at once, with both places [R27]', () => {
    expect(fault('a: 1\nb: {c: 1,\n  c: 2}\na: 3')).toEqual([
      { key: 'b.c', line: 3, column: 3, message: 'duplicate key "c", first used in line 2' },
      { key: 'a', line: 4, column: 1, message: 'duplicate key "a", first used in line 1' },
    ]);
  });

  it('__proto__ is refused as a key and as the name of a backend [R27]', () => {
    const metadata = sample({ metadata: 'metadata:\n  __proto__: x' });
    expect(problem(metadata)).toMatchObject({ key: 'metadata.__proto__', line: 8 });
    const backend = 'backends: [{name: __proto__, url: "http://localhost/", transport: sse}]';
    expect(problem(sample({ backends: backend })).message).toBe('backends[0].name cannot be "__proto__"');
    expect({}).not.toHaveProperty('x');
  });

  it('constructor and toString are names like any other [R27]', () => {
    const config = load(
      sample({
        backends: 'backends: [{name: constructor, url: "http://localhost/", transport: sse}]',
        operational: 'operational: {timeouts: {perWorkload: {constructor: 7s, toString: 8s}}}',
        metadata: 'metadata: {constructor: a, hasOwnProperty: b}',
      }),
    );
    expect(config.backends[0]).toMatchObject({ name: 'constructor', timeoutMs: 7000 });
    expect('valueOf' in config.timeouts.perWorkload).toBe(false);
    expect(config.metadata).toEqual({ constructor: 'a', hasOwnProperty: 'b' });
  });

  it('recursive aliases, unknown aliases, tags and complex keys are refused [R27]', () => {
    expect(fault('a: &a [*a]')[0]?.message).toBe('the alias *a stands inside its own anchor');
    expect(fault('a: *b')[0]).toMatchObject({ line: 1, message: 'unknown alias *b' });
    expect(fault('a: !!binary aGk=')[0]?.message).toBe('the tag !!binary is not supported');
    expect(fault('a: !!js/function x')[0]?.message).toMatch(/not supported$/);
    expect(fault('[a]: 1')[0]?.message).toBe('a key must be a scalar');
    expect(fault('? {a: b}\n: 1')[0]?.message).toBe('a key must be a scalar');
  });

  it('several documents are refused, empty ones are not counted [R27]', () => {
    expect(problem(`${sample()}\n---\na: 1`)).toMatchObject({
      line: 8,
      message: 'more than one document: a configuration file is one document',
    });
    expect(load(`---\n${sample()}\n---\n`).name).toBe('test-vmcp');
  });

  it('a syntax error names its line [R27]', () => {
    const error = refusal('name: x\ngroupRef: [a\n');
    expect(error.code).toBe('CONFIG_PARSE');
    expect(error.lines()[0]).toMatch(/^\/srv\/vmcp\.yaml:3: /);
  });
});

describe('YAML that is fine', () => {
  it('anchors, aliases and merges work [R27]', () => {
    const config = load(
      sample({
        backends: [
          'backends:',
          '  - &base {name: one, url: "http://localhost/1", transport: sse}',
          '  - <<: *base',
          '    name: two',
          '  - {<<: [*base], name: three, failureHandling: &own {unhealthyThreshold: 2}}',
          '  - {<<: *base, name: four, failureHandling: *own}',
        ].join('\n'),
      }),
    );
    expect(config.backends.map(({ name }) => name)).toEqual(['one', 'two', 'three', 'four']);
    expect(config.backends[3]?.policy.health.unhealthyThreshold).toBe(2);
  });

  it('scalars are read as what the key wants, null as absent [R27]', () => {
    const config = load(
      sample({
        name: 'name: 1.0',
        groupRef: 'groupRef: ~',
        operational: 'operational:\n  failureHandling: {circuitBreaker: {enabled: yes}}',
      }).replace('groupRef: ~', 'groupRef: no'),
    );
    expect(config).toMatchObject({ name: '1.0', groupRef: 'no' });
    expect(config.backends[0]?.policy.circuit.enabled).toBe(true);
    expect(problem(sample({ groupRef: 'groupRef: ~' })).message).toBe('group reference is required');
    expect(problem(sample({ groupRef: 'groupRef: "null"', name: 'name: !!null' })).message).toBe(
      'name is required',
    );
  });
});

describe('a problem as text', () => {
  it('has file, line, key, message and the nearest key [R27]', () => {
    const text = sample({ groupRef: 'groupReff: x' });
    const error = refusal(text);
    expect(error.lines()).toEqual([
      '/srv/vmcp.yaml:2: groupReff: unknown key "groupReff" (did you mean "groupRef"?)',
    ]);
    expect(error.message).toBe('failed to parse YAML: unknown key "groupReff"');
    expect(formatProblem('f', { key: '', message: 'm' })).toBe('f: m');
  });
});

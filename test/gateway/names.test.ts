import { describe, expect, it } from 'vitest';
import type { Aggregation } from '../../src/config/config.js';
import type { Directory, Kind } from '../../src/gateway/directory.js';
import { buildDirectory } from '../../src/gateway/directory.js';
import { aggregation, catalog, FakeBackend, tools, workload } from './fake-backend.js';

const build = (backends: FakeBackend[], part: Partial<Aggregation> = {}, previous?: Directory): Directory =>
  buildDirectory(backends, aggregation(part), true, previous);

/** `name: backend/original` for all names of one kind. */
const owners = (directory: Directory, kind: Kind = 'tools'): string[] =>
  [...directory[kind]].map(([name, { backend, original }]) => `${name}: ${backend.name}/${original}`);

const priority = (...priorityOrder: string[]): Partial<Aggregation> => ({
  strategy: 'priority',
  priorityOrder,
});

describe('prefix', () => {
  it('every tool is prefixed, in conflict or not, and the list is sorted [R23]', () => {
    const backends = [new FakeBackend('b', tools('y', 'x')), new FakeBackend('a', tools('x'))];
    expect(owners(build(backends))).toEqual(['a_x: a/x', 'b_x: b/x', 'b_y: b/y']);
  });

  it('the format is literal but for {workload}, whatever the name of the backend [R23]', () => {
    const backends = [new FakeBackend('$&', tools('x'))];
    expect(owners(build(backends, { prefixFormat: '<{workload}|{workload}>.' }))).toEqual([
      '<$&|$&>.x: $&/x',
    ]);
  });

  it('two backends whose prefixed names are equal: the first in the configuration has it [R23]', () => {
    const backends = [new FakeBackend('a', tools('b_x')), new FakeBackend('a_b', tools('x'))];
    const directory = build(backends);
    expect(owners(directory)).toEqual(['a_b_x: a/b_x']);
    expect(directory.lost).toEqual([{ kind: 'tools', backend: 'a_b', name: 'a_b_x', owner: 'a' }]);
  });

  it('an entry is listed with its new name and is otherwise as the backend sent it [R26]', () => {
    const sent = {
      name: 'x',
      title: 'X',
      inputSchema: { $ref: '#/$defs/y' },
      annotations: { readOnlyHint: true },
      _meta: { k: 1 },
      later: [1],
    };
    const backends = [new FakeBackend('a', catalog({ tools: [sent] }))];
    expect(build(backends).tools.get('a_x')?.entry).toEqual({ ...sent, name: 'a_x' });
  });
});

describe('priority', () => {
  it('a unique name stays bare; of several the first in the order has it, the rest lose it [R23]', () => {
    const backends = [
      new FakeBackend('late', tools('x', 'only')),
      new FakeBackend('early', tools('x')),
      new FakeBackend('unlisted', tools('x')),
    ];
    const directory = build(backends, priority('early', 'late'));
    expect(owners(directory)).toEqual(['only: late/only', 'x: early/x']);
    expect(directory.lost.map(({ backend, owner }) => [backend, owner])).toEqual([
      ['late', 'early'],
      ['unlisted', 'early'],
    ]);
  });

  it('in a conflict among unlisted backends all get the default prefix, not the configured one [R23]', () => {
    const backends = [new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x', 'y'))];
    const directory = build(backends, { ...priority('other'), prefixFormat: '{workload}::' });
    expect(owners(directory)).toEqual(['a_x: a/x', 'b_x: b/x', 'y: b/y']);
    expect(directory.lost).toEqual([]);
  });

  it('a prefixed name that somebody claims as its own is not taken from him [R23]', () => {
    const backends = [
      new FakeBackend('a', tools('x')),
      new FakeBackend('b', tools('x')),
      new FakeBackend('c', tools('a_x')),
    ];
    expect(owners(build(backends, priority('other')))).toEqual(['a_x: c/a_x', 'b_x: b/x']);
  });

  it('a tool is not replaced by another of its own backend when names are resolved again [R23]', () => {
    const backends = [new FakeBackend('a', tools('x', 'a_x')), new FakeBackend('b', tools('x'))];
    const first = build(backends, priority('other'));
    expect(owners(first)).toEqual(['a_x: a/a_x', 'b_x: b/x']);
    expect(owners(build(backends, priority('other'), first))).toEqual(owners(first));
  });

  it('a backend heard from late takes no prefixed name away, though it outranks [R23]', () => {
    const late = new FakeBackend('listed');
    const backends = [new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x')), late];
    const first = build(backends, priority('listed'));
    late.rise(tools('x'));
    const second = build(backends, priority('listed'), first);
    expect(owners(second)).toEqual(['a_x: a/x', 'b_x: b/x', 'x: listed/x']);
    expect(second.lost).toEqual([]);
  });

  it('a prefixed name stays when the rival it was for comes back without its tool [R23]', () => {
    const rival = new FakeBackend('b', tools('x'));
    const backends = [new FakeBackend('a', tools('x')), rival];
    const first = build(backends, priority('other'));
    rival.rise(tools());
    expect(owners(build(backends, priority('other'), first))).toEqual(['a_x: a/x']);
  });
});

describe('manual', () => {
  it('two tools of one backend made equal by overrides: the one that has the name keeps it [R23]', () => {
    const same = workload('a', { overrides: ['x', 'y'].map((tool) => [tool, { name: 'z' }]) });
    const part = { strategy: 'manual', tools: [same] } as const;
    const backend = new FakeBackend('a', tools('x', 'y'));
    const first = build([backend], part);
    expect(owners(first)).toEqual(['z: a/x']);
    backend.rise(tools('y', 'x'));
    const second = build([backend], part, first);
    expect(owners(second)).toEqual(['z: a/x']);
    expect(second.lost).toEqual([{ kind: 'tools', backend: 'a', name: 'z', owner: 'a' }]);
  });

  it('a name that several claim goes to none of them [R23]', () => {
    const backends = [new FakeBackend('a', tools('x', 'y')), new FakeBackend('b', tools('x'))];
    const directory = build(backends, { strategy: 'manual' });
    expect(owners(directory)).toEqual(['y: a/y']);
    expect(directory.lost.map(({ backend, owner }) => [backend, owner])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
  });
});

describe('resources and prompts', () => {
  const resources = (...uris: string[]) => catalog({ resources: uris.map((uri) => ({ uri, name: uri })) });

  it('one URI or template of several backends is listed once, of the first by name [R23]', () => {
    const offer = catalog({
      resources: [{ uri: 'file:///a' }],
      resourceTemplates: [{ uriTemplate: 'file:///{x}' }],
    });
    const backends = [new FakeBackend('z', offer), new FakeBackend('b', offer), new FakeBackend('m', offer)];
    const directory = build(backends);
    expect(owners(directory, 'resources')).toEqual(['file:///a: b/file:///a']);
    expect(owners(directory, 'resourceTemplates')).toEqual(['file:///{x}: b/file:///{x}']);
  });

  it('a URI stays with its holder and is listed once when an earlier name is heard from late [R23]', () => {
    const late = new FakeBackend('a');
    const backends = [late, new FakeBackend('z', resources('file:///x'))];
    const first = build(backends);
    late.rise(resources('file:///x'));
    expect(owners(build(backends, {}, first), 'resources')).toEqual(['file:///x: z/file:///x']);
  });

  const prompts = (...names: string[]) => catalog({ prompts: names.map((name) => ({ name })) });

  it.each([
    ['prefix', {}, ['a-p: a/p', 'b-p: b/p']],
    ['priority', priority('b'), ['a_p: a/p', 'p: b/p']],
    ['manual', { strategy: 'manual' }, ['a_p: a/p', 'b_p: b/p']],
  ] as const)('under %s prompts are prefixed, but for backends in the order [R23]', (_, part, expected) => {
    const backends = [new FakeBackend('a', prompts('p')), new FakeBackend('b', prompts('p'))];
    const directory = build(backends, { prefixFormat: '{workload}-', ...part });
    expect(owners(directory, 'prompts')).toEqual(expected);
  });

  it('a prompt name claimed twice is dropped for every claimant [R23]', () => {
    const backends = [new FakeBackend('a', prompts('p', 'q')), new FakeBackend('b', prompts('p'))];
    const directory = build(backends, priority('a', 'b'));
    expect(owners(directory, 'prompts')).toEqual(['q: a/q']);
    expect(directory.lost.map(({ backend }) => backend)).toEqual(['a', 'b']);
  });
});

it('names of the prototype of objects are names like any other [R23]', () => {
  const odd = ['__proto__', 'constructor', 'toString'];
  const backends = odd.map((name) => new FakeBackend(name, tools(...odd)));
  expect(build(backends).tools.size).toBe(9);
  expect(build(backends, priority('constructor')).tools.get('__proto__')?.backend.name).toBe('constructor');
  expect(build([]).tools.get('constructor')).toBeUndefined();
});

it('a hundred backends that all claim the same 2,000 names are resolved [R36]', () => {
  const same = tools(...Array.from({ length: 2000 }, (_, index) => `t${index}`));
  const backends = Array.from({ length: 100 }, (_, index) => new FakeBackend(`b${index}`, same));
  const { tools: routes, lost } = build(backends, { strategy: 'manual' });
  expect([routes.size, lost.length]).toEqual([0, 200_000]);
});

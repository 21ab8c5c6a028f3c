import { describe, expect, it } from 'vitest';
import type { Aggregation } from '../../src/config/config.js';
import { Listing, listsOf, noticesBetween } from '../../src/gateway/listing.js';
import { silent } from '../../src/logging/log.js';
import { aggregation, catalog, FakeBackend, settings, tools } from './fake-backend.js';

const listingOf = (backends: FakeBackend[], part: Partial<Aggregation> = {}, log = silent) =>
  new Listing(backends, settings(part).aggregation, log);
const keysOf = (listing: Listing) => listing.list('tools').map(({ key }) => key);

describe('what is listed', () => {
  it('is what is advertised at this moment; a catalog outlives the outage [R21]', () => {
    const backends = [new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x'))];
    const listing = listingOf(backends);
    backends[0]!.fall();
    expect(keysOf(listing)).toEqual(['b_x']);
    backends[0]!.rise();
    expect(keysOf(listing)).toEqual(['a_x', 'b_x']);
  });

  it('stands still through outages where aggregation.unavailable is keep [R21]', () => {
    const backend = new FakeBackend('a', tools('x'));
    const listing = listingOf([backend], { unavailable: 'keep' });
    const before = listsOf(listing);
    backend.fall();
    expect(keysOf(listing)).toEqual(['a_x']);
    expect(noticesBetween(before, listsOf(listing))).toEqual([]);
  });

  it('names that depend on rank wait for those not heard from, and no longer than it is settled [R23]', () => {
    const late = new FakeBackend('first');
    const listing = listingOf([new FakeBackend('a', tools('x')), late], {
      strategy: 'priority',
      priorityOrder: ['first'],
    });
    expect([keysOf(listing), listing.settled]).toEqual([[], false]);
    listing.settle();
    expect(keysOf(listing)).toEqual(['x']);
    late.rise(tools('x'));
    expect(keysOf(listing)).toEqual(['first_x', 'x']);
  });

  it('the order in which backends are heard from does not matter before all are [R23]', () => {
    const offers = { first: tools('x'), a: tools('x', 'y'), b: tools('y') };
    const resultOf = (order: (keyof typeof offers)[]) => {
      const backends = (['a', 'b', 'first'] as const).map((name) => new FakeBackend(name));
      const listing = listingOf(backends, { strategy: 'priority', priorityOrder: ['first'] });
      for (const name of order) {
        backends.find((backend) => backend.name === name)!.rise(offers[name]);
        listing.list('tools');
      }
      return [...listing.directory.tools].map(([name, { backend }]) => [name, backend.name]);
    };
    expect(resultOf(['a', 'b', 'first'])).toEqual(resultOf(['first', 'b', 'a']));
  });

  it('a prefixed tool is listed before the other backends are heard from [R20]', () => {
    expect(keysOf(listingOf([new FakeBackend('a', tools('x')), new FakeBackend('b')]))).toEqual(['a_x']);
  });

  it('a backend that has failed its first check is heard from, though nothing is known of it [R23]', () => {
    const down = new FakeBackend('b');
    down.heard = true;
    const listing = listingOf([new FakeBackend('a', tools('x')), down], { strategy: 'manual' });
    expect(keysOf(listing)).toEqual(['x']);
  });
});

describe('what has changed', () => {
  const offer = catalog({
    tools: [{ name: 'x', inputSchema: { type: 'object' } }],
    resources: [{ uri: 'file:///x' }],
    resourceTemplates: [{ uriTemplate: 'file:///{x}' }],
    prompts: [{ name: 'p' }],
  });
  const noticesOf = (change: (backend: FakeBackend) => void) => {
    const backend = new FakeBackend('a', offer);
    const listing = listingOf([backend]);
    const before = listsOf(listing);
    change(backend);
    return noticesBetween(before, listsOf(listing)).map((notice) => notice.split('/')[1]);
  };

  it.each<[string, (backend: FakeBackend) => void, string[]]>([
    ['an outage changes every kind', (backend) => backend.fall(), ['tools', 'resources', 'prompts']],
    ['a catalog read again and equal changes none', (backend) => backend.rise(structuredClone(offer)), []],
    [
      'a down and up in one moment changes none',
      (backend) => {
        backend.fall();
        backend.rise();
      },
      [],
    ],
    [
      'a new description changes the tools',
      (backend) => backend.rise({ ...offer, tools: [{ name: 'x', description: 'new' }] }),
      ['tools'],
    ],
    [
      'a template belongs to the resources',
      (backend) => backend.rise({ ...offer, resourceTemplates: [] }),
      ['resources'],
    ],
    [
      'a prompt changes the prompts',
      (backend) => backend.rise({ ...offer, prompts: [{ name: 'q' }] }),
      ['prompts'],
    ],
    ['new instructions change no list', (backend) => backend.rise({ ...offer, instructions: 'new' }), []],
  ])('%s [R22]', (_, change, expected) => {
    expect(noticesOf(change)).toEqual(expected);
  });

  it('a name that is lost is told once in the log, not with every catalog [R23]', () => {
    const warnings: object[] = [];
    const log = { ...silent, warn: (fields: object) => warnings.push(fields) };
    const backends = [new FakeBackend('a', tools('x')), new FakeBackend('b', tools('x'))];
    const listing = listingOf(backends, { strategy: 'manual' }, log);
    for (let round = 0; round < 3; round += 1) {
      listing.list('tools');
      backends[0]!.rise(tools('x'));
    }
    expect(warnings).toEqual([
      { backend: 'a', kind: 'tools', name: 'x', owner: undefined },
      { backend: 'b', kind: 'tools', name: 'x', owner: undefined },
    ]);
  });
});

it('what a thousand sessions have seen is compared once [R35]', () => {
  let read = 0;
  const entry = (name: string) => ({
    name,
    toJSON: () => {
      read += 1;
      return { name };
    },
  });
  const backend = new FakeBackend('a', catalog({ tools: [entry('first'), entry('last')] }));
  const listing = new Listing([backend], aggregation(), silent);
  listing.settle();
  const before = listsOf(listing);
  backend.catalog = catalog({ tools: [entry('first'), entry('other')] });
  const after = listsOf(listing);
  for (let session = 0; session < 1000; session += 1)
    expect(noticesBetween({ ...before }, { ...after })).toEqual(['notifications/tools/list_changed']);
  // Once before and once after, of the one entry whose name is the same.
  expect(read).toBe(2);
});

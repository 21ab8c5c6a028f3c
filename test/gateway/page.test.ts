import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHandlers } from '../../src/gateway/handlers.js';
import { Listing } from '../../src/gateway/listing.js';
import { pageOf } from '../../src/gateway/page.js';
import { silent } from '../../src/logging/log.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { FakeBackend, settings, tools, exchange } from './fake-backend.js';

const keysOf = (items: readonly { key: string }[]) => items.map(({ key }) => key);
const listOf = (keys: readonly string[]) => [...new Set(keys)].sort().map((key) => ({ key }));

/** All pages; between two of them the list may change. */
function readAll(size: number, list: () => readonly { key: string }[]): { key: string }[] {
  const read: { key: string }[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 1000; page += 1) {
    const { items, nextCursor } = pageOf(list(), cursor, size);
    read.push(...items);
    if (nextCursor === undefined) return read;
    cursor = nextCursor;
  }
  throw new Error('the pages have no end');
}

describe('pages', () => {
  it('hold every entry once and in order, whatever its name [R26]', () => {
    // Half of a surrogate pair is a legal JSON string.
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\ud800', '\udfff', '\uffff', '\ufffd'),
    );
    fc.assert(
      fc.property(fc.array(name), fc.integer({ min: 1, max: 5 }), (keys, size) => {
        const list = listOf(keys);
        expect(keysOf(readAll(size, () => list))).toEqual(keysOf(list));
      }),
      { numRuns: 500 },
    );
  });

  it('skip nothing that stays and repeat nothing while the list changes between them [R26]', () => {
    const keys = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 30 });
    fc.assert(
      fc.property(keys, keys, fc.array(fc.boolean()), (staying, passing, shown) => {
        let turn = 0;
        const list = () => listOf([...staying, ...(shown[(turn += 1)] === true ? passing : [])]);
        const read = keysOf(readAll(3, list));
        expect(new Set(read).size).toBe(read.length);
        expect(staying.filter((key) => !read.includes(key))).toEqual([]);
      }),
    );
  });

  it('a full last page has no cursor [R26]', () => {
    expect(pageOf(listOf(['a', 'b']), undefined, 2).nextCursor).toBeUndefined();
    expect(pageOf([], undefined, 2)).toEqual({ items: [] });
  });

  it.each([['not ours'], [''], [7], [null], [{}], ['YWZ0ZXI'], ['%%%']])(
    '%j is no cursor: invalid params [R36]',
    (cursor) => {
      expect(() => pageOf(listOf(['a']), cursor, 2)).toThrow(
        expect.objectContaining({ code: -32602, message: 'invalid cursor' }) as Error,
      );
    },
  );
});

describe('a list of 10,000 tools', () => {
  const backends = ['a', 'b'].map(
    (name) => new FakeBackend(name, tools(...Array.from({ length: 5000 }, (_, index) => `t${index}`))),
  );
  const listing = new Listing(backends, settings().aggregation, silent);
  const list = createHandlers(listing, new Subscriptions(10), settings()).get('tools/list')!;

  it('comes in ten pages of 1,000 [R26]', async () => {
    const sizes: number[] = [];
    const names = new Set<unknown>();
    let cursor: unknown;
    do {
      const page = await list(cursor === undefined ? {} : { cursor }, exchange());
      const entries = page['tools'] as { name: string }[];
      sizes.push(entries.length);
      for (const { name } of entries) names.add(name);
      cursor = page['nextCursor'];
    } while (cursor !== undefined);
    expect(sizes).toEqual(Array(10).fill(1000));
    expect(names.size).toBe(10_000);
  });

  it('is the same array until something changes [R20]', () => {
    const before = listing.list('tools');
    backends[0]!.rise(structuredClone(backends[0]!.catalog));
    expect(listing.list('tools')).toBe(before);
    backends[0]!.fall();
    expect(listing.list('tools')).toHaveLength(5000);
    backends[0]!.rise();
    expect(listing.list('tools')).toHaveLength(10_000);
  });
});

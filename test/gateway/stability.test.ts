import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aggregation } from '../../src/config/config.js';
import type { Kind, Route } from '../../src/gateway/directory.js';
import { createHandlers } from '../../src/gateway/handlers.js';
import { Listing } from '../../src/gateway/listing.js';
import { RpcError } from '../../src/gateway/rpc-error.js';
import { UNAVAILABLE_META } from '../../src/gateway/unavailable.js';
import { silent } from '../../src/logging/log.js';
import type { Catalog } from '../../src/session/catalog.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { catalog, FakeBackend, settings, exchange } from './fake-backend.js';

/** Names that can collide with each other's prefixed forms, and with what every object has. */
const BACKENDS = ['a', 'a_b', 'b', '__proto__'];
const NAMES = ['x', 'b_x', 'a_x', 'constructor', '__proto__'];
const KINDS: readonly Kind[] = ['tools', 'resources', 'resourceTemplates', 'prompts'];

const names = fc.subarray(NAMES);
const catalogs: fc.Arbitrary<Catalog> = fc
  .tuple(names, names, names, fc.boolean())
  .map(([tools, uris, prompts, reversed]) =>
    catalog({
      tools: (reversed ? tools.reverse() : tools).map((name) => ({ name })),
      resources: uris.map((uri) => ({ uri })),
      resourceTemplates: uris.map((uri) => ({ uriTemplate: `${uri}{y}` })),
      prompts: prompts.map((name) => ({ name })),
    }),
  );
type Step = (backends: readonly FakeBackend[], listing: Listing) => void;
const at = fc.nat(BACKENDS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(at, catalogs).map(
    ([index, offer]): Step =>
      (backends) =>
        backends[index]!.rise(offer),
  ),
  at.map(
    (index): Step =>
      (backends) =>
        backends[index]!.rise(),
  ),
  at.map(
    (index): Step =>
      (backends) =>
        backends[index]!.fall(),
  ),
  at.map(
    (index): Step =>
      (backends) =>
        backends[index]!.fall({ code: 'CIRCUIT_HALF_OPEN' }),
  ),
  fc.constant<Step>((_, listing) => listing.settle()),
);
const flips = fc.array(fc.tuple(at, fc.boolean()), { maxLength: 10 });
const aggregations: fc.Arbitrary<Partial<Aggregation>> = fc.record({
  strategy: fc.constantFrom('prefix', 'priority', 'manual'),
  priorityOrder: fc.shuffledSubarray(BACKENDS),
  unavailable: fc.constantFrom('hide', 'keep'),
  tools: fc.constantFrom(
    [],
    [{ workload: 'a', filter: ['x'], excludeAll: false, overrides: Object.create(null) as object }],
  ) as fc.Arbitrary<Aggregation['tools']>,
});

function walk(
  part: Partial<Aggregation>,
  steps: readonly Step[],
  look: (listing: Listing, backends: readonly FakeBackend[]) => void | Promise<void>,
): Promise<void> {
  const backends = BACKENDS.map((name) => new FakeBackend(name));
  const listing = new Listing(backends, settings(part).aggregation, silent);
  return steps.reduce<Promise<void>>(async (before, next) => {
    await before;
    next(backends, listing);
    await look(listing, backends);
  }, Promise.resolve());
}

/** Whether the backend goes on to offer what the route led to. */
function stillClaims({ backend, original }: Route, kind: Kind): boolean {
  const key = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' }[kind];
  const entries: readonly Readonly<Record<string, unknown>>[] = backend.catalog?.[kind] ?? [];
  return entries.some((entry) => entry[key] === original);
}

const ownerOf = (route: Route | undefined) => route && `${route.backend.name}/${route.original}`;

describe('over any history of catalogs and outages', () => {
  it('a name belongs to the same entry for as long as its backend offers it [R23]', async () => {
    await fc.assert(
      fc.asyncProperty(aggregations, fc.array(step, { maxLength: 25 }), async (part, steps) => {
        let before: [Kind, string, Route][] = [];
        await walk(part, steps, ({ directory }) => {
          for (const [kind, name, route] of before) {
            if (stillClaims(route, kind)) expect(ownerOf(directory[kind].get(name))).toBe(ownerOf(route));
          }
          before = KINDS.flatMap((kind) =>
            [...directory[kind]].map(([name, route]) => [kind, name, route] as [Kind, string, Route]),
          );
        });
      }),
      { numRuns: 500 },
    );
  });

  it('no entry has two names, and no name two entries [R23]', async () => {
    await fc.assert(
      fc.asyncProperty(aggregations, fc.array(step, { maxLength: 15 }), (part, steps) =>
        walk(part, steps, ({ directory }) => {
          for (const kind of KINDS) {
            const owners = [...directory[kind].values()].map(ownerOf);
            expect(new Set(owners).size).toBe(owners.length);
          }
        }),
      ),
      { numRuns: 200 },
    );
  });

  it('outages alone change no name at all [R23]', () => {
    fc.assert(
      fc.property(
        aggregations,
        fc.array(catalogs, { minLength: 4, maxLength: 4 }),
        flips,
        (part, offers, all) => {
          const backends = BACKENDS.map((name, index) => new FakeBackend(name, offers[index]));
          const listing = new Listing(backends, settings(part).aggregation, silent);
          const before = listing.directory;
          for (const [index, up] of all) {
            if (up) backends[index]!.rise();
            else backends[index]!.fall();
            expect(listing.directory).toBe(before);
          }
        },
      ),
    );
  });

  it('what is listed answers or says why not, and what is unavailable is listed only if kept [R21]', async () => {
    await fc.assert(
      fc.asyncProperty(aggregations, fc.array(step, { maxLength: 15 }), async (part, steps) => {
        await walk(part, steps, async (listing) => {
          const call = createHandlers(listing, new Subscriptions(10), settings(part)).get('tools/call')!;
          for (const { key } of listing.list('tools')) {
            const { backend, original } = listing.directory.tools.get(key)!;
            if (part.unavailable !== 'keep') expect(backend.advertised).toBe(true);
            const result = await call({ name: key }, exchange());
            if (backend.unavailable()) {
              expect(result).toMatchObject({
                isError: true,
                _meta: { [UNAVAILABLE_META]: { backend: backend.name } },
              });
            } else expect(result).toMatchObject({ from: backend.name, params: { name: original } });
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('a name in the directory is never called unknown, listed or not [R21]', async () => {
    await fc.assert(
      fc.asyncProperty(aggregations, fc.array(step, { maxLength: 15 }), async (part, steps) => {
        await walk(part, steps, async (listing) => {
          const call = createHandlers(listing, new Subscriptions(10), settings(part)).get('tools/call')!;
          for (const [name, { hidden }] of listing.directory.tools) {
            if (hidden) await expect(call({ name }, exchange())).rejects.toBeInstanceOf(RpcError);
            else await call({ name }, exchange());
          }
        });
      }),
      { numRuns: 200 },
    );
  });
});

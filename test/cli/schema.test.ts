import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/cli/package-root.js';
import { parseConfig } from '../../src/config/load.js';
import { sample } from '../config/sample.js';
import { command } from './fake-host.js';

const crd = join(packageRoot(), '..', 'shared', 'fixtures', 'toolhive', 'crd-virtualmcpservers.yaml');

describe('schema', () => {
  let schema: Record<string, unknown>;
  let accepts: ValidateFunction;
  beforeAll(async () => {
    const { code, out } = await command(['schema']);
    expect(code).toBe(0);
    schema = JSON.parse(out) as Record<string, unknown>;
    // Strict: no keyword that means nothing, no type that contradicts another.
    accepts = new Ajv({ strict: true }).compile(schema);
  });

  it('is a JSON Schema of the draft that editors know [R27]', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#');
    expect(new Ajv().validateSchema(schema)).toBe(true);
  });

  it('accepts vmcp.yaml and the smallest file [R27]', () => {
    const text = readFileSync(join(packageRoot(), 'vmcp.yaml'), 'utf8');
    expect(accepts(load(text)), JSON.stringify(accepts.errors)).toBe(true);
    expect(accepts(load(sample())), JSON.stringify(accepts.errors)).toBe(true);
  });

  it.each([
    sample({ extra: 'extra: 1' }),
    sample({ backends: 'backends: [{name: a, transport: sse, urls: x}]' }),
    sample({ operational: 'operational: {failureHandling: {circuit_breaker: {}}}' }),
    sample({ operational: 'operational: {failureHandling: {healthCheckInterval: 1d}}' }),
    sample({ operational: 'operational: {failureHandling: {circuitBreaker: {failureThreshold: 0}}}' }),
    sample({ aggregation: '' }),
    sample({ backends: 'backends: [{name: a, transport: http}]' }),
  ])('rejects %j [R27]', (text) => {
    expect(accepts(load(text))).toBe(false);
  });

  it('gives every default that a file without failure handling comes to [R27]', () => {
    const { effective } = parseConfig(sample(), 'f', { env: {} });
    const at = (key: string) =>
      key
        .split('.')
        .reduce<unknown>(
          (part, step) => (part as { properties: Record<string, unknown> }).properties[step],
          (schema as { properties: { operational: { properties: { failureHandling: unknown } } } }).properties
            .operational.properties.failureHandling,
        ) as { default: unknown };
    const short = (value: unknown) => String(value).replace('1m0s', '60s');
    expect(effective.map(({ key }) => [key, String(at(key).default)])).toEqual(
      effective.map(({ key, value }) => [key, short(value)]),
    );
  });
});

interface CrdNode {
  readonly properties?: Readonly<Record<string, CrdNode>>;
  readonly [keyword: string]: unknown;
}

/** Everything but descriptions, which are everybody's own. */
function rulesOf(node: CrdNode): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node)
      .filter(([keyword]) => keyword !== 'description' && keyword !== 'properties')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe('schema --crd', () => {
  it('is a fragment of a CRD [R27]', async () => {
    const { code, out } = await command(['schema', '--crd']);
    expect(code).toBe(0);
    expect(Object.keys(load(out) as object)).toEqual(['failureHandling']);
  });

  it.skipIf(!existsSync(crd))(
    'agrees with the CRD of the reference on every property it has [R27]',
    async () => {
      const { out } = await command(['schema', '--crd']);
      const ours = (load(out) as { failureHandling: CrdNode }).failureHandling;
      const theirs = load(readFileSync(crd, 'utf8')) as {
        spec: { versions: { schema: { openAPIV3Schema: CrdNode } }[] };
      };
      expect(theirs.spec.versions).toHaveLength(2);
      let compared = 0;
      const compare = (own: CrdNode | undefined, reference: CrdNode, path: string): void => {
        compared += 1;
        expect({ path, ...rulesOf(own ?? {}) }).toEqual({ path, ...rulesOf(reference) });
        for (const [name, property] of Object.entries(reference.properties ?? {})) {
          compare(own?.properties?.[name], property, `${path}.${name}`);
        }
      };
      for (const { schema } of theirs.spec.versions) {
        const path = ['spec', 'config', 'operational', 'failureHandling'];
        const reference = path.reduce<CrdNode | undefined>(
          (node, step) => node?.properties?.[step],
          schema.openAPIV3Schema,
        );
        expect(reference).toBeDefined();
        if (reference) compare(ours, reference, 'failureHandling');
      }
      expect(compared).toBe(2 * 10);
    },
  );

  it('extensions have no default, so that an object without them stays as it is [R28]', async () => {
    const { out } = await command(['schema', '--crd']);
    const { failureHandling } = load(out) as { failureHandling: CrdNode };
    const walk = (node: CrdNode): CrdNode[] => [node, ...Object.values(node.properties ?? {}).flatMap(walk)];
    const extensions = walk(failureHandling).filter(({ description }) =>
      String(description).startsWith('Extension.'),
    );
    expect(extensions).toHaveLength(10);
    expect(extensions.filter((node) => 'default' in node)).toEqual([]);
  });
});

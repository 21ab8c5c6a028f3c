import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What is delivered: README promises each, and a test whose title ends in its tag shows it. */
const DELIVERED = range(1, 34).map((number) => `R${String(number).padStart(2, '0')}`);

const TEST = import.meta.dirname;
const README = join(TEST, '../README.md');

describe('every delivered requirement', () => {
  const titles = testFiles().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/((?: ?\[R\d\d\])+)['"`],/g)].map(([, tags]) => tags ?? ''),
  );

  it.each(DELIVERED)('%s has a test', (tag) => {
    expect(titles.filter((tags) => tags.includes(`[${tag}]`)).length).toBeGreaterThan(0);
  });

  it('is a guarantee of README, and there is no other', () => {
    const promised = [...readFileSync(README, 'utf8').matchAll(/^- \*\*(R\d\d)\*\* /gm)].map(
      ([, tag]) => tag,
    );
    expect(promised).toEqual(DELIVERED);
  });
});

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function testFiles(): readonly string[] {
  return readdirSync(TEST, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(TEST, name));
}

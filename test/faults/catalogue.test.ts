import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import { flawOf, isTitleOf } from './matching.js';
import { proofsOf } from './row.js';
import type { Row } from './row.js';
import { threats } from './threats.js';

const numbered = (letter: string, last: number) =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

/** How many of each letter there are. */
const LISTED: readonly (readonly [title: string, letter: string, last: number])[] = [
  ['Processes', 'P', 24],
  ['Network', 'N', 44],
  ['Protocol', 'R', 45],
  ['Clock and scheduling', 'K', 12],
  ['Configuration', 'G', 21],
  ['Clients', 'L', 22],
  ['Resources', 'S', 10],
  ['Operators', 'O', 14],
  ['Compositions', 'C', 6],
];

const rows: readonly Row[] = [...catalogue.flatMap((chapter) => chapter.rows), ...threats];

describe('the catalogue of faults', () => {
  it('has every fault once and in order [R36]', () => {
    expect(catalogue.map(({ title, rows: of }) => [title, of.map(({ id }) => id)])).toEqual(
      LISTED.map(([title, letter, last]) => [title, numbered(letter, last)]),
    );
    expect(catalogue.flatMap((chapter) => chapter.rows)).toHaveLength(192 + 6);
  });

  it('has every threat once and in order [R38]', () => {
    expect(threats.map(({ id }) => id)).toEqual(numbered('T', 24));
  });

  it('says something of each [R36]', () => {
    for (const { id, says, is } of rows) {
      expect(says.length, id).toBeGreaterThan(8);
      if (is.kind === 'notApplicable' || is.kind === 'fails') expect(is.why.length, id).toBeGreaterThan(20);
      if (is.kind === 'open') expect(is.missing.length, id).toBeGreaterThan(20);
      if ('by' in is) expect(is.by.length, id).toBeGreaterThan(0);
    }
  });

  it('names tests that are there [R36]', () => {
    expect(rows.flatMap((row) => proofsOf(row).map((proof) => flawOf(proof))).filter(Boolean)).toEqual([]);
  });

  it('counts nothing as failing without a test that shows it [R36]', () => {
    const files = rows.filter(({ is }) => is.kind === 'fails').map((row) => proofsOf(row));
    for (const by of files) expect(by.some(({ file }) => file.endsWith('.faults.ts'))).toBe(true);
  });
});

describe('the name of a test', () => {
  const proof = { file: 'test/faults/catalogue.test.ts', title: '%s is (of) many: %s [R36]' };

  it('would be found out if it were not there [R36]', () => {
    expect(flawOf({ file: proof.file, title: 'nobody is called so [R36]'.slice(1) })).toMatch('has no test');
    expect(flawOf({ file: 'test/faults/absent.test.ts', title: 'x' })).toMatch('is not there');
    const title = 'would be found out if it were not there [R36]';
    expect(flawOf({ file: proof.file, title })).toBeUndefined();
    expect(flawOf({ file: proof.file, title, one: 'x' })).toMatch('is not one of many');
  });

  it.each([
    [undefined, 'x is (of) many: y [R36]', true],
    ['x', 'x is (of) many: y [R36]', true],
    ['x', 'xx is (of) many: y [R36]', false],
    ['y', 'x is (of) many: y [R36]', false],
    [undefined, 'x is (of) many: y [R36] twice', false],
    [undefined, 'x is of many: y [R36]', false],
  ])('of one called %j is that of %s: %s [R36]', (one, reported, is) => {
    expect(isTitleOf({ ...proof, ...(one !== undefined && { one }) }, reported)).toBe(is);
  });
});

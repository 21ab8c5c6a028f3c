import { describe, expect, it } from 'vitest';
import { fails, notApplicable, open, proved, testsIn } from './row.js';
import type { Ran } from './verdict.js';
import { totalsOf, verdictOf } from './verdict.js';

const shown = testsIn('a.test.ts');
const ran = (title: string, status: Ran['status'], file = 'a.test.ts'): Ran => ({ file, title, status });
const one = proved('X1', 'one test of many', [shown('%s is [R36]', 'this')]);
const all = proved('X2', 'all of many, and another', [shown('%s is [R36]'), shown('alone [R36]')]);

describe('the verdict on a row', () => {
  it.each([
    ['proved', one, [ran('this is [R36]', 'passed'), ran('that is [R36]', 'failed')]],
    ['fails', one, [ran('this is [R36]', 'failed')]],
    ['skipped', one, [ran('this is [R36]', 'skipped')]],
    ['fails', one, [ran('this is [R36]', 'passed', 'b.test.ts')]],
    ['fails', one, []],
    [
      'fails',
      all,
      [ran('this is [R36]', 'passed'), ran('that is [R36]', 'failed'), ran('alone [R36]', 'passed')],
    ],
    [
      'proved',
      all,
      [ran('this is [R36]', 'passed'), ran('that is [R36]', 'skipped'), ran('alone [R36]', 'passed')],
    ],
    ['skipped', all, [ran('this is [R36]', 'passed'), ran('alone [R36]', 'skipped')]],
  ] as const)('is %s (%#) [R36]', (word, row, results) => {
    const verdict = verdictOf(row, results);
    expect(verdict.word).toBe(word);
    expect(verdict.surprises.length > 0).toBe(word === 'fails');
  });

  it('that is known to fail fails, and a surprise is told besides [R36]', () => {
    const row = fails('X3', 'known', [shown('alone [R36]')], 'for a reason');
    expect(verdictOf(row, [ran('alone [R36]', 'passed')])).toMatchObject({ word: 'fails', surprises: [] });
    expect(verdictOf(row, [ran('alone [R36]', 'failed')])).toMatchObject({
      word: 'fails',
      surprises: ['failed: a.test.ts: alone [R36]'],
    });
  });

  it('of what is not applicable, or open, needs no run [R36]', () => {
    const verdicts = [notApplicable('X4', 'x', 'y'), open('X5', 'x', 'y')].map((row) => verdictOf(row, []));
    expect(verdicts.map(({ word }) => word)).toEqual(['n/a', 'open']);
    expect(totalsOf(verdicts)).toEqual({ proved: 0, fails: 0, skipped: 0, 'n/a': 1, open: 1 });
  });
});

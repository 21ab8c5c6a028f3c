import { describe, expect, it } from 'vitest';
import type { Mutant, Status } from './mutants.js';
import { countsOf, judge, scoreOf } from './verdict.js';

const mutant = (status: Status, original = 'a < b'): Mutant => ({
  file: 'src/engine/gate.ts',
  line: `if (${original}) return;`,
  original,
  replacement: 'false',
  status,
});
const many = (count: number, status: Status) => Array.from({ length: count }, () => mutant(status));
const listed = (times: number, file = 'src/engine/gate.ts') => [
  {
    reason: 'the same',
    file,
    mutants: Array.from({ length: times }, () => ['if (a < b) return;', 'a < b', 'false'] as const),
  },
];
const NAME = 'src/engine/gate.ts: if (a < b) return; | a < b → false';

describe('a mutation run', () => {
  it('passes when most are killed, and each survivor is listed with a reason', () => {
    const mutants = [...many(98, 'Killed'), ...many(2, 'Survived')];
    const { faults, excused } = judge(mutants, listed(2));
    expect(faults).toEqual([]);
    expect(excused.map(({ reason }) => reason)).toEqual(['the same', 'the same']);
  });

  it('takes a listed survivor that timed out for what it is, each entry once, and counts it as one', () => {
    const mutants = [...many(97, 'Killed'), mutant('Survived'), ...many(2, 'Timeout')];
    const { faults, excused, mutants: judged } = judge(mutants, listed(2));
    expect(faults).toEqual([]);
    expect(excused).toHaveLength(2);
    expect(countsOf(judged)).toMatchObject({ killed: 97, survived: 2, timeouts: 1 });
    expect(judge([...many(99, 'Killed'), mutant('Timeout')], []).excused).toEqual([]);
  });

  it('that tested nothing fails, whatever its score', () => {
    expect(judge([], []).faults).toContain('no mutant was killed: no test ran');
    expect(judge(many(100, 'Timeout'), []).faults).toEqual([
      'no mutant was killed: no test ran',
      '100 timeouts are too many to be believed',
    ]);
  });

  it('fails below 95 %, uncovered mutants counted as survivors and timeouts as caught', () => {
    const at = [...many(94, 'Killed'), mutant('Timeout'), ...many(4, 'Survived'), mutant('NoCoverage')];
    expect(scoreOf(countsOf(at))).toBe(95);
    expect(judge(at, listed(5)).faults).toEqual([]);
    const below = [...at, mutant('Survived')];
    expect(judge(below, listed(6)).faults).toEqual(['the score is 94.06 %, below 95 %']);
  });

  it.each(['RuntimeError', 'CompileError', 'Pending'] as const)(
    'fails on a mutant of status %s',
    (status) => {
      expect(judge([...many(100, 'Killed'), mutant(status)], []).faults).toEqual([
        '1 mutants could not be run',
      ]);
    },
  );

  it('leaves ignored mutants out', () => {
    const mutants = [mutant('Killed'), mutant('Ignored')];
    expect(judge(mutants, []).faults).toEqual([]);
    expect(scoreOf(countsOf(mutants))).toBe(100);
  });

  it('names each survivor that is not listed: an entry excuses one', () => {
    const mutants = [...many(100, 'Killed'), ...many(2, 'Survived')];
    expect(judge(mutants, listed(1)).faults).toEqual([`survives and is not listed: ${NAME}`]);
  });

  it('names each that is listed and does not survive, its file gone or not', () => {
    expect(judge(many(100, 'Killed'), listed(1)).faults).toEqual([`is listed and does not survive: ${NAME}`]);
    expect(judge(many(100, 'Killed'), listed(1, 'src/gone.ts')).faults).toHaveLength(1);
  });
});

import { isTitleOf } from './matching.js';
import type { Proof, Row } from './row.js';
import { proofsOf } from './row.js';

/** What a run reports of one test. */
export interface Ran {
  readonly file: string;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What a failed one says, with its stack. */
  readonly why?: string;
}

/** `skipped`: a test of it needs what this machine has not. */
export type Word = 'proved' | 'fails' | 'skipped' | 'n/a' | 'open';

export const WORDS: readonly Word[] = ['proved', 'fails', 'skipped', 'n/a', 'open'];

export interface Verdict {
  readonly row: Row;
  readonly word: Word;
  /** What stands against what the catalogue says of the row: a test that failed, or one that was not run. */
  readonly surprises: readonly string[];
}

/** What a run says of a row. A row that is known to fail fails, whether or not its tests fail as they should. */
export function verdictOf(row: Row, ran: readonly Ran[]): Verdict {
  const { is } = row;
  if (is.kind === 'notApplicable') return { row, word: 'n/a', surprises: [] };
  if (is.kind === 'open') return { row, word: 'open', surprises: [] };
  const results = proofsOf(row).map((proof) => resultOf(proof, ran));
  const surprises = results.flatMap(({ surprise }) => (surprise === undefined ? [] : [surprise]));
  if (is.kind === 'fails' || surprises.length > 0) return { row, word: 'fails', surprises };
  const isSkipped = results.some(({ status }) => status === 'skipped');
  return { row, word: isSkipped ? 'skipped' : 'proved', surprises };
}

function resultOf(
  proof: Proof,
  ran: readonly Ran[],
): { readonly status: Ran['status']; readonly surprise?: string } {
  const named = `${proof.file}: ${proof.title}${proof.one === undefined ? '' : ` (${proof.one})`}`;
  const matching = ran.filter(({ file, title }) => file === proof.file && isTitleOf(proof, title));
  if (matching.length === 0) return { status: 'failed', surprise: `not run: ${named}` };
  const failed = matching.find(({ status }) => status === 'failed');
  if (failed) {
    const why = failed.why === undefined ? '' : `\n${failed.why}`;
    return { status: 'failed', surprise: `failed: ${named}${why}` };
  }
  return { status: matching.every(({ status }) => status === 'skipped') ? 'skipped' : 'passed' };
}

/** How many of each word there are. */
export function totalsOf(verdicts: readonly Verdict[]): Readonly<Record<Word, number>> {
  const count = (wanted: Word) => verdicts.filter(({ word }) => word === wanted).length;
  return {
    proved: count('proved'),
    fails: count('fails'),
    skipped: count('skipped'),
    'n/a': count('n/a'),
    open: count('open'),
  };
}

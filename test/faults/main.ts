/**
 * The catalogue of faults, run: every test that proves a row, and what that comes to. It takes some minutes, writes
 * `visualizations/faults.md`, and fails when a row is not what the catalogue says of it: what is known to fail is said, and
 * no surprise.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { catalogue } from './catalogue.js';
import { ROOT } from './matching.js';
import { report } from './report.js';
import { proofsOf } from './row.js';
import { run } from './run.js';
import { threats } from './threats.js';
import { totalsOf, verdictOf, WORDS } from './verdict.js';

const REPORT = join(ROOT, 'visualizations/faults.md');
const HELP = `Usage: npm run faults [-- --json]

Runs the tests that prove a row of the catalogue of faults, prints a verdict for each row, and writes
visualizations/faults.md. The gateway must have been built.

  --json   the rows as JSON in place of the table
  --help   this text

Exit codes: 0 each row is what the catalogue says, known failures included; 1 one is
not; 2 wrong usage.
`;

async function main(isJson: boolean): Promise<number> {
  const chapters = [...catalogue, { title: 'Threats', rows: threats }];
  const rows = chapters.flatMap((chapter) => chapter.rows);
  process.stderr.write('This takes about five minutes.\n');
  const { ran, success } = await run(rows.flatMap(proofsOf));
  const verdicts = rows.map((row) => verdictOf(row, ran));
  const totals = totalsOf(verdicts);
  const options = { ...(await resolveConfig(REPORT)), parser: 'markdown' };
  writeFileSync(REPORT, await format(report(chapters, verdicts), options));

  if (isJson) {
    const shown = verdicts.map(({ row: { id, says }, word, surprises }) => ({ id, says, word, surprises }));
    process.stdout.write(`${JSON.stringify({ totals, rows: shown }, null, 2)}\n`);
  } else {
    for (const { row, word } of verdicts) {
      process.stdout.write(`${row.id.padEnd(5)}${word.padEnd(9)}${row.says}\n`);
    }
    process.stdout.write(`\n${WORDS.map((word) => `${word} ${totals[word]}`).join(', ')}\n`);
  }
  for (const { row, surprises } of verdicts) {
    for (const surprise of surprises) process.stderr.write(`${row.id}: ${surprise}\n`);
  }
  const isBroken = !success && ran.every(({ status }) => status !== 'failed');
  if (isBroken) process.stderr.write('there were errors outside of the tests\n');
  return isBroken || verdicts.some(({ surprises }) => surprises.length > 0) ? 1 : 0;
}

try {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) process.stdout.write(HELP);
  else process.exitCode = await main(values.json === true);
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}

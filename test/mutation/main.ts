import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mutantsOf } from './mutants.js';
import { writeReport } from './report.js';
import { SURVIVORS } from './survivors.js';
import { judge } from './verdict.js';

// `npm run mutate` mutates everything and writes the report; `npm run mutate -- src/engine/gate.ts` judges that file.

const ROOT = join(import.meta.dirname, '../..');
const RESULT = join(ROOT, 'reports/mutation/mutation.json');

const files = process.argv.slice(2);
const startedAt = performance.now();
rmSync(RESULT, { force: true });
const options = files.length > 0 ? ['--mutate', files.join(',')] : [];
const run = spawnSync('stryker', ['run', ...options], { cwd: ROOT, stdio: 'inherit' });
if (run.error) throw run.error;

const verdict = judge(
  mutantsOf(RESULT),
  SURVIVORS.filter(({ file }) => files.length === 0 || files.includes(file)),
);
if (files.length === 0) {
  const minutes = Math.ceil((performance.now() - startedAt) / 60_000);
  await writeReport(join(ROOT, 'visualizations/mutation.md'), verdict, minutes);
}
for (const fault of verdict.faults) console.error(fault);
if (run.status !== 0 || verdict.faults.length > 0) process.exitCode = 1;

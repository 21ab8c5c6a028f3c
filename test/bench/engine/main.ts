/**
 * What a guarded call costs: the engine's budgets, its own figures and those of cockatiel and opossum.
 *
 * A time is a ratio to the same call bare, unless it says otherwise. Both run in one process in chunks of about
 * 4 ms in turn; of many rounds the lower quartile counts, and of several processes the median: what else runs on
 * the machine hits both alike. CPU times and memory are the least of all processes.
 *
 * Run it with `npm run bench`, which takes about six minutes; `-- --quick` takes one, and `-- --json` prints for
 * machines. It fails when a budget is missed, and says which.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { judge } from './budgets.js';
import type { Results, Row } from './budgets.js';
import { median } from './measure.js';
import type { Figures } from './measure.js';
import { subjects } from './subjects.js';

const SAMPLE = fileURLToPath(new URL('./sample.ts', import.meta.url));
const quick = process.argv.includes('--quick');
const [processes, rounds] = quick ? [1, 40] : [5, 150];

/** One process, and nothing beside it. */
async function sample(subject: string): Promise<Figures> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--expose-gc', '--import', 'tsx', SAMPLE],
    ...[subject, String(rounds), quick ? 'quick' : 'full'],
  ]);
  return JSON.parse(stdout) as Figures;
}

/** What it is at, on one line that is written over; nothing in a log. */
function say(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`);
}

async function samples(): Promise<Results> {
  const all = new Map<string, Figures[]>(Object.keys(subjects).map((subject) => [subject, []]));
  for (let pass = 1; pass <= processes; pass += 1) {
    for (const [subject, found] of all) {
      say(`${pass}/${processes} ${subject}`);
      found.push(await sample(subject));
    }
  }
  say('');
  return (subject, figure) => {
    const values = (all.get(subject) ?? []).map((figures) => figures[figure] ?? NaN);
    return figure === 'ratio' || figure === 'ns' ? median(values) : Math.min(...values);
  };
}

function line({ what, unit, limit, ours, rivals, met }: Row): string {
  const shown = (value: number) => `${brief(value)} ${unit}`.trim();
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
  const beside = Object.entries(rivals).map(([rival, value]) => `${rival} ${shown(value)}`);
  return [
    what.padEnd(70),
    (limit === undefined ? '' : `≤ ${shown(limit)}`).padStart(10),
    shown(ours).padStart(10),
    verdict.padEnd(6),
    beside.join(', '),
  ]
    .join('  ')
    .trimEnd();
}

/** Two decimals for what is small, none for what is large. */
function brief(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}

const rows = judge(await samples());
const missed = rows.filter(({ met }) => met === false).map(({ what }) => what);
if (process.argv.includes('--json')) {
  process.stdout.write(
    `${JSON.stringify({ node: process.version, processes, rounds, rows, missed }, null, 2)}\n`,
  );
} else {
  const head = ['what'.padEnd(70), 'budget'.padStart(10), 'ours'.padStart(10), '      ', 'beside it'].join(
    '  ',
  );
  process.stdout.write(`${[head, ...rows.map(line)].join('\n')}\n`);
}
for (const what of missed) process.stderr.write(`over its budget: ${what}\n`);
if (missed.length > 0) process.exitCode = 1;

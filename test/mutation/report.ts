import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { Mutant } from './mutants.js';
import { countsOf, scoreOf } from './verdict.js';
import type { Counts, Verdict } from './verdict.js';

const HEAD = `# Mutants

Written by \`npm run mutate\`; only the total time differs between runs. Stryker changes the machines and the engine in
one place at a time, and the tests in virtual time of \`test/machines\` and \`test/engine\` must notice, or the
[oracle](../test/model/oracle.ts) in random lives of fixed seeds, so that a mutant meets the same tests every time.
Descriptions in the machines are no behaviour, and are not changed.`;

/** Writes what a run has shown. */
export async function writeReport(
  path: string,
  { mutants, excused }: Verdict,
  minutes: number,
): Promise<void> {
  const all = countsOf(mutants);
  const summary = `**${percent(all)}** of ${all.killed + all.timeouts + all.survived} mutants are caught, ${all.timeouts} of them by
a test that did not end in time. ${all.survived} survive. It took ${minutes} minutes.`;
  const text = [HEAD, summary, filesTable(mutants), survivorsText(excused), timeoutsText(mutants)].join(
    '\n\n',
  );
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
}

function filesTable(mutants: readonly Mutant[]): string {
  const files = [...new Set(mutants.map(({ file }) => file))];
  const rows = files.flatMap((file) => {
    const counts = countsOf(mutants.filter((mutant) => mutant.file === file));
    if (counts.killed + counts.timeouts + counts.survived === 0) return [];
    return [row([`\`${file}\``, percent(counts), counts.killed, counts.timeouts, counts.survived])];
  });
  return [row(['file', 'score', 'killed', 'timeout', 'survived']), row(Array(5).fill('---')), ...rows].join(
    '\n',
  );
}

function survivorsText(excused: Verdict['excused']): string {
  const reasons = [...new Set(excused.map(({ reason }) => reason))];
  const parts = reasons.map((reason) => {
    const mutants = excused.filter((mutant) => mutant.reason === reason);
    return `- ${reason}\n${mutants.map(item).join('\n')}`;
  });
  return `## ${excused.length} survivors, and why\n\n${parts.join('\n')}`;
}

function timeoutsText(mutants: readonly Mutant[]): string {
  const endless = mutants.filter(({ status }) => status === 'Timeout');
  return `## ${endless.length} that did not end in time\n\n${endless.map(item).join('\n')}`;
}

function item({ file, line, original, replacement }: Mutant): string {
  return `  - \`${file}\`: ${code(line)}: ${code(original)} → ${code(replacement)}`;
}

/** As much of it as fits a line. Backticks in it need longer ones around it. */
function code(text: string): string {
  const shown = text.length > 70 ? `${text.slice(0, 69)}…` : text;
  if (shown === '') return 'nothing';
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``;
}

function percent(counts: Counts): string {
  return `${scoreOf(counts).toFixed(1)} %`;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

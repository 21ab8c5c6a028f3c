import { basename } from 'node:path';
import type { Chapter } from './catalogue.js';
import { proofsOf } from './row.js';
import type { Row } from './row.js';
import { totalsOf, WORDS } from './verdict.js';
import type { Verdict } from './verdict.js';

const HEAD = `# Faults and threats

What can go wrong around a gateway for MCP and who would do it harm, row by row, with the tests that show that this one
bears it. Written by \`npm run faults\`, which runs these tests and no others.
`;

const WORDS_MEAN = `- **proved**: every test named passes, and together they show what the row asks for.
- **fails**: it does not do that; the note says what it does, and a test notices when that is no longer so.
- **skipped**: a test of it needs what this machine has not.
- **n/a**: there is nothing here for it to happen to, or nothing to make it happen with; the note says which.
- **open**: it applies, and nothing here shows it.

Expected besides, and looked at by the tests of \`test/faults\` themselves: a call settles once, with its class and in
time; a healthy neighbour is called all the while and notices nothing; the change is emitted, logged and shown; no
process, socket or call is left behind. Catalogue and dispositions stand in [catalogue.ts](../test/faults/catalogue.ts)
and [threats.ts](../test/faults/threats.ts).
`;

/** The report as Markdown, not yet formatted. */
export function report(chapters: readonly Chapter[], verdicts: readonly Verdict[]): string {
  const byId = new Map(verdicts.map((verdict) => [verdict.row.id, verdict]));
  const found = ({ rows }: Chapter) => rows.flatMap(({ id }) => byId.get(id) ?? []);
  const sums = chapters.map((chapter) => [chapter.title, ...counts(found(chapter))]);
  return [
    HEAD,
    table(['', ...WORDS], [...sums, ['**all**', ...counts(verdicts)]]),
    WORDS_MEAN,
    ...chapters.flatMap((chapter) => [`## ${chapter.title}`, rowsOf(found(chapter)), notesOf(chapter.rows)]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function counts(verdicts: readonly Verdict[]): readonly string[] {
  const totals = totalsOf(verdicts);
  return WORDS.map((word) => String(totals[word]));
}

function rowsOf(verdicts: readonly Verdict[]): string {
  return table(
    ['', 'fault', '', 'shown in'],
    verdicts.map(({ row, word }) => [row.id, row.says, word, shownIn(row)]),
  );
}

/** Files without their folders, and how many tests of each. */
function shownIn(row: Row): string {
  const files = new Map<string, number>();
  for (const { file } of proofsOf(row)) {
    const name = basename(file, '.ts');
    files.set(name, (files.get(name) ?? 0) + 1);
  }
  return [...files].map(([name, times]) => `\`${name}\`${times > 1 ? ` (${times})` : ''}`).join(', ');
}

function notesOf(rows: readonly Row[]): string {
  return rows
    .flatMap(({ id, is }) => {
      const note = is.kind === 'proved' ? is.remark : is.kind === 'open' ? is.missing : is.why;
      return note === undefined ? [] : [`- ${id}: ${note}`];
    })
    .join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

import type { Case } from './case.js';
import { notes } from './notes.js';
import type { Verdict } from './run.js';

/** A library's verdicts by case. */
export interface Column {
  readonly library: string;
  readonly version: string;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

export type Cell = Verdict['verdict'] | 'by design';

const HEAD = `# Torture

Known bugs of circuit breakers, each as a case that a breaker without the bug passes. Written by \`npm run torture\`,
which runs every case against this engine and three other libraries, in the newest versions that run on Node 20; two
runs write the same.
`;

const METHOD = `## How a verdict comes about

- A case is plain code in \`test/torture/cases/\`; it sees a breaker through one small adapter for each library in
  \`test/torture/libraries/\`, set up as the library's documentation says, and where there is a choice in the way that
  favours it.
- **passes**: everything that the case asks for holds. **fails**: it does not, the process ends or hangs, or an error
  comes up that nobody could catch. **by design**: it does not hold, and the documentation says so; the note says
  where. **n/a**: the library has no such policy, or nothing to do this with.
- Time is not real: timers, \`Date\`, \`performance.now\` and \`Math.random\` of the process are replaced, and the wall
  clock can be put back and forward by itself. Only D4 and F3 run in real time, each in a process of its own, which
  must then end by itself; C13 compares two durations in the same process.
- The engine runs every case twice, once on the clock of the process and once on a clock of its own; the worse counts.
- That each case can fail is shown by \`test/torture/torture.test.ts\`, with a small breaker that is sound but for the
  one defect that the case is there to find, or by a library that fails it.
`;

const LEFT_OUT = `## Left out

Rows of the catalogue that say nothing about one breaker in one process:

- E5, two rules for one name: the shape of the settings leaves no room for a second.
- F10, F11, and F15 as far as it is about retries: retries and queues are not a breaker's. So are the cache (C10) and
  the shared event source (F8) of one library.
- G1, G2: ejecting hosts from a cluster, and when not to.
- G4, G5: several processes, and a store that they share.
`;

/** What the report says of one case and one library. */
export function cellOf(library: string, { id, verdict }: Verdict): Cell {
  return verdict === 'fails' && notes[library]?.[id]?.byDesign ? 'by design' : verdict;
}

/** The worse of two runs of the same case; one that does not apply says nothing. */
export function worse(one: Verdict, other: Verdict): Verdict {
  if (one.verdict === 'fails' || other.verdict === 'n/a') return one;
  return other;
}

/** Notes about cases that do not fail: nothing is left that they explain. */
export function idleNotes(columns: readonly Column[]): string[] {
  return columns.flatMap(({ library, verdicts }) =>
    Object.keys(notes[library] ?? {})
      .filter((id) => verdicts.get(id)?.verdict !== 'fails')
      .map((id) => `${library}, ${id}`),
  );
}

/** The report as Markdown, not yet formatted. */
export function report(suite: readonly Case[], columns: readonly Column[]): string {
  const footnotes: string[] = [];
  const shown = ({ library, verdicts }: Column, { id }: Case): string => {
    const verdict = verdictOf(verdicts, id);
    const cell = cellOf(library, verdict);
    const note = notes[library]?.[id];
    if (note === undefined || verdict.verdict !== 'fails') return cell;
    footnotes.push(`${library}, ${id}: ${note.text} Source: ${note.source}`);
    return `${cell} (${footnotes.length})`;
  };
  const rows = suite.map((one) => [one.id, one.says, ...columns.map((column) => shown(column, one))]);
  const sums = (['passes', 'fails', 'by design', 'n/a'] as const).map((cell) => [
    cell,
    ...columns.map(({ library, verdicts }) =>
      String(suite.filter(({ id }) => cellOf(library, verdictOf(verdicts, id)) === cell).length),
    ),
  ]);
  const seen = suite.flatMap(({ id }) =>
    columns.flatMap(({ library, verdicts }) => {
      const verdict = verdictOf(verdicts, id);
      return verdict.verdict === 'fails' ? [[id, library, verdict.seen ?? '']] : [];
    }),
  );
  const names = columns.map(({ library, version }) => `${library} ${version}`);
  return [
    HEAD,
    table(['', ...names], sums),
    '## Cases',
    table(['', 'case', ...names], rows),
    '## Notes',
    footnotes.map((text, index) => `${index + 1}. ${text}`).join('\n'),
    '## What is seen instead',
    table(['', 'library', 'seen'], seen),
    METHOD,
    LEFT_OUT,
  ].join('\n\n');
}

function verdictOf(verdicts: Column['verdicts'], id: string): Verdict {
  const verdict = verdicts.get(id);
  if (verdict === undefined) throw new Error(`no verdict on ${id}`);
  return verdict;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

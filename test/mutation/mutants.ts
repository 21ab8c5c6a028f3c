import { readFileSync } from 'node:fs';

/** What became of one mutant; the words are Stryker's. */
export type Status =
  'Killed' | 'Survived' | 'NoCoverage' | 'Timeout' | 'RuntimeError' | 'CompileError' | 'Ignored' | 'Pending';

/** One change of the source, told by its text: line numbers move. */
export interface Mutant {
  readonly file: string;
  /** The whole line in which it begins, without its indentation. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly status: Status;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Of Stryker's report, what is read here. */
interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string;
        readonly mutants: readonly {
          readonly replacement?: string;
          readonly status: Status;
          readonly location: { readonly start: Place; readonly end: Place };
        }[];
      }
    >
  >;
}

/** All mutants of a report, in the order of their files and places. */
export function mutantsOf(reportFile: string): readonly Mutant[] {
  const { files } = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    const inOrder = mutants.toSorted(
      ({ location: { start: one } }, { location: { start: other } }) =>
        one.line - other.line || one.column - other.column,
    );
    return inOrder.map(({ replacement = '', status, location: { start, end } }) => ({
      file,
      line: (lines[start.line - 1] ?? '').trim(),
      original: onOneLine(between(lines, start, end)),
      replacement: onOneLine(replacement),
      status,
    }));
  });
}

function between(lines: readonly string[], start: Place, end: Place): string {
  const within = lines.slice(start.line - 1, end.line);
  within[within.length - 1] = within.at(-1)?.slice(0, end.column - 1) ?? '';
  within[0] = within[0]?.slice(start.column - 1) ?? '';
  return within.join('\n');
}

function onOneLine(code: string): string {
  return code.replace(/\s+/g, ' ');
}

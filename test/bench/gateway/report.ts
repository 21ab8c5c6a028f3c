import type { Row, Table } from './budgets.js';
import { HEADS } from './figures.js';
import { LEFT_OUT, RIVALS } from './rivals.js';

export interface Circumstances {
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly cores: number;
  /** How much of the machine others used just before, in [0, 1]. */
  readonly busyBefore: number;
  readonly rounds: readonly (readonly [what: string, rounds: number])[];
  /** Ways that fell out, each with its reason. */
  readonly dropped: readonly string[];
  /** Rounds that a way did not come to the end of, each with its reason. */
  readonly missedRounds: readonly string[];
}

const METHOD = `## How this comes about

- Backends, gateways and who calls them are processes of their own on one machine, which all share its cores.
- All ways are called in turn in short rounds, 80 to 150 ms each, with a session of its own per turn. Of each figure the lower quartile of
  the rounds counts, for calls/s that of the time per call: what else runs on the machine hits all alike.
- Two settings, because a ratio to _direct_ says as much of the client and the server as of the gateway. With the SDK’s
  client and the official \`server-everything\` a call costs what it costs in practice; the budgets of 1.7 and 0.7 are meant for that.
  With a client and a server of plain \`node:http\` next to nothing but the gateway is left; one more hop of any kind costs as much as the
  whole direct way, as **bytes passed on** shows: a proxy that looks at nothing.
- **naive SDK proxy**: the SDK’s client behind the SDK’s server, a backend session per client session. **mcp-hub** speaks
  legacy SSE in front, so its calls go there over that; the SDK’s client spends less on it, so where it calls, mcp-hub is no
  measure for what a gateway costs.
- Lists are read whole, all pages. Where a gateway takes many backends, 10,000 tools are those of ten.
- Memory is what is in use after garbage collection. Sessions have made one call each, and have no connection open (mcp-hub: its stream).
- Isolation: a hostile backend is called every 20 ms, up to 64 calls at once (one with huge answers: one call after the other), and has no circuit breaker, so that nothing but the
  gateway’s own isolation holds it back. Windows of 2 s alternate, with sessions that were opened before any harm; a call without an answer within 3 s has failed. The naive proxy is started anew for each kind of harm, and has one window of each; p99 is the lower quartile of the windows, throughput and the longest hold
  their median. _direct_ is the healthy backend, called at the same time but not through the gateway: what the machine itself is short of.
  A hold is read with a resolution of 2 ms, and is at most what is told.
- A row with a budget is judged by Breakwater’s figure. \`npm run bench:gateway\` fails where one is missed.
`;

export function report(
  tables: readonly Table[],
  { versions, cores, busyBefore, rounds, dropped, missedRounds }: Circumstances,
): string {
  const rivals = Object.values(RIVALS).map(({ name, version }) => `\`${name}\` ${version}`);
  const taking = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Gateways compared',
    'What a call costs through Breakwater, through other gateways and without any; and what callers of a healthy backend feel of a hostile one. Written by `npm run bench:gateway`.',
    `${taking.join(', ')}; ${rivals.join(', ')}. ${cores} cores; before it began, others used ${Math.round(100 * busyBefore)} % of them. Rounds: ${rounds.map(([what, count]) => `${what} ${count}`).join(', ')}.`,
    ...tables.map(section),
    ...(missedRounds.length > 0
      ? ['## Rounds in which a call failed', missedRounds.map((what) => `- ${what}`).join('\n')]
      : []),
    '## Not in the tables',
    [
      ...LEFT_OUT.map(([name, why]) => `- ${name}: ${why}.`),
      '- `mcp-proxy`, `supergateway`: in front of Streamable HTTP neither stands with Streamable HTTP; they are in the table of child processes.',
      ...dropped.map((what) => `- Fell out: ${what}`),
    ].join('\n'),
    METHOD,
  ].join('\n\n');
}

function section({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}\n`,
    line(['', 'budget', ...columns.map(headOf)]),
    line(['---', '--:', ...columns.map(() => '--:')]),
    ...rows.map((row) =>
      line([row.what, budgetOf(row), ...columns.map((column) => markedCell(row, column))]),
    ),
  ].join('\n');
}

/** The same for a terminal. */
export function textOf(tables: readonly Table[]): string {
  return tables
    .map(({ title, columns, rows }) => {
      const lines = [
        ['', 'budget', ...columns.map(headOf)],
        ...rows.map((row) => [row.what, budgetOf(row), ...columns.map((column) => cellOf(row, column))]),
      ];
      const widths =
        lines[0]?.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0))) ?? [];
      const table = lines.map((cells) =>
        cells
          .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
          .join('  '),
      );
      return `${[title, ...table].join('\n').replaceAll('`', '')}\n`;
    })
    .join('\n');
}

function headOf(column: string): string {
  return column in HEADS ? HEADS[column as keyof typeof HEADS] : column;
}

function budgetOf({ limit, unit }: Row): string {
  if (!limit) return '';
  return 'atMost' in limit ? `≤ ${shown(limit.atMost, unit)}` : `≥ ${shown(limit.atLeast, unit)}`;
}

function cellOf(row: Row, column: string): string {
  const value = row.values[column];
  if (value === undefined) return '';
  const missed = column === 'breakwater' && row.met === false ? ' MISSED' : '';
  return `${brief(value)} ${row.unit}`.trim() + missed;
}

function markedCell(row: Row, column: string): string {
  const cell = cellOf(row, column);
  return column === 'breakwater' && cell !== '' ? `**${cell}**` : cell;
}

const shown = (value: number, unit: string): string => `${value} ${unit}`.trim();

/** Three digits are enough. */
function brief(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  return size >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(size < 10 ? 2 : 1);
}

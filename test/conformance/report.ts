import { INSPECTOR } from './inspector.js';
import { SUITE } from './suite.js';
import type { ExpectedFailure, Outcome, Row, Way } from './verdict.js';
import { WAYS, WORDS } from './verdict.js';

/** What took part, by version. */
export interface Versions {
  readonly breakwater: string;
  readonly sdk: string;
  readonly node: string;
  readonly nodeOfSuite: string;
}

export const HEADS: Readonly<Record<Way, string>> = {
  direct: 'direct',
  http: 'HTTP backend',
  stdio: 'stdio backend',
};

const HEAD = `# Conformance

The official suite, run against a server of ours that offers all it asks for, and against Breakwater in front of that
server. Written by \`npm run conformance\`; two runs write the same.
`;

const METHOD = `## How this comes about

- The server is \`test/conformance/server.ts\`, with the MCP SDK's server side. **direct**: the suite talks to it over
  Streamable HTTP. **HTTP backend**, **stdio backend**: the suite talks to \`breakwater serve\`, whose only backend is
  this server over Streamable HTTP, or as a child process; names are not prefixed, and the circuit breaker is on.
- All server scenarios of the suite are run, those that it holds back as pending included, each in a process of its own.
- A cell counts the checks that passed of those that passed or failed. A warning is about what the specification
  recommends; the suite does not count it as a failure, and neither does this. Where the answer is plain JSON and no
  stream of events, checks of streams say nothing, and fewer are counted.
- What the Inspector's command line prints must be the same as without the gateway, but for the order of lists: ours are
  sorted.
- \`server-sse-polling\` is pending: it asks under revision 2025-03-26, where servers of the SDK give events no ids.
- \`npm run conformance\` fails where a scenario passes directly and fails through Breakwater.
`;

/** The report as Markdown, not yet formatted. */
export function report(
  rows: readonly Row[],
  expected: readonly ExpectedFailure[],
  { breakwater, sdk, node, nodeOfSuite }: Versions,
): string {
  const heads = WAYS.map((way) => HEADS[way]);
  const sums = [
    ['scenarios that pass', ...WAYS.map((way) => `${passing(rows, way)} of ${rows.length}`)],
    ['checks that pass', ...WAYS.map((way) => cellOf(total(rows, way)))],
  ];
  const said = remarks(rows);
  return [
    HEAD,
    `\`${SUITE.name}\` ${SUITE.version} and \`${INSPECTOR.name}\` ${INSPECTOR.version} on Node ${nodeOfSuite}; Breakwater ${breakwater} and MCP SDK ${sdk} on Node ${node}.`,
    table(['', ...heads], sums),
    '## Scenarios, and commands of the Inspector',
    table(
      ['scenario', ...heads],
      rows.map(({ scenario, outcomes }) => [scenario, ...WAYS.map((way) => cellOf(outcomes[way]))]),
    ),
    ...(said.length > 0 ? ['## What the suite says', table(['scenario', 'where', 'says'], said)] : []),
    ...(expected.length > 0
      ? [
          '## Expected failures',
          expected.map(({ scenario, ways, why }) => `- ${scenario}, ${inWords(ways)}: ${why}`).join('\n'),
        ]
      : []),
    METHOD,
  ].join('\n\n');
}

/** `3 of 4`, and what else there is to say of it. */
export function cellOf({ passed, failed, warnings }: Omit<Outcome, 'said'>): string {
  return [
    `${failed > 0 ? 'FAILS: ' : ''}${passed} of ${passed + failed}`,
    ...(warnings > 0 ? [`${warnings} warning${warnings > 1 ? 's' : ''}`] : []),
  ].join(', ');
}

/** Each thing said of a scenario once, with where it was. */
function remarks(rows: readonly Row[]): string[][] {
  return rows.flatMap(({ scenario, outcomes }) =>
    [...new Set(WAYS.flatMap((way) => outcomes[way].said))].map((words) => [
      scenario,
      inWords(WAYS.filter((way) => outcomes[way].said.includes(words))),
      words.replaceAll('|', '\\|').replaceAll(/\s+/g, ' '),
    ]),
  );
}

function inWords(ways: readonly Way[]): string {
  return ways.length === WAYS.length ? 'everywhere' : ways.map((way) => WORDS[way]).join(', ');
}

function passing(rows: readonly Row[], way: Way): number {
  return rows.filter(({ outcomes }) => outcomes[way].failed === 0).length;
}

function total(rows: readonly Row[], way: Way): Omit<Outcome, 'said'> {
  const sum = (of: 'passed' | 'failed' | 'warnings') =>
    rows.reduce((before, { outcomes }) => before + outcomes[way][of], 0);
  return { passed: sum('passed'), failed: sum('failed'), warnings: sum('warnings') };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

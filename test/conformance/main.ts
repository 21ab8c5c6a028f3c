/**
 * The official MCP conformance suite, run against a fixture directly and through the gateway.
 *
 * Run it with `npm run conformance`, which takes about a minute and a half and writes `visualizations/conformance.md`.
 * It fails when a scenario that passes directly fails through the gateway, unless `expected-failures.ts` says why.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../e2e/processes.js';
import { expectedFailures } from './expected-failures.js';
import { checkOf, COMMANDS, INSPECTOR, installInspector, printed } from './inspector.js';
import { cellOf, HEADS, report } from './report.js';
import type { Versions } from './report.js';
import { checksOf, install, scenariosOf, SUITE } from './suite.js';
import type { Installed } from './suite.js';
import { faultsOf, outcomeOf, WAYS } from './verdict.js';
import type { Outcome, Row, Way } from './verdict.js';
import { start } from './ways.js';

const REPORT = join(ROOT, 'visualizations/conformance.md');
const WHOLE_MS = 600_000;

const HELP = `usage: npm run conformance -- [--scenario <name>]... [--json]

  --scenario <name>  only this one, or these; writes no report
  --json             prints everything for machines
  --help             prints this
`;

/** What it is at, on one line that is written over. */
function say(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`);
}

/** Something to keep, in a log too. */
function note(line: string): void {
  say('');
  process.stderr.write(`${line}\n`);
}

/** The Inspector, and what it printed without the gateway. */
interface Inspector {
  readonly installed: Installed;
  readonly commands: readonly string[];
  readonly direct: Map<string, string>;
}

async function outcomes(
  way: Way,
  suite: Installed,
  scenarios: readonly string[],
  inspector: Inspector,
  signal: AbortSignal,
): Promise<Map<string, Outcome>> {
  note(HEADS[way]);
  const found = new Map<string, Outcome>();
  const endpoint = await start(way);
  try {
    for (const scenario of scenarios) {
      say(`${HEADS[way]}: ${found.size + 1}/${scenarios.length} ${scenario}`);
      const outcome = outcomeOf(await checksOf(suite, scenario, endpoint.url, signal));
      found.set(scenario, outcome);
      if (outcome.failed > 0) note(`  ${scenario}: ${outcome.said.join('; ')}`);
    }
    for (const command of inspector.commands) {
      say(`${HEADS[way]}: inspector ${command}`);
      const output = await printed(inspector.installed, command, endpoint.url, signal);
      if (way === 'direct') inspector.direct.set(command, output);
      const check = checkOf(command, output, inspector.direct.get(command) ?? '');
      found.set(check.id, outcomeOf([check]));
      if (check.errorMessage !== undefined) note(`  ${check.id}: ${check.errorMessage}`);
    }
  } finally {
    await endpoint.end();
  }
  return found;
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { version: string })
    .version;
}

function textOf(rows: readonly Row[]): string {
  const lines = [
    ['scenario', ...WAYS.map((way) => HEADS[way])],
    ...rows.map(({ scenario, outcomes }) => [scenario, ...WAYS.map((way) => cellOf(outcomes[way]))]),
  ];
  const widths = [2 + Math.max(...lines.map(([first = '']) => first.length)), 24, 24, 0];
  return lines
    .map((cells) => `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('')}\n`)
    .join('');
}

/** @returns what must not be */
async function run(only: readonly string[], json: boolean, signal: AbortSignal): Promise<readonly string[]> {
  say(`fetching ${SUITE.name} ${SUITE.version}`);
  const suite = await install(signal);
  const all = await scenariosOf(suite, signal);
  const unknown = only.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}`);
  const scenarios = only.length > 0 ? only : all;
  const byWay = new Map<Way, Map<string, Outcome>>();
  say(`fetching ${INSPECTOR.name} ${INSPECTOR.version}`);
  const inspector: Inspector = {
    installed: await installInspector(signal),
    commands: only.length > 0 ? [] : COMMANDS,
    direct: new Map(),
  };
  for (const way of WAYS) byWay.set(way, await outcomes(way, suite, scenarios, inspector, signal));
  say('');

  const whole = [...scenarios, ...inspector.commands.map((command) => `inspector ${command}`)];
  const rows = whole.map((scenario): Row => {
    const of = (way: Way) => byWay.get(way)?.get(scenario) ?? outcomeOf([]);
    return { scenario, outcomes: { direct: of('direct'), http: of('http'), stdio: of('stdio') } };
  });
  const versions: Versions = {
    breakwater: versionOf('.'),
    sdk: versionOf('node_modules/@modelcontextprotocol/sdk'),
    node: process.versions.node,
    nodeOfSuite: suite.nodeVersion,
  };
  const expected = expectedFailures.filter(({ scenario }) => only.length === 0 || only.includes(scenario));
  const faults = faultsOf(rows, expected);
  if (only.length === 0) {
    const options = { ...(await resolveConfig(REPORT)), parser: 'markdown' };
    writeFileSync(REPORT, await format(report(rows, expected, versions), options));
  }
  process.stdout.write(
    json ? `${JSON.stringify({ suite: SUITE, versions, rows, faults }, null, 2)}\n` : textOf(rows),
  );
  return faults;
}

function optionsOf(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf(args);
  } catch (error) {
    note(`${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const over = new AbortController();
  const stop = (why: string) => over.abort(new Error(why));
  const late = setTimeout(() => stop(`not done within ${WHOLE_MS / 60_000} min`), WHOLE_MS);
  for (const sent of ['SIGINT', 'SIGTERM'] as const) process.once(sent, () => stop('interrupted'));
  try {
    const faults = await run(options.scenario, options.json, over.signal);
    for (const fault of faults) note(fault);
    return faults.length > 0 ? 1 : 0;
  } catch (error) {
    note(messageOf(over.signal.aborted ? over.signal.reason : error));
    return 1;
  } finally {
    clearTimeout(late);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv.slice(2));

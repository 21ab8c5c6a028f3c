import Table from 'cli-table3';
import type { Run, Simulation, TimelineEntry } from '../simulate/simulation.js';
import { summaryOf } from '../simulate/summary.js';
import { BREAKER_TEXT, phaseText, scenarioText, timeText, trafficText } from '../simulate/words.js';
import { tell } from './event-report.js';
import { shown } from './terminal.js';
import type { Paint } from './terminal.js';

/** Rows of the timeline that are shown; what is more is counted, and in the JSON. */
const MAX_ROWS = 120;
/** Characters of a column that is one of two. */
const COLUMN = 58;

/** A simulation for a terminal: what happened when, and what it came to. */
export function simulationReport(simulation: Simulation, paint: Paint): string {
  const { scenario, runs } = simulation;
  const labels = runs.map(({ config, backend }) => `${shown(config)}, ${shown(backend)}`);
  return [
    `${paint('bold', 'Scenario')} ${shown(scenarioText(scenario))}`,
    `  ${trafficText(scenario)}`,
    ...runs.map((run, index) => `${paint('bold', 'Configuration')} ${labels[index] ?? ''}${remark(run)}`),
    '',
    timelineTable(simulation, labels, paint),
    ...runs.flatMap(({ timelineLeftOut }, index) =>
      timelineLeftOut > 0
        ? [`… and ${timelineLeftOut} entries of ${labels[index] ?? ''} that are not kept`]
        : [],
    ),
    '',
    summaryTable(simulation, labels),
    '',
  ].join('\n');
}

function remark({ breaker }: Run): string {
  const text = BREAKER_TEXT[breaker];
  return text === '' ? '' : `\n  ${text}`;
}

function timelineTable({ scenario, runs }: Simulation, labels: readonly string[], paint: Paint): string {
  const isCompared = runs.length > 1;
  const table = new Table({
    head: ['time', ...(isCompared ? labels : ['what happens'])],
    style: { head: [], border: [], compact: true },
    colAligns: ['right'],
    ...(isCompared && { colWidths: [null, COLUMN, COLUMN], wordWrap: true }),
  });
  const rows = rowsOf(runs);
  for (const { atMs, entries } of rows.slice(0, MAX_ROWS)) {
    const cells = runs.map(({ backend }, column) => {
      const entry = entries[column];
      return entry === undefined ? '' : entryText(entry, backend, scenario, paint);
    });
    table.push([timeText(atMs), ...cells]);
  }
  const rest = rows.length - MAX_ROWS;
  return rest > 0 ? `${table.toString()}\n… and ${rest} more: --json has them` : table.toString();
}

interface Row {
  readonly atMs: number;
  /** One for each run, where it has one. */
  readonly entries: readonly (TimelineEntry | undefined)[];
}

/** What happens at the same time in several runs stands side by side, and what the scenario does on lines of its own. */
function rowsOf(runs: readonly Run[]): Row[] {
  const times = new Map<string, { readonly atMs: number; readonly columns: TimelineEntry[][] }>();
  for (const [column, { timeline }] of runs.entries()) {
    for (const entry of timeline) {
      const atMs = Math.round(entry.atMs);
      const key = `${atMs} ${isScripted(entry) ? entry.type : ''}`;
      const columns = times.get(key)?.columns ?? runs.map(() => []);
      columns[column]?.push(entry);
      times.set(key, { atMs, columns });
    }
  }
  const sorted = [...times.values()].sort((a, b) => a.atMs - b.atMs);
  return sorted.flatMap(({ atMs, columns }) => {
    const height = Math.max(...columns.map(({ length }) => length));
    return Array.from({ length: height }, (_, row) => ({
      atMs,
      entries: columns.map((column) => column[row]),
    }));
  });
}

function isScripted({ type }: TimelineEntry): boolean {
  return type === 'phase.began' || type === 'phase.ended';
}

function entryText(
  entry: TimelineEntry,
  backend: string,
  { phases }: Simulation['scenario'],
  paint: Paint,
): string {
  switch (entry.type) {
    case 'phase.began':
    case 'phase.ended': {
      const phase = phases[entry.phase];
      const what = phase ? phaseText(phase) : entry.is;
      return paint('bold', `the backend is ${entry.type === 'phase.began' ? what : `no longer ${entry.is}`}`);
    }
    case 'noticed':
      return `noticed: ${SIGNS[entry.by]}${entry.category ? `: ${entry.category}` : ''}`;
    case 'attempt': {
      const probe = entry.by === 'check' ? 'health check' : 'call';
      const found = entry.found === 'failed' ? `failed: ${entry.category ?? ''}` : 'was answered';
      return `attempt: a ${probe} ${found}, after ${timeText(entry.tookMs)}`;
    }
    case 'back':
      return paint('green', 'service is back: a call succeeded');
    case 'circuit.changed':
    case 'health.changed': {
      const { subject, colour, what, details } = tell({ ...entry, ...NO_STAMP, backend });
      const isTrip = entry.type === 'circuit.changed' && entry.to === 'open' && !entry.rate;
      const row = isTrip ? [`failures in a row: ${entry.consecutiveFailures}`] : [];
      const said = [...details.slice(0, 1), ...row, ...details.slice(1)].join(' · ');
      return `${subject} ${paint(colour, what)}  ${paint('dim', said)}`;
    }
  }
}

const NO_STAMP = { sequence: 0, at: 0, time: '' };

const SIGNS = {
  call: 'a call failed',
  check: 'a health check failed',
  health: 'health is worse',
  circuit: 'the circuit opens',
} as const;

function summaryTable(simulation: Simulation, labels: readonly string[]): string {
  const isCompared = simulation.runs.length > 1;
  const table = new Table({
    ...(isCompared && { head: ['', ...labels] }),
    style: { head: [], border: [], compact: true },
  });
  for (const { what, values } of summaryOf(simulation)) table.push([what, ...values]);
  return table.toString();
}

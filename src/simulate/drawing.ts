import { legend, stripes, styleSheet } from './drawing-style.js';
import {
  attemptsLane,
  axis,
  backendLane,
  CALLS_HEIGHT,
  callsIn,
  callsLane,
  LANE_HEIGHT,
  laneOf,
  xOf,
} from './lanes.js';
import type { Plot } from './lanes.js';
import type { Scenario } from './scenario.js';
import type { OutageFigures, Run, Simulation } from './simulation.js';
import { element, escaped, text } from './svg.js';
import { summaryOf } from './summary.js';
import { BREAKER_TEXT, phaseText, scenarioText, timeText, trafficText } from './words.js';

const WIDTH = 1160;
const MARGIN = 28;
const LABELS = 84;
const HEAD_HEIGHT = 96;
const TILE_HEIGHT = 54;
const LANE_STEP = LANE_HEIGHT + 8;
/** One configuration: title, tiles, lanes, axis, and room below. */
const PANEL_HEIGHT = 30 + TILE_HEIGHT + 22 + 3 * LANE_STEP + 26 + CALLS_HEIGHT + 48;
const FOOT_HEIGHT = 34;

/**
 * A simulation as a picture: self-contained SVG without script, for light and for dark ground. One panel for each
 * configuration, all on one scale.
 */
export function drawSimulation(simulation: Simulation): string {
  const { scenario, runs } = simulation;
  const height = HEAD_HEIGHT + runs.length * PANEL_HEIGHT + FOOT_HEIGHT;
  const left = MARGIN + LABELS;
  const plot: Plot = { left, width: WIDTH - left - MARGIN, durationMs: scenario.durationMs };
  const most = Math.max(1, ...runs.flatMap(({ buckets }) => buckets.map(callsIn)));
  const panels = runs.map((run, index) =>
    panel(simulation, run, plot, HEAD_HEIGHT + index * PANEL_HEIGHT, most),
  );
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      role: 'img',
      'aria-labelledby': 'title desc',
    },
    element('title', { id: 'title' }, escaped(`Simulated outage ${scenarioText(scenario)}`)),
    element('desc', { id: 'desc' }, description(simulation)),
    styleSheet(),
    stripes(),
    element('rect', { width: WIDTH, height, class: 'ground' }),
    text(MARGIN, 46, scenario.name, { class: 'h1 ink' }),
    text(MARGIN, 70, [scenario.description, trafficText(scenario)].filter(Boolean).join(' · '), {
      class: 'dim',
    }),
    ...panels,
    legend(MARGIN, height - 20),
  ).concat('\n');
}

/** The figures, for who hears the picture. */
function description(simulation: Simulation): string {
  const { scenario, runs } = simulation;
  const phases = scenario.phases
    .slice(0, 20)
    .map((phase) => `${phaseText(phase)} from ${timeText(phase.fromMs)} to ${timeText(phase.toMs)}`);
  const rows = summaryOf(simulation);
  const told = runs.map(({ config, backend, breaker }, index) => {
    const figures = rows.map(({ what, values }) => `${what}: ${values[index] ?? ''}`);
    const remark = BREAKER_TEXT[breaker];
    return `${config}, ${backend}: ${[...(remark === '' ? [] : [remark]), ...figures].join('; ')}.`;
  });
  return [`The backend is ${phases.join(', ')}.`, ...told.flatMap((sentence) => pieces(sentence))]
    .map(escaped)
    .join(' ');
}

/** What is longer than one escaped text may be. */
function pieces(sentence: string): string[] {
  return sentence.match(/.{1,100}(?:\s|$)/gs)?.map((piece) => piece.trim()) ?? [];
}

function panel({ scenario }: Simulation, run: Run, plot: Plot, top: number, most: number): string {
  const tilesTop = top + 30;
  const lanesTop = tilesTop + TILE_HEIGHT + 22;
  const attemptsAt = lanesTop + 3 * LANE_STEP + 4;
  const callsTop = attemptsAt + 20;
  const bottom = callsTop + CALLS_HEIGHT;
  const remark = BREAKER_TEXT[run.breaker];
  const noBreaker = [{ state: 'none: the circuit breaker is disabled', fromMs: 0, toMs: plot.durationMs }];
  return element(
    'g',
    {},
    text(MARGIN, top + 14, `${run.config}, ${run.backend}${remark === '' ? '' : ` · ${remark}`}`, {
      class: 'h2 ink',
    }),
    tiles(run, tilesTop),
    axis(plot, lanesTop - 6, bottom),
    // Behind the names of states, and in front of calls.
    ...edges(scenario, plot, lanesTop, bottom),
    backendLane(plot, lanesTop, scenario),
    laneOf(plot, lanesTop + LANE_STEP, 'health', run.health),
    laneOf(plot, lanesTop + 2 * LANE_STEP, 'circuit', run.breaker === 'disabled' ? noBreaker : run.circuit),
    attemptsLane(plot, attemptsAt, run),
    callsLane(plot, callsTop, run.buckets, most),
    ...edges(scenario, plot, callsTop, bottom),
  );
}

/** When the backend really changes. */
function edges({ phases }: Scenario, plot: Plot, top: number, bottom: number): string[] {
  const times = new Set(phases.flatMap(({ fromMs, toMs }) => [fromMs, toMs]));
  return [...times].map((ms) => {
    const d = `M${xOf(plot, ms).toFixed(1)} ${top - 6}V${bottom}`;
    return element('path', { d, class: 'ink-line', 'stroke-dasharray': '3 3', fill: 'none' });
  });
}

/** What people ask first. Of several phases, the worst that was. */
function tiles({ figures, outages, breaker }: Run, top: number): string {
  const opened = breaker === 'disabled' ? 'no breaker' : worst(outages, 'openedAfterMs', 'it did not');
  const several = outages.length > 1;
  const facts: readonly (readonly [label: string, value: string])[] = [
    [several ? 'noticed, at worst' : 'noticed after', worst(outages, 'noticedAfterMs', 'never')],
    [several ? 'opened, at worst' : 'circuit opened after', opened],
    [several ? 'back, at worst' : 'back, after recovery', worst(outages, 'backAfterMs', 'not back')],
    ['succeeded', String(figures.succeeded)],
    ['failed', String(figures.failed)],
    ['refused', String(figures.refused)],
    ['waited in vain, in all', timeText(figures.waitedInVainMs)],
  ];
  const step = (WIDTH - 2 * MARGIN + 10) / facts.length;
  return facts
    .map(([label, value], index) => {
      const x = MARGIN + index * step;
      return [
        element('rect', { x, y: top, width: step - 10, height: TILE_HEIGHT, rx: 8, class: 'tile' }),
        text(x + 12, top + 21, label, { class: 'dim' }),
        text(x + 12, top + 43, value, { class: 'value ink' }),
      ].join('');
    })
    .join('');
}

function worst(
  outages: readonly OutageFigures[],
  key: 'noticedAfterMs' | 'openedAfterMs' | 'backAfterMs',
  otherwise: string,
): string {
  const times = outages.flatMap(({ [key]: ms }) => (ms === undefined ? [] : [ms]));
  return times.length === 0 ? otherwise : timeText(Math.max(...times));
}

import type { Paint } from './drawing-style.js';
import type { Scenario } from './scenario.js';
import type { Bucket, Run, Stay } from './simulation.js';
import { bar, element, text } from './svg.js';
import { phaseText, timeText } from './words.js';

/** Where time is drawn, and on which lines. */
export interface Plot {
  readonly left: number;
  readonly width: number;
  readonly durationMs: number;
}

export const LANE_HEIGHT = 26;
export const CALLS_HEIGHT = 110;
/** A state that is shorter than this, in pixels, is drawn as wide: half-open often is. */
const MIN_WIDTH = 3;
/** Attempts that are drawn. */
const MAX_MARKS = 500;
/** Pixels of one character of a label. */
const CHARACTER = 6.6;

const PAINT: ReadonlyMap<string, Paint> = new Map([
  ['closed', 'good'],
  ['healthy', 'good'],
  ['up', 'good'],
  ['open', 'bad'],
  ['unhealthy', 'bad'],
  ['unauthenticated', 'bad'],
  ['down', 'bad'],
  ['hanging', 'bad'],
  ['half-open', 'trying'],
  ['degraded', 'weak'],
  ['slow', 'weak'],
]);

export function xOf({ left, width, durationMs }: Plot, ms: number): number {
  return left + (width * ms) / durationMs;
}

/** What stands left of a lane. */
function laneLabel(plot: Plot, y: number, label: string): string {
  return text(plot.left - 12, y, label, { class: 'ink end' });
}

/** What the backend really does. */
export function backendLane(plot: Plot, y: number, { phases, durationMs }: Scenario): string {
  const parts: (Stay & { readonly striped?: boolean })[] = [];
  let at = 0;
  for (const phase of phases) {
    if (phase.fromMs > at) parts.push({ state: 'up', fromMs: at, toMs: phase.fromMs });
    const striped = phase.is === 'flapping' || phase.is === 'failing';
    parts.push({ state: phaseText(phase), fromMs: phase.fromMs, toMs: phase.toMs, striped });
    at = phase.toMs;
  }
  if (at < durationMs) parts.push({ state: 'up', fromMs: at, toMs: durationMs });
  return laneOf(plot, y, 'backend', parts);
}

/** A lane of states; the shortest are drawn last, so that nothing covers them. */
export function laneOf(
  plot: Plot,
  y: number,
  label: string,
  stays: readonly (Stay & { readonly striped?: boolean })[],
): string {
  const drawn = stays.map((stay) => {
    const x = xOf(plot, stay.fromMs);
    const width = Math.max(xOf(plot, stay.toMs) - x, MIN_WIDTH);
    const [word = ''] = stay.state.split(' ', 1);
    const title = `${label}: ${stay.state} from ${timeText(stay.fromMs)} to ${timeText(stay.toMs)}`;
    const box = { x, y, width, height: LANE_HEIGHT, rx: 2 };
    const shape = stay.striped
      ? element('rect', { ...box, fill: 'url(#stripes)' }, element('title', {}, title))
      : bar(box, PAINT.get(word) ?? 'blank', title);
    const fitting = [stay.state, word].find((name) => name.length * CHARACTER + 10 < width);
    const name = fitting ? text(x + width / 2, y + 17, fitting, { class: 'on mid' }) : '';
    return { width, markup: shape + name };
  });
  return [
    laneLabel(plot, y + 17, label),
    ...drawn.sort((a, b) => b.width - a.width).map(({ markup }) => markup),
  ].join('');
}

/** What each attempt in half-open found: a dot where it was answered, a cross where it failed. */
export function attemptsLane(plot: Plot, y: number, { timeline }: Run): string {
  const marks = timeline.flatMap((entry) => {
    if (entry.type !== 'attempt') return [];
    const x = xOf(plot, entry.atMs);
    const what = entry.by === 'check' ? 'health check' : 'call';
    const title = element('title', {}, `${timeText(entry.atMs)}: the ${what} ${entry.found}`);
    const cross = `M${(x - 4).toFixed(1)} ${y - 4}l8 8m0 -8l-8 8`;
    return [
      entry.found === 'succeeded'
        ? element('circle', { cx: x, cy: y, r: 5, class: 'good' }, title)
        : element('path', { d: cross, class: 'bad-line', 'stroke-width': 2.5, fill: 'none' }, title),
    ];
  });
  return [laneLabel(plot, y + 4, 'attempts'), ...marks.slice(0, MAX_MARKS)].join('');
}

/** From the bottom to the top of a bar. */
const STACK = [
  ['succeeded', 'good'],
  ['failed', 'bad'],
  ['refused', 'refused'],
  ['released', 'blank'],
] as const;

export function callsIn(bucket: Bucket): number {
  return STACK.reduce((sum, [end]) => sum + bucket[end], 0);
}

/** Calls by the time at which they were asked for. `most` is the full height. */
export function callsLane(plot: Plot, y: number, buckets: readonly Bucket[], most: number): string {
  const bottom = y + CALLS_HEIGHT;
  const [first] = buckets;
  const bars = buckets.flatMap((bucket) => {
    const x = xOf(plot, bucket.fromMs);
    const width = Math.max(xOf(plot, bucket.toMs) - x - 1, 1);
    let top = bottom;
    return STACK.flatMap(([end, paint]) => {
      if (bucket[end] === 0) return [];
      const height = (CALLS_HEIGHT * bucket[end]) / most;
      top -= height;
      const title = `${bucket[end]} calls ${end}, asked for from ${timeText(bucket.fromMs)} to ${timeText(bucket.toMs)}`;
      return [bar({ x: x + 0.5, y: top, width, height }, paint, title)];
    });
  });
  const width = first ? timeText(first.toMs - first.fromMs) : '';
  return [
    laneLabel(plot, y + 10, 'calls'),
    text(plot.left - 12, y + 27, `per ${width}`, { class: 'dim end' }),
    text(plot.left - 12, bottom, '0', { class: 'dim end' }),
    text(plot.left - 12, y + 44, `up to ${most}`, { class: 'dim end' }),
    element('path', { d: `M${plot.left} ${bottom}h${plot.width}`, class: 'grid-line' }),
    ...bars,
  ].join('');
}

const STEPS = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000];
const LONG_STEPS = [1_800_000, 3_600_000, 7_200_000, 14_400_000];
const MAX_TICKS = 12;

/** Times under the lanes, and fine lines through them. */
export function axis(plot: Plot, top: number, bottom: number): string {
  const step =
    [...STEPS, ...LONG_STEPS].find((each) => plot.durationMs / each <= MAX_TICKS) ?? plot.durationMs;
  const ticks: string[] = [];
  for (let ms = 0; ms <= plot.durationMs; ms += step) {
    const x = xOf(plot, ms);
    ticks.push(
      element('path', { d: `M${x.toFixed(1)} ${top}V${bottom + 5}`, class: 'grid-line' }),
      text(x, bottom + 20, tickText(ms), { class: 'dim mid' }),
    );
  }
  return ticks.join('');
}

/** `1m`, where a duration is written `1m0s`. */
function tickText(ms: number): string {
  return timeText(ms)
    .replace(/(?<=m)0s$/, '')
    .replace(/(?<=h)0m$/, '');
}

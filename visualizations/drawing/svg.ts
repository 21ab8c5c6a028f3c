import { PADDING } from './picture.js';
import type { Box, Picture, PlacedEdge, PlacedState, Point } from './picture.js';
import { STYLE } from './style.js';
import { blockOf, FONTS, words, wrap } from './text.js';
import type { Block, Line } from './text.js';

const LEGEND =
  'An arrow says event [guard] / actions. Guards of one event are tried in the order of the code; [else] is what is ' +
  'left. What any state does holds unless a state within does otherwise. Times are the defaults.';

/** A picture as SVG: by itself, or in a page, where `.state` groups can be marked `active` by their `data-state`. */
export function svgOf({ width, height, state, edges }: Picture, name: string): string {
  // A page may hold several: each has its own.
  const arrowhead = `${name.replaceAll('.', '-')}-arrowhead`;
  const { margin } = PADDING;
  const legend = blockOf(wrap(words(LEGEND, 'note'), 'prose', width - 2 * margin));
  const whole = height + legend.height + margin / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="statechart" role="graphics-document" viewBox="0 0 ${width} ${whole}" width="${width}" height="${whole}">`,
    `<title>${escaped(name)}: statechart</title>`,
    `<style>\n${STYLE}</style>`,
    `<defs><marker id="${arrowhead}" viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path class="arrowhead" d="M0 1 9 5 0 9z"/></marker></defs>`,
    `<rect class="paper" width="${width}" height="${whole}" rx="12"/>`,
    ...stateLines(state, 0),
    ...edges.map((edge) => `<path class="edge" d="${pathOf(edge.points)}" marker-end="url(#${arrowhead})"/>`),
    ...edges.flatMap(labelLines),
    ...textLines(legend, margin, height - margin / 2),
    '</svg>',
    '',
  ].join('\n');
}

function stateLines(placed: PlacedState, depth: number): readonly string[] {
  const { state, box, header, content, children, dot, pill } = placed;
  const { id, type, description, name } = state;
  const left = header.x + PADDING.x;
  const top = header.y + PADDING.y;
  const belowTitle = top + content.title.height + 2;
  const belowProse = belowTitle + content.description.height;
  const fixed = content.inside.height > 0;
  return [
    `<g class="state ${type} depth-${depth}" data-state="${escaped(id)}">`,
    `<title>${escaped(description === undefined ? name : `${name}: ${description}`)}</title>`,
    rect(box, 'box', type === 'final' ? 18 : 10),
    ...(type === 'final' ? [rect(grown(box, -4), 'inner', 14)] : []),
    ...textLines(content.title, left, top),
    ...textLines(content.description, left, belowTitle),
    ...(fixed
      ? [
          `<path class="rule" d="M${n(header.x)} ${n(belowProse + 5)}H${n(header.x + header.width)}"/>`,
          ...textLines(content.inside, left, belowProse + 10),
        ]
      : []),
    ...(dot ? [`<circle class="dot" cx="${n(dot.x + 6)}" cy="${n(dot.y + 6)}" r="6"/>`] : []),
    ...(pill
      ? [rect(pill.box, 'any', pill.box.height / 2), ...textLines(pill.text, pill.box.x + 12, pill.box.y + 5)]
      : []),
    ...children.flatMap((child) => stateLines(child, depth + 1)),
    '</g>',
  ];
}

function labelLines({ label, transitions }: PlacedEdge): readonly string[] {
  if (!label) return [];
  const { box, text } = label;
  return [
    `<g class="label">`,
    `<title>${escaped(titleOf(transitions))}</title>`,
    rect(box, 'plate', 5),
    ...textLines(text, box.x + PADDING.label + 1, box.y + PADDING.label),
    '</g>',
  ];
}

function titleOf(transitions: PlacedEdge['transitions']): string {
  return transitions
    .map(({ source, cause, target }) => `${source} → ${target ?? source} on ${cause}`)
    .join('\n');
}

function textLines({ lines }: Block, x: number, y: number): readonly string[] {
  let top = y;
  return lines.map((line) => {
    const { size, lineHeight } = FONTS[line.font];
    const baseline = top + lineHeight / 2 + size * 0.35;
    top += lineHeight;
    return `<text class="${line.font}" x="${n(x + line.indent)}" y="${n(baseline)}">${spansOf(line)}</text>`;
  });
}

/** Neighbours of one kind are one element, but each transition has its own. */
function spansOf({ spans, font }: Line): string {
  const runs: { kind: string; transition: string | undefined; text: string }[] = [];
  for (const { kind, transition, text } of spans) {
    const last = runs.at(-1);
    if (last?.kind === kind && transition === undefined && last.transition === undefined)
      last.text += ` ${text}`;
    else runs.push({ kind, transition, text });
  }
  if (runs.length === 1 && runs[0]?.kind === font) return escaped(runs[0].text);
  return runs
    .map(({ kind, transition, text }, index) => {
      const attribute = transition === undefined ? '' : ` data-transition="${escaped(transition)}"`;
      return `${index > 0 ? ' ' : ''}<tspan class="${kind}"${attribute}>${escaped(text)}</tspan>`;
    })
    .join('');
}

/** Corners are rounded by as much as the shorter of their sides allows. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const parts = [`M${n(first.x)} ${n(first.y)}`];
  for (const [index, point] of rest.entries()) {
    const before = points[index] ?? point;
    const next = rest[index + 1];
    if (!next) {
      parts.push(`L${n(point.x)} ${n(point.y)}`);
      continue;
    }
    const radius = Math.min(8, distance(before, point) / 2, distance(point, next) / 2);
    const from = towards(point, before, radius);
    const to = towards(point, next, radius);
    parts.push(`L${n(from.x)} ${n(from.y)}Q${n(point.x)} ${n(point.y)} ${n(to.x)} ${n(to.y)}`);
  }
  return parts.join('');
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return {
    x: from.x + ((to.x - from.x) * length) / whole,
    y: from.y + ((to.y - from.y) * length) / whole,
  };
}

function rect({ x, y, width, height }: Box, name: string, radius: number): string {
  return `<rect class="${name}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${n(radius)}"/>`;
}

function grown({ x, y, width, height }: Box, by: number): Box {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

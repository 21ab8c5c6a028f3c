import { element, text } from './svg.js';

/** Colours by what they mean, on light and on dark ground; `on` is text on a coloured bar. */
const LIGHT = {
  ground: '#ffffff',
  tile: '#f4f6f9',
  ink: '#1a2233',
  dim: '#5c677d',
  grid: '#e3e7ee',
  on: '#ffffff',
  good: '#1b7f57',
  bad: '#c2374e',
  refused: '#e3ac52',
  trying: '#2f6fb0',
  weak: '#8a6d0b',
  blank: '#8791a3',
};
const DARK: typeof LIGHT = {
  ground: '#0f141d',
  tile: '#18202d',
  ink: '#e8ecf3',
  dim: '#9aa6ba',
  grid: '#283244',
  on: '#0b1018',
  good: '#43c28c',
  bad: '#f2708a',
  refused: '#f3bd5f',
  trying: '#74b4ee',
  weak: '#d9bd4e',
  blank: '#77839a',
};

export type Paint = keyof typeof LIGHT;

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif";

/** The whole style sheet: no script, no font and no picture from elsewhere. */
export function styleSheet(): string {
  const rules = (colours: typeof LIGHT) =>
    Object.entries(colours)
      .map(([name, colour]) => `.${name}{fill:${colour}}.${name}-line{stroke:${colour}}`)
      .join('');
  return element(
    'style',
    {},
    `text{${FONT};font-size:12px}.h1{font-size:22px;font-weight:650}.h2{font-size:15px;font-weight:600}`,
    '.value{font-size:18px;font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}',
    rules(LIGHT),
    `@media(prefers-color-scheme:dark){${rules(DARK)}}`,
  );
}

/** Stripes for what is now down and now up, or fails now and then. */
export function stripes(): string {
  const size = { width: 8, height: 8 };
  return element(
    'defs',
    {},
    element(
      'pattern',
      { id: 'stripes', ...size, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      element('rect', { ...size, class: 'bad' }),
      element('rect', { width: 3, height: 8, class: 'ground', 'fill-opacity': 0.22 }),
    ),
  );
}

const LEGEND: readonly (readonly [Paint, string])[] = [
  ['good', 'up, healthy, closed; succeeded'],
  ['bad', 'down, unhealthy, open; failed'],
  ['refused', 'refused'],
  ['trying', 'half-open'],
  ['weak', 'slow, degraded'],
  ['blank', 'unknown; still out at the end'],
];

/** What the colours mean, in one line. */
export function legend(x: number, y: number): string {
  let at = x;
  const parts = LEGEND.flatMap(([paint, what]) => {
    const here = at;
    at += 34 + what.length * 6.4;
    return [
      element('rect', { x: here, y: y - 10, width: 12, height: 12, rx: 3, class: paint }),
      text(here + 17, y, what, { class: 'dim' }),
    ];
  });
  return parts.join('');
}

import { FONTS } from './text.js';

interface Palette {
  readonly paper: string;
  readonly region: string;
  readonly compound: string;
  readonly box: string;
  readonly border: string;
  readonly ink: string;
  readonly prose: string;
  readonly muted: string;
  readonly edge: string;
  readonly guard: string;
  readonly plate: string;
  readonly accent: string;
  readonly glow: string;
}

const LIGHT: Palette = {
  paper: '#ffffff',
  region: '#f6f8fb',
  compound: '#edf1f7',
  box: '#ffffff',
  border: '#b9c3d2',
  ink: '#17202e',
  prose: '#4d5a6e',
  muted: '#5d6a80',
  edge: '#66748c',
  guard: '#9a4a06',
  plate: '#fffdf6',
  accent: '#0a7d4f',
  glow: '#dcf5e8',
};

const DARK: Palette = {
  paper: '#0f141b',
  region: '#151c26',
  compound: '#1b2431',
  box: '#222d3c',
  border: '#43526a',
  ink: '#e8edf5',
  prose: '#b3bfd1',
  muted: '#93a1b7',
  edge: '#8fa0b9',
  guard: '#f0b26b',
  plate: '#11171f',
  accent: '#3ddc97',
  glow: '#123b2b',
};

const SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

/** Every colour is written out, not a variable: not every viewer of SVG knows those. */
function colours(palette: Palette): string {
  const { paper, region, compound, box, border, ink, prose, muted, edge, guard, plate, accent, glow } =
    palette;
  return [
    `.paper{fill:${paper}}`,
    `.box{fill:${box};stroke:${border}}`,
    `.compound>.box{fill:${compound}}`,
    `.depth-0.parallel>.box{fill:${paper}}`,
    `.depth-0.compound>.box,.parallel>.compound>.box{fill:${region}}`,
    `.inner,.rule{stroke:${border}}`,
    `.title,.heading,.cause{fill:${ink}}`,
    `.prose,.action{fill:${prose}}`,
    `.note{fill:${muted}}`,
    `.guard{fill:${guard}}`,
    `.edge,.any{stroke:${edge}}`,
    `.dot,.arrowhead{fill:${edge}}`,
    `.plate{fill:${plate};stroke:${border}}`,
    `.active>.box{stroke:${accent}}`,
    `.depth-0.active>.box,.parallel>.active>.box{stroke:${border}}`,
    `.atomic.active>.box,.final.active>.box{fill:${glow}}`,
  ]
    .map((rule) => rule.replace(/(^|,)\./g, '$1.statechart .'))
    .join('\n');
}

const fonts = Object.entries(FONTS)
  .map(
    ([name, { size, mono, bold }]) =>
      `.statechart text.${name}{font-family:${mono ? MONO : SANS};font-size:${size}px;font-weight:${bold ? 600 : 400}}`,
  )
  .join('\n');

export const STYLE = `${fonts}
.statechart .box{stroke-width:1.2}
.statechart .inner,.statechart .rule,.statechart .edge,.statechart .any{fill:none}
.statechart .any{stroke-dasharray:3 3}
.statechart .edge{stroke-width:1.4}
.statechart .plate{stroke-width:.8}
.statechart .note{font-style:italic}
.statechart .cause{font-weight:600}
.statechart .active>.box{stroke-width:2.6}
.statechart .depth-0.active>.box,.statechart .parallel>.active>.box{stroke-width:1.2}
${colours(LIGHT)}
@media (prefers-color-scheme:dark){
${colours(DARK)}
}
`;
